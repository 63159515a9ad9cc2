"""Cells one after the other, compiled by Numba: what the flagship writes with.

A fill asks for thousands of cells, each from a few dozen small operations, where the calls of an
array library are nearly all of the time. `flagship_network` says what is computed here, and the
tests hold both to the same numbers. Floats are float32, integers int64, arrays C-contiguous.

Numba keeps what it compiled beside the source, or where NUMBA_CACHE_DIR says. It does not notice
when a constant of another module has changed.

Legend: B batch, V voices, S slots of a window, H width of a cell, C classes, K kinds of relation,
R beats to write.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from generator.families.flagship_lines import MOVES, REACH, WIDEST
from generator.families.flagship_relations import INTERVALS, MOTIONS
from generator.families.flagship_window import BACK, ORDER, SLOTS, VOICES
from generator.music.chorale import STEPS_PER_QUARTER, BoolArray
from generator.music.style import DISSONANT

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]
UNKNOWN = MOTIONS - 1
COURSE = 5  # numbers of a line's course
BESIDE, AHEAD = VOICES * BACK, SLOTS - VOICES  # slots of a cell's own step and of the next
ONE, TWO = (0, 0, 1), (1, 2, 2)  # pairs of the three voices beside
HALF, ROOT_HALF, UNIT = np.float32(0.5), np.float32(0.5**0.5), np.float32(1)


class Weights(NamedTuple):
    """Of the small net beside every cell, for each voice; what can be is multiplied out."""

    slots: Floats  # (V, S, C + 2, H), what each token says in each slot
    deepen: Floats  # (V, H, H)
    deepen_bias: Floats
    say: Floats  # (V, H, C)
    say_bias: Floats
    weigh: Floats  # (V, H, 3K)
    weigh_bias: Floats
    moves: Floats  # (V, 2, 3, 52, K, 48), of the step before and of the step after
    chord: Floats  # (V, 3, 12, K, 12)
    steer: Floats  # (V, H, 2K); V is 0 where the network has no lines
    steer_bias: Floats
    went: Floats  # (V, 26, K, 26), the line before
    goes: Floats  # (V, 4, 26, K, 25), the line after
    pitch_of: Ints  # (C + 2,)


@njit(cache=True, error_model="numpy")
def cell_logits(
    weights: Weights, voice: int, plan: Floats, around: Ints, course: Ints, lines: float
) -> Floats:
    """Sequential logits (C,) of a cell of `voice`.

    From its plan (H,), its window (S,) and its line's `course` (5,), as `flagship_lines.Course` has
    it; `lines` is how much that counts.
    """
    x = plan.copy()
    for slot in range(SLOTS):
        said = weights.slots[voice, slot, around[slot]]
        for h in range(len(x)):
            x[h] += said[h]
    for h in range(len(x)):
        x[h] = _gelu(x[h])
    deeper = weights.deepen_bias[voice].copy()
    _add_product(x, weights.deepen[voice], deeper)
    for h in range(len(x)):
        x[h] += _gelu(deeper[h])
    logits: Floats = weights.say_bias[voice].copy()
    _add_product(x, weights.say[voice], logits)
    kinds = weights.weigh_bias[voice].copy()
    _add_product(x, weights.weigh[voice], kinds)
    pitch = np.empty(SLOTS, np.int64)
    for slot in range(SLOTS):
        pitch[slot] = weights.pitch_of[around[slot]]
    _relate(weights, voice, kinds, pitch, logits)
    if len(weights.went) and lines:
        kinds = weights.steer_bias[voice].copy()
        _add_product(x, weights.steer[voice], kinds)
        _align(weights, voice, kinds, course, lines, logits)
    return logits


@njit(cache=True, error_model="numpy")
def chances(logits: Floats, heat: float, rhythm: float, starts: Ints) -> Doubles:
    """Probabilities (C,) of a cell's classes; `starts` says where each kind of class begins.

    Which kind (a rest, a note held, a note begun) is drawn at the temperature `rhythm`, which of
    its kind at `heat`. What is barred has a logit of minus infinity.
    """
    found = np.zeros(len(logits), np.float64)
    best = logits.max()
    total = 0.0
    for kind in range(len(starts)):
        first = starts[kind]
        last = starts[kind + 1] if kind + 1 < len(starts) else len(logits)
        top = logits[first:last].max()
        if top == -np.inf:
            continue
        share = weight = 0.0
        for c in range(first, last):
            share += math.exp((logits[c] - best) / rhythm)
            found[c] = math.exp((logits[c] - top) / heat)
            weight += found[c]
        for c in range(first, last):
            found[c] *= share / weight
        total += share
    return found / total


@njit(cache=True, error_model="numpy")
def drawn(found: Doubles, noise: float) -> int:
    """The class where the sum of probabilities first passes a uniform number."""
    passed, last = 0.0, 0
    for c in range(len(found)):
        if found[c] > 0:
            passed, last = passed + found[c], c
            if passed > noise:
                break
    return last


@njit(cache=True, error_model="numpy")
def write_cells(
    weights: Weights,
    page: Ints,
    offsets: Ints,
    todo: BoolArray,
    places: Ints,
    plans: Floats,
    barred: BoolArray,
    may_rest: BoolArray,
    noise: Floats,
    heat: float,
    rhythm: float,
    lines: float,
    biases: Floats,
    starts: Ints,
) -> None:
    """Write cells into `page` in place, by step, and bass, soprano, alto, tenor in a step.

    Parameters
    ----------
    page : (2, B, V, width)
        Tokens as they stand, and as far as they are shown; `BACK` steps wider to the left.
    offsets : (V, S)
        `flagship_window.slots` of each voice.
    todo : (R, V, 4), which cells of the beats at `places` (R, 2), as row and beat
    plans : (R, 4, V, H)
    barred : (B, V, C), what a voice may not sing
    may_rest : (B, T)
    biases : (V, 4), of `flagship_biases`
    noise : (B, V, 4, N), uniform
    """
    flat, width = page.reshape(-1), page.shape[3]
    around, course = np.empty(SLOTS, np.int64), np.empty(COURSE, np.int64)
    for step in range(STEPS_PER_QUARTER):
        for voice in ORDER:
            for index in range(len(places)):
                if not todo[index, voice, step]:
                    continue
                row, beat = places[index]
                at = beat * STEPS_PER_QUARTER + step
                for slot in range(SLOTS):
                    around[slot] = flat[row * VOICES * width + at + offsets[voice, slot]]
                follow(weights, page[0, row, voice], page[1, row, voice], at + BACK, course)
                plan = plans[index, step, voice]
                logits = cell_logits(weights, voice, plan, around, course, lines)
                before, beside = page[0, row, voice, at + BACK - 1], around[BESIDE:AHEAD]
                add_biases(biases, voice, step, before, beside, weights.pitch_of, logits)
                for c in range(len(logits)):
                    if barred[row, voice, c]:
                        logits[c] = -np.inf
                if not may_rest[row, at]:
                    logits[0] = -np.inf
                found = chances(logits, heat, rhythm, starts)
                page[0, row, voice, at + BACK] = drawn(found, noise[row, voice, step, beat])


@njit(cache=True, error_model="numpy")
def add_biases(
    biases: Floats, voice: int, step: int, before: int, beside: Ints, pitch_of: Ints, logits: Floats
) -> None:
    """Add a voice's row of `biases` (V, 4) to its logits (C,) at a step 0..3 of a quarter.

    `before` is the voice's token in the step before, `beside` the tokens (3,) of the other voices
    in this step, from the highest, and `pitch_of` (C + 2,) says a token's pitch 1..P, or 0. Nothing
    is added where the classes do not tell a note begun from one held.
    """
    pitches = pitch_of.max()
    if len(logits) <= pitches + 1:
        return
    repeat, clash, crossing, dotted = biases[voice]
    if pitch_of[before] > 0:
        logits[pitches + pitch_of[before]] += repeat
    if step == 3 and 0 < before <= pitches:
        for p in range(1, pitches + 1):
            logits[pitches + p] += dotted
    for other in range(len(beside)):
        theirs = pitch_of[beside[other]]
        if theirs == 0:
            continue
        for p in range(1, pitches + 1):
            score = np.float32(0)
            if step > 0 and abs(p - theirs) % 12 in DISSONANT:
                score += clash
            if p > theirs if other < voice else p < theirs:
                score += crossing
            logits[p] += score
            logits[pitches + p] += score


@njit(cache=True, error_model="numpy")
def follow(weights: Weights, known: Ints, shown: Ints, at: int, course: Ints) -> None:
    """Fill `course` with how a voice's tokens (width,) stand around the place `at`."""
    pitch_of, masked = weights.pitch_of, len(weights.pitch_of) - 2
    last = pitch_of[known[at - 1]]
    back = at - 1
    while back >= 0 and pitch_of[known[back]] == last:
        back -= 1
    ahead = at + 1
    while ahead < len(shown) and ahead <= at + REACH and shown[ahead] >= masked:
        ahead += 1
    found = ahead < len(shown) and ahead <= at + REACH
    coming = pitch_of[shown[ahead]] if found else 0
    beyond = ahead
    while found and beyond < len(shown) and pitch_of[shown[beyond]] == coming:
        beyond += 1
    course[0] = last
    course[1] = pitch_of[known[back]] if back >= 0 else 0
    course[2] = coming
    course[3] = pitch_of[shown[beyond]] if coming > 0 and beyond < len(shown) else 0
    course[4] = min(ahead - at - 1, REACH - 1)


