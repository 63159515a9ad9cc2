from __future__ import annotations

import numpy as np
import pytest

from generator.families.flagship_compiled import add_biases
from tests.generator.flagship_debug import debug, make

PITCHES = 24
PITCH_OF = np.array([0, *range(1, PITCHES + 1), *range(1, PITCHES + 1), 0, 0])
MASKED = 2 * PITCHES + 1
REPEAT, CLASH, CROSSING, DOTTED = (np.float32(10.0**power) for power in range(4))
EACH = np.tile([REPEAT, CLASH, CROSSING, DOTTED], (4, 1))


def begun(pitch: int) -> int:
    return PITCHES + pitch


def added(voice: int, step: int, before: int, beside: list[int]) -> np.ndarray:
    logits = np.zeros(2 * PITCHES + 1, np.float32)
    add_biases(EACH, voice, step, before, np.array(beside), PITCH_OF, logits)
    return logits


def candidates(logits: np.ndarray) -> dict[int, float]:
    return {int(c): float(logits[c]) for c in np.flatnonzero(logits)}


@pytest.mark.parametrize("before", [7, begun(7)])
def test_a_pitch_begun_anew_is_a_repeat_and_one_held_is_none(before):
    assert candidates(added(1, 0, before, [MASKED] * 3)) == {begun(7): REPEAT}


def test_nothing_is_repeated_after_a_rest():
    assert candidates(added(1, 0, 0, [0, MASKED, 0])) == {}


@pytest.mark.parametrize(("step", "before", "wanted"), [
    (3, 7, DOTTED), (3, begun(7), 0), (1, 7, 0), (3, 0, 0), (3, MASKED, 0),
])  # fmt: skip
def test_dotted_is_a_last_sixteenth_begun_after_a_note_that_is_held(step, before, wanted):
    logits = added(2, step, before, [MASKED] * 3)
    assert logits[begun(3)] == wanted
    assert logits[3] == logits[0] == 0


def test_clashes_are_seconds_sevenths_and_tritones_off_the_beat():
    beside = [MASKED, begun(1), MASKED]  # the second of the others: the alto under a bass
    for first in (1, PITCHES + 1):
        logits = added(3, 2, 0, beside)[first : first + PITCHES] % CROSSING
        clashing = {int(p) for p in np.flatnonzero(logits == CLASH)}
        assert clashing == {1, 2, 6, 10, 11, 13, 14, 18, 22, 23}
    assert not (added(3, 0, 0, beside) % CROSSING).any()


@pytest.mark.parametrize(("voice", "beside", "crossed"), [
    (0, [10, MASKED, MASKED], range(1, 10)),  # the alto beside a soprano
    (3, [MASKED, MASKED, 10], range(11, PITCHES + 1)),  # the tenor beside a bass
    (1, [10, MASKED, MASKED], range(11, PITCHES + 1)),  # the soprano beside an alto
    (1, [MASKED, 10, MASKED], range(1, 10)),  # the tenor beside an alto
])  # fmt: skip
def test_crossing_is_above_a_higher_voice_or_below_a_lower_one(voice, beside, crossed):
    logits = added(voice, 0, 0, beside)
    assert set(candidates(logits)) == {*crossed, *map(begun, crossed)}


def test_classes_that_know_no_onsets_have_no_biases():
    logits = np.zeros(PITCHES + 1, np.float32)
    pitch_of = np.array([*range(PITCHES + 1), 0, 0])
    add_biases(EACH, 3, 3, 7, np.array([10, 10, 10]), pitch_of, logits)
    assert not logits.any()


def fill(onsets: bool, bias: float) -> np.ndarray:
    given = np.zeros((4, 24), dtype=bool)
    given[0] = True
    composer = debug(onsets).with_sampling(bias=bias, repairs=0)
    return composer.fill(make(), given, seed=1).pitch


def test_a_bass_crosses_less_where_biases_count():
    crossings = [(pitch[3] > pitch[2]).sum() for pitch in (fill(True, 0.0), fill(True, 10.0))]
    assert crossings[1] < crossings[0]


def test_a_pitch_only_network_writes_the_same_whatever_biases_count():
    assert (fill(False, 0.0) == fill(False, 10.0)).all()
