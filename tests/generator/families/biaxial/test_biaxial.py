"""How fills are decoded: what is clamped, what is open, and who sings what was drawn."""

from __future__ import annotations

import numpy as np
import pytest

from generator.families.biaxial.biaxial import Biaxial
from generator.families.biaxial.piano_roll import BEGINS, PLAYS
from generator.families.fill_run import FillClock
from generator.music.grid.chorale import REST, VOICE_RANGES, Chorale
from generator.music.grid.conditions import given_for, given_voices
from generator.music.grid.empty_chorale import empty_chorale
from generator.music.grid.voice_assignment import free_ranges
from generator.registry import CHECKPOINTS
from tests.generator.families.material import STEPS, a_chorale, melody

NEVER, ALWAYS = -40.0, 40.0


def biased(playing: float, beginning: float = -1.0) -> Biaxial:
    """The miniature, its outputs moved."""
    tensors = {name: value.copy() for name, value in Biaxial.debug().to_tensors().items()}
    tensors["output.bias"] = np.array([playing, beginning], np.float16)
    return Biaxial.from_tensors(Biaxial.debug().config, tensors)


def attentive() -> Biaxial:
    """The miniature with larger weights: what a key sees counts for more."""
    tensors = {name: 3 * value for name, value in Biaxial.debug().to_tensors().items()}
    tensors["output.bias"] = np.array([-2.0, -1.0], np.float16)
    return Biaxial.from_tensors(Biaxial.debug().config, tensors)


def nothing_given(steps: int = STEPS) -> tuple[Chorale, np.ndarray]:
    return a_chorale(steps), np.zeros((4, steps), dtype=bool)


def test_a_family_that_draws_nothing_still_sings():
    """Each step then has its likeliest key, which some voices can sing."""
    piece = biased(NEVER).fill(*nothing_given(), seed=1, settings={"adaptation": 0.0})
    assert (piece.pitch != REST).any(axis=0).all()


def test_voices_without_a_key_of_their_own_double_another():
    chorale, given = melody([57, 60, 62, 64] * 4), given_voices("AT", 16)
    piece = biased(NEVER).fill(chorale, given, seed=1, settings={"adaptation": 0.0})
    assert (piece.pitch[1] == chorale.pitch[0]).all()
    assert (piece.pitch[2] == chorale.pitch[0]).all()
    assert (piece.pitch[3] == REST).all()


def test_keys_beyond_the_ranges_of_the_open_voices_are_closed():
    chorale = a_chorale()
    task = Biaxial.debug()._task(chorale, given_voices("B", STEPS))
    low, high = free_ranges(chorale.pitch, given_voices("B", STEPS))
    assert high[3].min() < VOICE_RANGES[3][1]  # not above the tenor
    for step in (0, 15):
        keys = range(max(low[3, step], 36) - 36, high[3, step] - 36 + 1)
        assert np.flatnonzero(task.open[step]).tolist() == list(keys)
    assert not Biaxial.debug()._task(chorale, np.ones((4, STEPS), bool)).open.any()


def test_a_voice_opens_its_keys_only_where_it_is_open():
    given = np.ones((4, STEPS), dtype=bool)
    given[0, 9:12] = False
    task = Biaxial.debug()._task(a_chorale(), given)
    assert np.flatnonzero(task.open.any(axis=1)).tolist() == [9, 10, 11]


def test_more_keys_than_voices_leave_some_unsung():
    """His polyphony is free; a choir of four sings four of the keys."""
    chorale, given = nothing_given(8)
    piece = Biaxial.debug()._with_voices(chorale, given, chord(8, 45, 52, 55, 60, 64, 69, 74))
    assert (piece.pitch[[0, 3]] == [[74], [45]]).all()
    assert (np.diff(piece.pitch, axis=0) < 0).all()


def test_fewer_keys_than_voices_are_sung_in_unison():
    chorale, given = nothing_given(8)
    piece = Biaxial.debug()._with_voices(chorale, given, chord(8, 48, 62))
    assert set(piece.pitch.ravel().tolist()) == {48, 62}


def chord(steps: int, *pitches: int) -> np.ndarray:
    """A roll of one chord."""
    roll = np.zeros((steps, 46, 2), dtype=bool)
    roll[:, np.array(pitches) - 36, PLAYS] = True
    return roll


