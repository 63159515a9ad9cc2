"""Writing cell by cell, compiled by Numba.

A fill draws thousands of cells, each by a few dozen small operations; an array library would spend
nearly all of its time on calls. Here the logits of a cell take 15 microseconds, in PyTorch 1,500
(`python -m benchmarks families`), and so a whole fill of 64 steps takes less than a second.
`network` defines what is computed here, and the tests hold the two to the same numbers. It is the
only second copy: the transformer over beats runs in PyTorch alone.

Floats are float32, integers int64, arrays C-contiguous.

Under Django each state of the code has its own cache folder. Elsewhere Numba's cache does not
notice changes in another module: delete it after changing `biases`.

Legend: B batch, V voices, S slots of a window, H width of a cell, C classes, K mixed tables,
R beats to write, M networks that write together.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from generator.families.flagship.interval_head import INTERVALS, MOTIONS
from generator.families.flagship.melodic_head import MAX_INTERVAL, MOVES, REACH
from generator.families.flagship.sampling.biases import Floats, Ints, add_biases
from generator.families.flagship.window import BACK, ORDER, SLOTS, VOICES
from generator.music.grid.chorale import STEPS_PER_QUARTER, BoolArray

Doubles = NDArray[np.float64]
UNKNOWN = MOTIONS - 1
CONTEXT = 5  # numbers of a melodic context
OWN_STEP, NEXT_STEP = VOICES * BACK, SLOTS - VOICES  # first slots of a cell's step and of the next
FIRST_OF_PAIR, SECOND_OF_PAIR = (0, 0, 1), (1, 2, 2)  # pairs of the three other voices
F32_HALF, F32_ROOT_HALF, F32_ONE = np.float32(0.5), np.float32(0.5**0.5), np.float32(1)


class CellWeights(NamedTuple):
    """The heads of a network for each voice; constant products are multiplied out."""

    slots: Floats  # (V, S, C + 2, H), what each token adds from each slot
    residual_mlp: Floats  # (V, H, H)
    residual_mlp_bias: Floats  # (V, H)
    head: Floats  # (V, H, C)
    head_bias: Floats  # (V, C)
    interval_mix: Floats  # (V, H, 3K)
    interval_mix_bias: Floats  # (V, 3K)
    motion_table: Floats  # (V, 2, 3, 52, K, 48), from the step before and to the step after
    chord_table: Floats  # (V, 3, 12, K, 12)
    melodic_mix: Floats  # (V, H, 2K); here V is 0 if the network has no melodic head
    melodic_mix_bias: Floats  # (V, 2K)
    past_table: Floats  # (V, 26, K, 26), of the line up to a candidate
    future_table: Floats  # (V, 4, 26, K, 25), of the line on from it
    pitch_of: Ints  # (C + 2,)


@njit(cache=True, error_model="numpy")
def sequential_logits(
    weights: CellWeights,
    voice: int,
    embedding: Floats,
    window: Ints,
    context: Ints,
    melodic_weight: float,
) -> Floats:
    """Sequential logits (C,) of a cell of `voice`.

    Parameters
    ----------
    embedding : (H,)
    window : (S,), tokens
    context : (5,), as in `melodic_head.MelodicContext`
    melodic_weight : how much the melodic head counts
    """
    x = embedding.copy()
    for slot in range(SLOTS):
        row = weights.slots[voice, slot, window[slot]]
        for h in range(len(x)):
            x[h] += row[h]
    for h in range(len(x)):
        x[h] = _gelu(x[h])
    residual = weights.residual_mlp_bias[voice].copy()
    _add_product(x, weights.residual_mlp[voice], residual)
    for h in range(len(x)):
        x[h] += _gelu(residual[h])
    logits: Floats = weights.head_bias[voice].copy()
    _add_product(x, weights.head[voice], logits)
    mix = weights.interval_mix_bias[voice].copy()
    _add_product(x, weights.interval_mix[voice], mix)
    pitch = np.empty(SLOTS, np.int64)
    for slot in range(SLOTS):
        pitch[slot] = weights.pitch_of[window[slot]]
    _add_intervals(weights, voice, mix, pitch, logits)
    if len(weights.past_table) and melodic_weight:
        mix = weights.melodic_mix_bias[voice].copy()
        _add_product(x, weights.melodic_mix[voice], mix)
        _add_melodic(weights, voice, mix, context, melodic_weight, logits)
    return logits


@njit(cache=True, error_model="numpy")
def probabilities(logits: Floats, temperature: float, rhythm: float, starts: Ints) -> Doubles:
    """Probabilities (C,) of a cell's classes; `starts` says where each kind of class begins.

    The kind (a rest, a note held, a note begun) is drawn at the temperature `rhythm`, and the class
    within its kind at `temperature`. A forbidden class has a logit of minus infinity.
    """
    probability = np.zeros(len(logits), np.float64)
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
            probability[c] = math.exp((logits[c] - top) / temperature)
            weight += probability[c]
        for c in range(first, last):
            probability[c] *= share / weight
        total += share
    return probability / total


@njit(cache=True, error_model="numpy")
def draw(probability: Doubles, uniform: float) -> int:
    """The class at which the running sum of probabilities first exceeds a uniform number."""
    total, last = 0.0, 0
    for c in range(len(probability)):
        if probability[c] > 0:
            total, last = total + probability[c], c
            if total > uniform:
                break
    return last


@njit(cache=True, error_model="numpy")
def mean_logits(
    weights: CellWeights,
    voice: int,
    embeddings: Floats,
    window: Ints,
    context: Ints,
    melodic_weight: float,
) -> Floats:
    """The mean (C,) of the `sequential_logits` of several networks.

    `embeddings` (M, H) and each array of `weights`, but for `pitch_of`, have M as their first axis.
    """
    logits = sequential_logits(
        _network(weights, 0), voice, embeddings[0], window, context, melodic_weight
    )
    for index in range(1, len(embeddings)):
        logits += sequential_logits(
            _network(weights, index), voice, embeddings[index], window, context, melodic_weight
        )
    if len(embeddings) > 1:
        logits /= np.float32(len(embeddings))
    return logits


@njit(cache=True, error_model="numpy")
def _network(weights: CellWeights, index: int) -> CellWeights:
    """The weights of one of several networks."""
    return CellWeights(
        weights.slots[index],
        weights.residual_mlp[index],
        weights.residual_mlp_bias[index],
        weights.head[index],
        weights.head_bias[index],
        weights.interval_mix[index],
        weights.interval_mix_bias[index],
        weights.motion_table[index],
        weights.chord_table[index],
        weights.melodic_mix[index],
        weights.melodic_mix_bias[index],
        weights.past_table[index],
        weights.future_table[index],
        weights.pitch_of,
    )


@njit(cache=True, error_model="numpy")
def draw_cells(
    weights: CellWeights,
    padded: Ints,
    offsets: Ints,
    block: BoolArray,
    places: Ints,
    embeddings: Floats,
    forbidden: BoolArray,
    may_rest: BoolArray,
    may_hold: BoolArray,
    uniforms: Floats,
    temperatures: Doubles,
    rhythm: float,
    melodic_weight: float,
    biases: Floats,
    starts: Ints,
) -> None:
    """Draw the cells of a block in place, by step, and bass, soprano, alto, tenor in a step.

    Parameters
    ----------
    weights : each array, but for `pitch_of`, with M as its first axis
    padded : (2, B, V, width)
        `window.padded_tokens`; what is drawn stands in the first half.
    offsets : (V, S)
        `window.slot_offsets` of each voice.
    block : (R, V, 4), which cells to draw in the beats at `places` (R, 2), as row and beat
    embeddings : (M, R, 4, V, H)
    forbidden : (B, V, C), classes that a voice may not use
    may_rest, may_hold : (B, T), the latter used only where classes tell a note begun from one held
    uniforms : (B, V, 4, N)
    temperatures : (R,), of the pitches in each beat
    biases : (V, kinds), as `biases.BIASES`
    """
    flat, width, pitch_of = padded.reshape(-1), padded.shape[3], weights.pitch_of
    window, context = np.empty(SLOTS, np.int64), np.empty(CONTEXT, np.int64)
    for step in range(STEPS_PER_QUARTER):
        for voice in ORDER:
            for index in range(len(places)):
                if not block[index, voice, step]:
                    continue
                row, beat = places[index]
                at = beat * STEPS_PER_QUARTER + step
                for slot in range(SLOTS):
                    window[slot] = flat[row * VOICES * width + at + offsets[voice, slot]]
                read_context(pitch_of, padded[0, row, voice], padded[1, row, voice], at + BACK,
                             context)  # fmt: skip
                cell = embeddings[:, index, step, voice]
                logits = mean_logits(weights, voice, cell, window, context, melodic_weight)
                others = window[OWN_STEP:NEXT_STEP]
                add_biases(
                    biases[voice], voice, step, padded[:, row], at + BACK, others, pitch_of, logits
                )
                logits[forbidden[row, voice]] = -np.inf
                if not may_rest[row, at]:
                    logits[0] = -np.inf
                if not may_hold[row, at]:
                    logits[1 : starts[-1]] = -np.inf
                probability = probabilities(logits, temperatures[index], rhythm, starts)
                padded[0, row, voice, at + BACK] = draw(
                    probability, uniforms[row, voice, step, beat]
                )


@njit(cache=True, error_model="numpy")
def read_context(pitch_of: Ints, tokens: Ints, given: Ints, at: int, context: Ints) -> None:
    """Fill `context` with the line of a voice around the place `at`.

    `tokens` and `given` (width,) are the voice's two rows of `padded`.
    """
    masked = len(pitch_of) - 2
    previous = pitch_of[tokens[at - 1]]
    back = at - 1
    while back >= 0 and pitch_of[tokens[back]] == previous:
        back -= 1
    ahead = at + 1
    while ahead < len(given) and ahead <= at + REACH and given[ahead] >= masked:
        ahead += 1
    reached = ahead < len(given) and ahead <= at + REACH
    following = pitch_of[given[ahead]] if reached else 0
    beyond = ahead
    while reached and beyond < len(given) and pitch_of[given[beyond]] == following:
        beyond += 1
    context[0] = previous
    context[1] = pitch_of[tokens[back]] if back >= 0 else 0
    context[2] = following
    context[3] = pitch_of[given[beyond]] if following > 0 and beyond < len(given) else 0
    context[4] = min(ahead - at - 1, REACH - 1)


@njit(cache=True, error_model="numpy")
def _add_melodic(
    weights: CellWeights, voice: int, mix: Floats, context: Ints, weight: float, logits: Floats
) -> None:
    """The melodic head: how each candidate continues its own line, times `weight`."""
    previous, before_previous, following, after_following, gap = context
    pitches, count = weights.pitch_of.max(), weights.past_table.shape[2]
    scale = np.float32(weight)
    if previous > 0:
        table = weights.past_table[voice, _interval(before_previous, previous)]
        row = scale * _mixed(table, mix[:count])
        for p in range(1, pitches + 1):
            logits[p] += row[MOVES]
            logits[pitches + p] += row[_place(p - previous)]
    if following > 0:
        table = weights.future_table[voice, gap, _interval(following, after_following)]
        row = scale * _mixed(table, mix[count:])
        for p in range(1, pitches + 1):
            score = row[_place(following - p)]
            logits[p] += score
            logits[pitches + p] += score


@njit(cache=True, error_model="numpy")
def _place(interval: int) -> int:
    return min(max(interval, -MAX_INTERVAL), MAX_INTERVAL) + MAX_INTERVAL


@njit(cache=True, error_model="numpy")
def _interval(one: int, two: int) -> int:
    return _place(two - one) if one > 0 and two > 0 else MOVES


@njit(cache=True, error_model="numpy")
def _add_intervals(
    weights: CellWeights, voice: int, mix: Floats, pitch: Ints, logits: Floats
) -> None:
    """The interval head: how each candidate stands and moves with the other voices."""
    count = weights.chord_table.shape[3]
    pitches = weights.pitch_of.max()
    scores = np.zeros(pitches, np.float32)
    for side in range(2):
        first = NEXT_STEP if side else OWN_STEP - VOICES
        beyond = pitch[first + voice]  # the voice's pitch in the step before or after
        other = 0
        for v in range(VOICES):
            if v == voice:
                continue
            origin, now = pitch[first + v], pitch[OWN_STEP + other]
            if now > 0:
                known = origin > 0 and beyond > 0
                interval = (beyond - origin) % 12 if known else INTERVALS - 1
                motion = _motion(now, origin)
                table = weights.motion_table[voice, side, other, interval * MOTIONS + motion]
                row = _mixed(table, mix[side * count : (side + 1) * count])
                for p in range(pitches):
                    scores[p] += row[(p + 1 - now) % 12 * MOTIONS + _motion(p + 1, beyond)]
            other += 1
    for pair in range(3):
        one, two = pitch[OWN_STEP + FIRST_OF_PAIR[pair]], pitch[OWN_STEP + SECOND_OF_PAIR[pair]]
        if one > 0 and two > 0:
            table = weights.chord_table[voice, pair, (two - one) % 12]
            row = _mixed(table, mix[2 * count :])
            for p in range(pitches):
                scores[p] += row[(p + 1 - one) % 12]
    for c in range(1, len(logits)):
        logits[c] += scores[(c - 1) % pitches]


@njit(cache=True, error_model="numpy")
def _motion(to: int, origin: int) -> int:
    if origin == 0:
        return UNKNOWN
    return 1 + (to > origin) - (to < origin)


@njit(cache=True, error_model="numpy")
def _mixed(table: Floats, mix: Floats) -> Floats:
    """The K rows of a table (K, J) summed by their weights: (J,)."""
    row = np.zeros(table.shape[1], np.float32)
    _add_product(mix, table, row)
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
    return F32_HALF * x * (F32_ONE + np.float32(math.erf(x * F32_ROOT_HALF)))
