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

from generator.families.flagship import biases as named
from generator.families.flagship.interval_head import INTERVALS, MOTIONS
from generator.families.flagship.melodic_head import MOVES, REACH, WIDEST
from generator.families.flagship.window import BACK, ORDER, SLOTS, VOICES
from generator.music.grid.chorale import STEPS_PER_QUARTER, BoolArray
from generator.music.measures.style import DISSONANT

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]
UNKNOWN = MOTIONS - 1
TONE = 2  # semitones
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
    may_hold: BoolArray,
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
    may_rest, may_hold : (B, T), the latter of use where classes tell a note begun from one held
    biases : (V, K), of `flagship_biases`
    noise : (B, V, 4, N), uniform
    """
    flat, width, pitch_of = page.reshape(-1), page.shape[3], weights.pitch_of
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
                beside = around[BESIDE:AHEAD]
                add_biases(
                    biases[voice], voice, step, page[:, row], at + BACK, beside, pitch_of, logits
                )
                logits[barred[row, voice]] = -np.inf
                if not may_rest[row, at]:
                    logits[0] = -np.inf
                if not may_hold[row, at]:
                    logits[1 : starts[-1]] = -np.inf
                found = chances(logits, heat, rhythm, starts)
                page[0, row, voice, at + BACK] = drawn(found, noise[row, voice, step, beat])


@njit(cache=True, error_model="numpy")
def add_biases(
    bias: Floats,
    voice: int,
    step: int,
    page: Ints,
    at: int,
    beside: Ints,
    pitch_of: Ints,
    logits: Floats,
) -> None:
    """Add the biases of a voice to its logits (C,) at a step 0..3 of a quarter.

    Nothing is added where the classes do not tell a note begun from one held.

    Parameters
    ----------
    bias : (K,), the voice's row of `flagship_biases.BIASES`
    page : (2, V, width), as of `write_cells`; the step is at the place `at`
    beside : (3,), tokens of the other voices in this step, from the highest
    pitch_of : (C + 2,), a token's pitch 1..P, or 0
    """
    pitches, before = pitch_of.max(), page[0, voice, at - 1]
    if len(logits) <= pitches + 1:
        return
    if pitch_of[before] > 0:
        logits[pitches + pitch_of[before]] += bias[named.REPEAT]
    if step == 3 and 0 < before <= pitches:
        logits[pitches + 1 :] += bias[named.DOTTED]
    _add_beside(bias, voice, step, beside, pitch_of, logits)
    if bias[named.HIDDEN] and voice in (0, 3):
        _add_hidden(bias, voice, page, at, pitch_of[beside[2 - voice // 2 * 2]], pitch_of, logits)
    if step in (0, 2):
        _add_eighths(bias, step, page[:, voice], at, pitch_of, logits)
    if step == 2:
        _add_motion(bias, voice, page, at, beside, pitch_of, logits)


@njit(cache=True, error_model="numpy")
def _add_beside(
    bias: Floats, voice: int, step: int, beside: Ints, pitch_of: Ints, logits: Floats
) -> None:
    """What stands in the same step: clashes and crossings."""
    pitches = pitch_of.max()
    for other in range(len(beside)):
        theirs = pitch_of[beside[other]]
        if theirs == 0:
            continue
        for p in range(1, pitches + 1):
            score = np.float32(0)
            if step > 0 and abs(p - theirs) % 12 in DISSONANT:
                score += bias[named.CLASH]
            if p > theirs if other < voice else p < theirs:
                score += bias[named.CROSSING]
            logits[p] += score
            logits[pitches + p] += score


@njit(cache=True, error_model="numpy")
def _add_hidden(
    bias: Floats, voice: int, page: Ints, at: int, theirs: int, pitch_of: Ints, logits: Floats
) -> None:
    """Into this step, and out of it; `theirs` is the pitch of the other outer voice."""
    pitches, other = pitch_of.max(), 3 - voice
    for side in range(2):
        beyond = at + 1 if side else at - 1
        mine, their = pitch_of[page[side, voice, beyond]], pitch_of[page[side, other, beyond]]
        if min(mine, their, theirs) == 0:
            continue
        for p in range(1, pitches + 1):
            apart = abs(mine - their) if side else abs(p - theirs)
            wide = abs(p - mine) if voice == 0 else abs(theirs - their)
            if (p - mine) * (theirs - their) > 0 and wide > TONE and apart % 12 in (0, 7):
                logits[p] += bias[named.HIDDEN]
                logits[pitches + p] += bias[named.HIDDEN]


@njit(cache=True, error_model="numpy")
def _add_eighths(
    bias: Floats, step: int, line: Ints, at: int, pitch_of: Ints, logits: Floats
) -> None:
    """How a voice's second eighths are reached and left; `line` is its page (2, width)."""
    pitches, masked = pitch_of.max(), len(pitch_of) - 2
    known, shown = line
    eighth = _eighth(known, at - 2, pitches, masked)
    other = eighth  # that a quarter would leave, or that a second eighth would lead to
    if step == 2:
        leads = at + 2 < len(shown) and pitches < shown[at + 2] < masked
        other = pitch_of[shown[at + 2]] if leads else 0
        tied = _eighth(known, at - 4, pitches, masked)
        if tied > 0 and known[at - 2] == known[at - 1] == tied:
            logits[tied] += bias[named.TIE]
    for p in range(1, pitches + 1):
        score = np.float32(0)
        if step == 2 and eighth > 0:
            score += bias[named.SKIP] * (abs(p - eighth) in (3, 4))
            score += bias[named.OCTAVE] * (abs(p - eighth) == 12)
        if other > 0:
            score += bias[named.ANTICIPATION] * (p == other)
            score += bias[named.ESCAPE] * (abs(p - other) == 6 or abs(p - other) > 7)
        logits[pitches + p] += score


@njit(cache=True, error_model="numpy")
def _eighth(line: Ints, at: int, pitches: int, masked: int) -> int:
    """The pitch of a note that begins at a place and is held for a step at least; else 0."""
    pitch = line[at] - pitches
    return pitch if pitches < line[at] < masked and line[at + 1] == pitch else 0


@njit(cache=True, error_model="numpy")
def _add_motion(
    bias: Floats, voice: int, page: Ints, at: int, beside: Ints, pitch_of: Ints, logits: Floats
) -> None:
    """How many voices move in a quarter, and in those before and after it."""
    pitches, masked = pitch_of.max(), len(pitch_of) - 2
    begun = ((beside > pitches) & (beside < masked)).sum()
    score = bias[named.CROWD] if begun > 1 else np.float32(0)
    moving = begun > 0
    for v in range(VOICES):
        moving |= pitches < page[0, v, at - 1] < masked
        moving |= v != voice and pitches < page[1, v, at + 1] < masked
    if not moving:
        score += bias[named.ALONE]
        if at - STEPS_PER_QUARTER >= BACK:
            score += bias[named.BUSY] * _moves(page[0], at - STEPS_PER_QUARTER, pitches, masked)
        if at + STEPS_PER_QUARTER + 1 < page.shape[2]:
            score += bias[named.BUSY] * _moves(page[1], at + STEPS_PER_QUARTER, pitches, masked)
    logits[pitches + 1 :] += score


@njit(cache=True, error_model="numpy")
def _moves(tokens: Ints, at: int, pitches: int, masked: int) -> int:
    """1 if a voice moves in the quarter whose second eighth is `at`, -1 if none; 0: not known."""
    after = tokens[:, at - 1 : at + 2]
    return 0 if (after >= masked).any() else 1 if (after > pitches).any() else -1


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
