"""The figures that corrections read besides those of `critic_figures`.

Kinds
-----
line_long, line_longer    a note and the three or four before it
own_pairs   two voices at the last three steps at which either began a note: intervals, and whether
            each fell, stayed or rose
beat_in_key     the chord of a quarter with its degree
directions  whether each of the four voices falls, stays or rises, at two events

Habits, of which there are few and each is frequent:

second_eighth   how a voice leaves the second of two eighths that it has reached by step
ornamented_fifth    parallel fifths of two quarters, where one of the voices moves in between
"""

from __future__ import annotations

import numpy as np
from numba import njit

from generator.families.flagship.sampling.critic_figures import (
    KINDS,
    UNKNOWN,
    Ints,
    chord_of,
    class_move,
    hash_of,
    move_between,
    notes_of,
    put,
)
from generator.families.flagship.window import VOICES
from generator.music.grid.chorale import STEPS_PER_QUARTER, BoolArray

HABITS = ("second_eighth", "ornamented_fifth")
LONGER_KINDS = ("line_long", "line_longer", "own_pairs", "beat_in_key", "directions", *HABITS)
(
    LINE_LONG,
    LINE_LONGER,
    OWN_PAIRS,
    BEAT_IN_KEY,
    DIRECTIONS,
    SECOND_EIGHTH,
    ORNAMENTED_FIFTH,
) = range(len(KINDS), len(KINDS) + len(LONGER_KINDS))
MOST_LONGER_FIGURES = 26
"""In a step: one of all voices and its quarter's, twelve of pairs and twelve of lines."""
PAIRS = VOICES * (VOICES - 1) // 2
EIGHTH = 2  # steps of the grid
STEP, FIFTH = 2, 7  # semitones
GOES_ON, TURNS_BACK, REPEATS, LEAPS_ON, LEAPS_BACK = range(5)


@njit(cache=True, error_model="numpy")
def read_longer_figures(
    tokens: Ints, pitch_of: Ints, padding: int, minor: bool, codes: Ints, steps: Ints
) -> int:
    """How many there are; their codes and steps are written into the last two arrays.

    Parameters are those of `read_figures`; `codes` and `steps` are (`MOST_LONGER_FIGURES` * T,),
    and the kinds follow those of `critic_figures`.
    """
    pitch, begins = notes_of(tokens, pitch_of)
    starts = np.full((VOICES, 5), -1, np.int64)  # of the present note and of the four before it
    together = np.full((PAIRS, 2), -1, np.int64)  # the last steps at which either of two began
    turns = count = 0
    for t in range(len(pitch)):
        if tokens[0, t] == padding:
            continue
        if begins[t].any():
            count = _read_lines(pitch, begins, t, starts, codes, steps, count)
            count = _read_pairs(pitch, begins, t, together, codes, steps, count)
            last_turns, turns = turns, _turns(pitch, t)
            code = hash_of(turns, last_turns, 0, 0, 0, 0)
            count = put(DIRECTIONS, t, code, codes, steps, count)
        if t % STEPS_PER_QUARTER == 0 and pitch[t, 3]:
            code = hash_of(chord_of(pitch[t]), pitch[t, 3] % 12, int(minor), 0, 0, 0)
            count = put(BEAT_IN_KEY, t, code, codes, steps, count)
        if t % STEPS_PER_QUARTER == 0 and t:
            count = _read_fifths(pitch, t, codes, steps, count)
    return count


