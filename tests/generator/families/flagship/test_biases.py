from __future__ import annotations

import numpy as np
import pytest

from generator.families.flagship.sampling import biases as named
from generator.families.flagship.sampling.biases import BIASES, add_biases
from tests.generator.families.flagship.debug import debug, make

PITCHES = 24
PITCH_OF = np.array([0, *range(1, PITCHES + 1), *range(1, PITCHES + 1), 0, 0])
MASKED = 2 * PITCHES + 1
S, A, T, B = range(4)
AT = 14  # a second eighth, far enough from either end
KINDS = BIASES.shape[1]
WIDTH = 24


def begun(pitch: int) -> int:
    return PITCHES + pitch


def unknown() -> np.ndarray:
    """Padded tokens of which none is known."""
    return np.full((2, 4, WIDTH), MASKED)


def added(kind: int, voice: int, step: int, padded: np.ndarray, others=(MASKED,) * 3) -> np.ndarray:
    """What one kind of bias adds to the logits if it is 1."""
    bias = np.zeros(KINDS, np.float32)
    bias[kind] = 1
    logits = np.zeros(2 * PITCHES + 1, np.float32)
    at = AT - 2 + step
    add_biases(bias, voice, step, padded, at, np.array(others), PITCH_OF, logits)
    return logits


def after(voice: int, step: int, *before: int) -> np.ndarray:
    """A voice has these tokens just before a step."""
    padded = unknown()
    at = AT - 2 + step
    padded[:, voice, at - len(before) : at] = before
    return padded


def biased(logits: np.ndarray) -> set[int]:
    return {int(c) for c in np.flatnonzero(logits)}


def notes_begun(logits: np.ndarray) -> set[int]:
    """Pitches with a bias if they begin; none may have one if held."""
    assert not logits[: PITCHES + 1].any()
    return {c - PITCHES for c in biased(logits)}


@pytest.mark.parametrize("before", [7, begun(7)])
def test_a_pitch_that_begins_again_is_a_repeat_and_one_held_is_not(before):
    assert notes_begun(added(named.REPEAT, A, 0, after(A, 0, before))) == {7}


@pytest.mark.parametrize("before", [0, MASKED])
def test_nothing_is_repeated_after_a_rest(before):
    assert not biased(added(named.REPEAT, A, 0, after(A, 0, before)))


@pytest.mark.parametrize(("step", "before", "dotted"), [
    (3, 7, True), (3, begun(7), False), (1, 7, False), (3, 0, False), (3, MASKED, False),
])  # fmt: skip
def test_dotted_is_a_last_sixteenth_begun_after_a_note_that_is_held(step, before, dotted):
    pitches = notes_begun(added(named.DOTTED, T, step, after(T, step, before)))
    assert pitches == (set(range(1, PITCHES + 1)) if dotted else set())


def test_clashes_are_seconds_sevenths_and_tritones_off_the_beat():
    others = [MASKED, begun(1), MASKED]  # the second is the alto, beside a bass
    logits = added(named.CLASH, B, 2, unknown(), others)
    clashing = {1, 2, 6, 10, 11, 13, 14, 18, 22, 23}
    assert biased(logits) == {1 + c for c in clashing} | {begun(1 + c) for c in clashing}
    assert not biased(added(named.CLASH, B, 0, unknown(), others))


@pytest.mark.parametrize(("voice", "others", "crossed"), [
    (S, [10, MASKED, MASKED], range(1, 10)),  # the alto beside a soprano
    (B, [MASKED, MASKED, 10], range(11, PITCHES + 1)),  # the tenor beside a bass
    (A, [10, MASKED, MASKED], range(11, PITCHES + 1)),  # the soprano beside an alto
    (A, [MASKED, 10, MASKED], range(1, 10)),  # the tenor beside an alto
])  # fmt: skip
def test_crossing_is_above_a_higher_voice_or_below_a_lower_one(voice, others, crossed):
    logits = added(named.CROSSING, voice, 0, unknown(), others)
    assert biased(logits) == {*crossed, *map(begun, crossed)}


def outer(side: int, soprano: int, bass: int) -> np.ndarray:
    """The outer voices are known a step before the second eighth (0) or after it (1)."""
    padded = unknown()
    padded[side, [S, B], AT + (1 if side else -1)] = soprano, bass
    return padded


@pytest.mark.parametrize(("voice", "padded", "others", "hidden"), [
    # The soprano leaps from 10 to 17; fifths and octaves are at 5, 10, 17 and, crossed, 24.
    (B, outer(0, 10, 3), [17, MASKED, MASKED], {5, 10, 17, 24}),
    (B, outer(0, 10, 7), [17, MASKED, MASKED], {10, 17, 24}),  # to 5 it would fall
    (B, outer(0, 15, 3), [17, MASKED, MASKED], set()),  # the soprano goes by a tone
    (S, outer(0, 10, 3), [MASKED, MASKED, 5], {17, 24}),  # 12 is a tone away
    # Both go on to 20 over 13, a fifth, and the bass rises: from below 18 the soprano leaps there.
    (S, outer(1, 20, 13), [MASKED, MASKED, 11], set(range(1, 18))),
    (B, outer(1, 20, 13), [17, MASKED, MASKED], set(range(1, 13))),
    (B, outer(1, 20, 14), [17, MASKED, MASKED], set()),  # a tritone
    (A, outer(0, 10, 3), [17, MASKED, 5], set()),
])  # fmt: skip
def test_hidden_fifths_and_octaves_are_reached_in_one_direction_with_a_leap_above(
    voice, padded, others, hidden
):
    logits = added(named.HIDDEN, voice, 2, padded, others)
    assert biased(logits) == {*hidden, *map(begun, hidden)}