@njit(cache=True, error_model="numpy")
def _align(
    weights: Weights, voice: int, kinds: Floats, course: Ints, lines: float, logits: Floats
) -> None:
    """Add what each candidate would make of its own line (`flagship_lines`)."""
    last, earlier, coming, later, gap = course[0], course[1], course[2], course[3], course[4]
    pitches, count = weights.pitch_of.max(), weights.went.shape[2]
    strength = np.float32(lines)
    if last > 0:
        row = strength * _weighed(weights.went[voice, _interval(earlier, last)], kinds[:count])
        for p in range(1, pitches + 1):
            logits[p] += row[MOVES]
            logits[pitches + p] += row[_place(p - last)]
    if coming > 0:
        table = weights.goes[voice, gap, _interval(coming, later)]
        row = strength * _weighed(table, kinds[count:])
        for p in range(1, pitches + 1):
            score = row[_place(coming - p)]
            logits[p] += score
            logits[pitches + p] += score


@njit(cache=True, error_model="numpy")
def _place(interval: int) -> int:
    return min(max(interval, -WIDEST), WIDEST) + WIDEST


@njit(cache=True, error_model="numpy")
def _interval(one: int, two: int) -> int:
    return _place(two - one) if one > 0 and two > 0 else MOVES


@njit(cache=True, error_model="numpy")
def _relate(weights: Weights, voice: int, kinds: Floats, pitch: Ints, logits: Floats) -> None:
    """Add what each candidate would make with the other voices (`flagship_relations`)."""
    count = weights.chord.shape[3]
    pitches = weights.pitch_of.max()
    scores = np.zeros(pitches, np.float32)
    for side in range(2):
        base = AHEAD if side else BESIDE - VOICES
        mine = pitch[base + voice]
        other = 0
        for one in range(VOICES):
            if one == voice:
                continue
            theirs, beside = pitch[base + one], pitch[BESIDE + other]
            if beside > 0:
                interval = (mine - theirs) % 12 if theirs > 0 and mine > 0 else INTERVALS - 1
                motion = _motion(beside, theirs)
                table = weights.moves[voice, side, other, interval * MOTIONS + motion]
                row = _weighed(table, kinds[side * count : (side + 1) * count])
                for p in range(pitches):
                    scores[p] += row[(p + 1 - beside) % 12 * MOTIONS + _motion(p + 1, mine)]
            other += 1
    for pair in range(3):
        low, high = pitch[BESIDE + ONE[pair]], pitch[BESIDE + TWO[pair]]
        if low > 0 and high > 0:
            table = weights.chord[voice, pair, (high - low) % 12]
            row = _weighed(table, kinds[2 * count :])
            for p in range(pitches):
                scores[p] += row[(p + 1 - low) % 12]
    for c in range(1, len(logits)):
        logits[c] += scores[(c - 1) % pitches]


@njit(cache=True, error_model="numpy")
def _motion(to: int, since: int) -> int:
    if since == 0:
        return UNKNOWN
    return 1 + (to > since) - (to < since)


@njit(cache=True, error_model="numpy")
def _weighed(table: Floats, kinds: Floats) -> Floats:
    """The row (J,) of a table (K, J), weighed over its kinds."""
    row = np.zeros(table.shape[1], np.float32)
    _add_product(kinds, table, row)
    return row


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _add_product(x: Floats, matrix: Floats, y: Floats) -> None:
    """Add x (I,) times matrix (I, J) to y (J,)."""
    whole = len(x) // 4 * 4
    for i in range(0, whole, 4):
        a, b, c, d = matrix[i], matrix[i + 1], matrix[i + 2], matrix[i + 3]
        for j in range(len(y)):
            y[j] += x[i] * a[j] + x[i + 1] * b[j] + x[i + 2] * c[j] + x[i + 3] * d[j]
    for i in range(whole, len(x)):
        for j in range(len(y)):
            y[j] += x[i] * matrix[i, j]


@njit(cache=True, error_model="numpy")
def _gelu(x: np.float32) -> np.float32:
    return HALF * x * (UNIT + np.float32(math.erf(x * ROOT_HALF)))