def test_what_is_given_later_changes_nothing_before_it():
    """It reads from left to right, so the future is not seen."""
    chorale = melody([67, 69, 71, 72] * 8)
    changed = chorale.pitch.copy()
    changed[0, 20:] -= 7
    other = chorale.with_voices(changed, chorale.onset)
    given = given_voices("ATB", STEPS)
    one, two = (Biaxial.debug()._task(each, given) for each in (chorale, other))
    assert (one.fixed[:20] == two.fixed[:20]).all()
    assert (one.fixed[20:] != two.fixed[20:]).any()
    rolls = [drawn(Biaxial.debug(), each, given) for each in (chorale, other)]
    assert (rolls[0][:20] == rolls[1][:20]).all()
    assert (rolls[0][20:] != rolls[1][20:]).any()


def test_what_is_given_counts_for_what_is_written():
    given = given_voices("ATB", STEPS)
    rolls = [drawn(attentive(), melody(notes), given) for notes in ([62] * STEPS, [79] * STEPS)]
    both = [62 - 36, 79 - 36]
    rest = [np.delete(roll, both, axis=1) for roll in rolls]
    assert (rest[0] != rest[1]).any()


def drawn(family: Biaxial, chorale: Chorale, given: np.ndarray, **settings: float) -> np.ndarray:
    """The roll, before voices are found."""

    values = {"temperature": 1.0, "adaptation": 0.0, **settings}
    run = FillClock(family.name).run
    return family.drawn(chorale, given, seed=1, settings=values, run=run)[0]


def test_thin_steps_make_keys_likelier():
    thin = biased(-9.0)
    rolls = [drawn(thin, *nothing_given(64), adaptation=each) for each in (0.0, 0.1)]
    assert rolls[1].sum() > 5 * rolls[0].sum() + 10


def test_a_full_texture_is_left_alone():
    """Two keys are enough: the conservativity stays at 1."""
    full = biased(0.0)
    one, two = (drawn(full, *nothing_given(), adaptation=each) for each in (0.0, 0.5))
    assert (one == two).all()


@pytest.mark.parametrize(("beginning", "repeats"), [(ALWAYS, True), (NEVER, False)])
def test_a_key_that_goes_on_is_held_or_repeated(beginning, repeats):
    piece = biased(ALWAYS, beginning).fill(*nothing_given(8), seed=1)
    stays = piece.pitch[:, 1:] == piece.pitch[:, :-1]
    sung = piece.pitch[:, 1:] != REST
    assert stays.all()
    assert sung.any()
    assert (piece.onset[:, 1:] == (sung & repeats)).all()


def test_given_notes_beyond_the_keyboard_are_kept_though_not_seen():
    chorale = melody([100] * 16)
    piece = Biaxial.debug().fill(chorale, given_voices("ATB", 16), seed=1)
    assert (piece.pitch[0] == 100).all()
    assert not Biaxial.debug()._task(chorale, given_voices("ATB", 16)).fixed.any()


def test_a_continuation_goes_on_from_the_last_given_step():
    chorale = a_chorale()
    given = given_for("NEXT", chorale)
    first = int(np.flatnonzero(~given[0])[0])
    ends = chorale.pitch.copy()
    ends[:, :first] = np.where(ends[:, :first] == REST, REST, ends[:, :first] - 1)
    lower = chorale.with_voices(ends, chorale.onset)
    rolls = [drawn(attentive(), each, given) for each in (chorale, lower)]
    assert (rolls[0][first:] != rolls[1][first:]).any()


def test_the_shipped_one_writes_chords_with_held_and_repeated_notes():
    shipped = Biaxial.load(CHECKPOINTS / "biaxial.safetensors")
    frame = empty_chorale("G major", bars=8)
    roll = drawn(shipped, frame, np.zeros(frame.pitch.shape, dtype=bool))
    assert 3 < roll[..., PLAYS].sum(axis=1).mean() < 5
    goes_on = roll[1:, :, PLAYS] & roll[:-1, :, PLAYS]
    begins = roll[1:, :, BEGINS]
    assert 0.01 < (goes_on & begins).sum() / goes_on.sum() < 0.2
    on_beat = np.arange(1, len(roll)) % 4 == 0
    assert begins[on_beat].sum() > begins[~on_beat].sum()