@pytest.mark.parametrize(("kind", "pitches"), [
    (named.SKIP, {8, 9, 15, 16}), (named.OCTAVE, {24}),
])  # fmt: skip
def test_a_skip_is_a_third_from_the_first_eighth(kind, pitches):
    assert notes_begun(added(kind, T, 2, after(T, 2, begun(12), 12))) == pitches
    assert not biased(added(kind, T, 2, after(T, 2, 12, 12)))  # no eighth: it began earlier
    assert not biased(added(kind, T, 0, after(T, 0, begun(12), 12)))


def leading_to(pitch: int) -> np.ndarray:
    padded = unknown()
    padded[1, T, AT + 2] = begun(pitch)
    return padded


@pytest.mark.parametrize(("kind", "pitches"), [
    (named.ANTICIPATION, {12}), (named.ESCAPE, {*range(1, 5), 6, 18, *range(20, 25)}),
])  # fmt: skip
def test_second_eighths_lead_somewhere(kind, pitches):
    assert notes_begun(added(kind, T, 2, leading_to(12))) == pitches
    assert notes_begun(added(kind, T, 0, after(T, 0, begun(12), 12))) == pitches
    assert not biased(added(kind, T, 0, after(T, 0, 12, 12)))


def test_a_tie_is_a_second_eighth_held_on_into_the_next_one():
    assert biased(added(named.TIE, A, 2, after(A, 2, begun(9), 9, 9, 9))) == {9}
    assert not biased(added(named.TIE, A, 2, after(A, 2, 9, 9, 9, 9)))
    assert not biased(added(named.TIE, A, 2, after(A, 2, begun(9), 9, begun(9), 9)))
    assert not biased(added(named.TIE, A, 0, after(A, 0, begun(9), 9, 9, 9)))


ALL = set(range(1, PITCHES + 1))


def test_alone_is_a_voice_that_moves_where_no_other_does():
    still = np.full((2, 4, WIDTH), 5)
    assert notes_begun(added(named.ALONE, T, 2, still, [5, 5, 5])) == ALL
    assert not biased(added(named.ALONE, T, 2, still, [5, begun(5), 5]))
    for place in (AT - 1, AT + 1):
        other = still.copy()
        other[:, S, place] = begun(5)
        assert not biased(added(named.ALONE, T, 2, other, [5, 5, 5]))
    assert not biased(added(named.ALONE, T, 0, still, [5, 5, 5]))


@pytest.mark.parametrize(("before", "later", "score"), [
    (begun(5), begun(5), 2), (begun(5), 5, 0), (5, begun(5), 0), (5, 5, -2), (5, MASKED, -1),
    (begun(5), MASKED, 1),
])  # fmt: skip
def test_busy_is_counted_from_the_quarters_on_either_side(before, later, score):
    padded = np.full((2, 4, WIDTH), 5)
    padded[0, B, AT - 4], padded[1, B, AT + 4] = before, later
    logits = added(named.BUSY, T, 2, padded, [5, 5, 5])
    assert (logits[PITCHES + 1 :] == score).all()
    assert not logits[: PITCHES + 1].any()


@pytest.mark.parametrize(("others", "crowded"), [(0, False), (1, False), (2, True), (3, True)])
def test_a_crowd_is_three_voices_or_more(others, crowded):
    voices = [begun(5)] * others + [5] * (3 - others)
    pitches = notes_begun(added(named.CROWD, A, 2, unknown(), voices))
    assert pitches == (ALL if crowded else set())


def test_without_onsets_there_are_no_biases():
    logits = np.zeros(PITCHES + 1, np.float32)
    pitch_of = np.array([*range(PITCHES + 1), 0, 0])
    bias, others = np.ones(KINDS, np.float32), np.full(3, 10)
    add_biases(bias, B, 3, unknown(), AT + 1, others, pitch_of, logits)
    assert not logits.any()


def fill(onsets: bool, bias: float) -> np.ndarray:
    given = np.zeros((4, 24), dtype=bool)
    given[0] = True
    settings = {"bias": bias, "repairs": 0}
    return debug(onsets).fill(make(), given, seed=1, settings=settings).pitch


def test_a_bass_crosses_less_with_the_biases():
    crossings = [(pitch[3] > pitch[2]).sum() for pitch in (fill(True, 0.0), fill(True, 10.0))]
    assert crossings[1] < crossings[0]


def test_a_pitch_only_network_writes_the_same_at_any_bias():
    assert (fill(False, 0.0) == fill(False, 10.0)).all()
