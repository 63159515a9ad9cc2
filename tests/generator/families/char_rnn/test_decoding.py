from __future__ import annotations

import numpy as np
import pytest

from generator.families.char_rnn.char_rnn import CharRnn
from generator.families.char_rnn.decoding import GivenStep, StepRules, given_steps, write_keys
from generator.families.char_rnn.texts import NEWLINE, REPEAT, SPACE
from generator.families.fill_run import FillClock
from generator.music.formats.piano_text.key_text import LOWEST_KEY
from generator.music.grid.chorale import REST, VOICE_RANGES, repaired_onsets
from generator.music.grid.conditions import given_voices
from tests.generator.families.material import a_chorale, masks

SOPRANO, ALTO, TENOR, BASS = ((low - LOWEST_KEY, high - LOWEST_KEY) for low, high in VOICE_RANGES)
MIDDLE_C = 60 - LOWEST_KEY
ALL = (BASS, TENOR, ALTO, SOPRANO)


def rules(keys=(), struck=(), free=(), before=()) -> StepRules:
    return StepRules(GivenStep(tuple(keys), frozenset(struck), tuple(free)), frozenset(before))


def written(steps, seed=1, temperature=1.0):
    return write_keys(
        CharRnn.debug().cell,
        steps,
        {0: [NEWLINE]},
        rng=np.random.default_rng(seed),
        temperature=temperature,
        run=FillClock("char_rnn").run,
    )


def test_where_all_is_given_there_is_no_choice():
    step = rules(keys=[10, 20], struck=[10, 20])
    assert step.allowed() == [10]
    step.take(10)
    assert step.allowed() == [20]
    step.take(20)
    assert step.allowed() == [SPACE]


def test_a_given_key_that_is_struck_again_is_marked_first():
    step = rules(keys=[10, 20], struck=[10], before=[10, 20])
    assert step.allowed() == [REPEAT]
    step.take(REPEAT)
    assert step.allowed() == [10]
    step.take(10)
    assert step.allowed() == [20]  # it is held


def test_keys_ascend_and_no_given_key_is_passed():
    step = rules(keys=[MIDDLE_C], struck=[MIDDLE_C], free=[TENOR, ALTO])
    step.take(MIDDLE_C - 3)
    assert step.allowed() == [MIDDLE_C - 2, MIDDLE_C - 1, MIDDLE_C]


def test_there_are_no_more_keys_than_voices():
    step = rules(free=[TENOR])
    step.take(MIDDLE_C)
    assert step.allowed() == [SPACE]


def test_a_step_ends_only_when_every_voice_has_a_key_in_its_range():
    step = rules(free=ALL)
    assert step.allowed() == list(range(BASS[0], BASS[1] + 1))
    step.take(BASS[0])
    assert step.allowed() == list(range(BASS[0] + 1, TENOR[1] + 1))[TENOR[0] - BASS[0] - 1 :]
    step.take(MIDDLE_C)
    assert step.allowed() == [*range(MIDDLE_C + 1, SOPRANO[1] + 1), SPACE]


def test_only_keys_of_the_step_before_can_be_marked():
    step = rules(free=[ALTO], before=[MIDDLE_C, MIDDLE_C + 2, BASS[0]])
    assert REPEAT in step.allowed()
    step.take(REPEAT)
    assert step.allowed() == [MIDDLE_C, MIDDLE_C + 2]
    assert REPEAT not in rules(free=[ALTO], before=[BASS[0]]).allowed()


@pytest.mark.parametrize("seed", range(20))
def test_whatever_is_drawn_there_is_a_way_to_the_end_of_the_step(seed):
    rng = np.random.default_rng(seed)
    before: frozenset[int] = frozenset()
    for _ in range(60):
        keys = sorted(set(rng.integers(0, 88, rng.integers(0, 4)).tolist()))
        struck = {key for key in keys if key not in before or rng.random() < 0.5}
        free = [voice for voice in ALL if rng.random() < 0.6]
        step, sung = rules(keys, struck, free, before), []
        while (codes := step.allowed()) != [SPACE]:
            assert codes
            code = int(rng.choice(codes))
            if code == SPACE:
                break
            sung += [code] if code != REPEAT else []
            step.take(code)
        assert sung == sorted(set(sung))
        assert set(keys) <= set(sung)
        assert all(any(low <= key <= high for key in sung) for low, high in free)
        assert len(set(sung) - set(keys)) <= len(free)
        before = frozenset(sung)


@pytest.mark.parametrize("name", masks())
def test_given_keys_are_written_as_they_are_struck(name):
    chorale, given = a_chorale(), masks()[name]
    steps = given_steps(chorale, given)
    sounding, struck = written(steps)
    for voice, step in np.argwhere(given & (chorale.pitch != REST)):
        assert sounding[step, chorale.pitch[voice, step]]
    for voice, step in np.argwhere(given & chorale.onset):
        assert struck[step, chorale.pitch[voice, step]]


def test_what_is_given_later_is_not_looked_at():
    chorale, given = a_chorale(), given_voices("ATB", 32)
    pitch = chorale.pitch.copy()
    pitch[0, 20:] = 81
    other = chorale.with_voices(pitch, repaired_onsets(pitch, chorale.onset))
    first, second = written(given_steps(chorale, given)), written(given_steps(other, given))
    assert np.array_equal(first[0][:20], second[0][:20])
    assert not np.array_equal(first[0], second[0])


def test_at_a_low_temperature_seeds_hardly_matter():
    steps = given_steps(a_chorale(), given_voices("SATB", 32))
    cold = [written(steps, seed, 0.01)[0] for seed in (1, 2)]
    warm = [written(steps, seed, 1.0)[0] for seed in (1, 2)]
    assert (cold[0] != cold[1]).sum() < (warm[0] != warm[1]).sum() / 4


def test_a_voice_is_written_between_its_given_neighbours():
    chorale = a_chorale()
    held = chorale.with_voices(*steady([72, 67, 60, 48]))
    for condition, low, high in (("S", 67, 81), ("T", 48, 67), ("AT", 48, 72)):
        step = given_steps(held, given_voices(condition, held.steps))[0]
        lowest, highest = (LOWEST_KEY + each for each in (step.free[0][0], step.free[-1][1]))
        assert (lowest, highest) == (low, high)


def test_where_given_voices_cross_a_voice_has_its_whole_range():
    crossed = a_chorale().with_voices(*steady([60, 64, 67, 70]))
    [alto] = given_steps(crossed, given_voices("A", crossed.steps))[0].free
    assert alto == ALTO


def steady(pitches):
    pitch = np.repeat(np.array(pitches)[:, None], a_chorale().steps, axis=1)
    return pitch, repaired_onsets(pitch, np.zeros_like(pitch))