@njit(cache=True, error_model="numpy")
def _read_lines(
    pitch: Ints, begins: BoolArray, t: int, starts: Ints, codes: Ints, steps: Ints, count: int
) -> int:
    """The notes that begin, each with the moves before it."""
    for v in range(VOICES):
        if not begins[t, v]:
            continue
        starts[v, 1:] = starts[v, :-1].copy()
        starts[v, 0] = t
        moves = np.full(4, UNKNOWN, np.int64)
        for back in range(4):
            if starts[v, back + 1] >= 0:
                moves[back] = move_between(pitch[starts[v, back + 1], v], pitch[starts[v, back], v])
        code = hash_of(v, moves[0], moves[1], moves[2], 0, 0)
        count = put(LINE_LONG, t, code, codes, steps, count)
        code = hash_of(v, moves[0], moves[1], moves[2], moves[3], 0)
        count = put(LINE_LONGER, t, code, codes, steps, count)
        first, second = starts[v, 2], starts[v, 1]
        if (
            t % STEPS_PER_QUARTER == 0
            and first >= 0
            and t - second == second - first == EIGHTH
            and 0 < abs(moves[1]) <= STEP
            and moves[0] != UNKNOWN
        ):
            code = hash_of(v, _way_on(moves[1], moves[0]), 0, 0, 0, 0)
            count = put(SECOND_EIGHTH, t, code, codes, steps, count)
    return count


@njit(cache=True, error_model="numpy")
def _way_on(come: int, go: int) -> int:
    """How a note is left that was reached by `come` semitones."""
    if go == 0:
        return REPEATS
    on = (go > 0) == (come > 0)
    if abs(go) <= STEP:
        return GOES_ON if on else TURNS_BACK
    return LEAPS_ON if on else LEAPS_BACK


@njit(cache=True, error_model="numpy")
def _read_fifths(pitch: Ints, t: int, codes: Ints, steps: Ints, count: int) -> int:
    """Two voices in fifths at the quarters at `t` and before, between which one of them moves."""
    last = t - STEPS_PER_QUARTER
    for one in range(VOICES - 1):
        for two in range(one + 1, VOICES):
            now = class_move(pitch[t, two], pitch[t, one])
            before = class_move(pitch[last, two], pitch[last, one])
            moves = pitch[t, one] - pitch[last, one], pitch[t, two] - pitch[last, two]
            if now != FIFTH or before != FIFTH or moves[0] * moves[1] <= 0:
                continue
            for step in range(last + 1, t):
                if pitch[step, one] != pitch[last, one] or pitch[step, two] != pitch[last, two]:
                    code = hash_of(0, 0, 0, 0, 0, 0)
                    count = put(ORNAMENTED_FIFTH, t, code, codes, steps, count)
                    break
    return count


@njit(cache=True, error_model="numpy")
def _read_pairs(
    pitch: Ints, begins: BoolArray, t: int, together: Ints, codes: Ints, steps: Ints, count: int
) -> int:
    """Each two voices of which one begins a note, and where one of them did so before."""
    pair = -1
    for one in range(VOICES - 1):
        for two in range(one + 1, VOICES):
            pair += 1
            if not (begins[t, one] or begins[t, two]):
                continue
            last, first = together[pair]
            code = hash_of(
                pair,
                class_move(pitch[t, two], pitch[t, one]),
                class_move(pitch[last, two], pitch[last, one]) if last >= 0 else UNKNOWN,
                class_move(pitch[first, two], pitch[first, one]) if first >= 0 else UNKNOWN,
                _turn(pitch[:, one], last, t) * 3 + _turn(pitch[:, two], last, t),
                _turn(pitch[:, one], first, last) * 3 + _turn(pitch[:, two], first, last),
            )
            count = put(OWN_PAIRS, t, code, codes, steps, count)
            together[pair, 1], together[pair, 0] = last, t
    return count


@njit(cache=True, error_model="numpy")
def _turns(pitch: Ints, t: int) -> int:
    """Whether each voice falls, stays or rises into `t`, as one number."""
    turns = 0
    for v in range(VOICES):
        turns = 3 * turns + _turn(pitch[:, v], t - 1, t)
    return turns


@njit(cache=True, error_model="numpy")
def _turn(line: Ints, before: int, now: int) -> int:
    """0: falls; 1: stays, or nothing is before; 2: rises."""
    if before < 0 or line[now] == line[before]:
        return 1
    return 2 if line[now] > line[before] else 0
