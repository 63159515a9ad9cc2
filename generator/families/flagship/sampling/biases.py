"""Logit biases against what a cold sampler writes more often, or less often, than Bach.

Temperatures below 1 make frequent things more frequent: the bass repeats its notes, voices clash
between beats, eighths pass by step and lead nowhere. Each bias is added to the score of every
candidate that it concerns. Biases take no part in likelihoods.

Conventions
-----------
A quarter has four steps; its *second eighth* begins two steps after it. A voice *moves* in a
quarter if it begins a note after the quarter's first step. Candidates are pitches 1..P held and
1..P begun; where classes do not tell them apart, nothing is added.

Kinds
-----
repeat
    The sounding pitch begins again.
clash
    A second, a seventh or a tritone with another voice, except where a quarter begins.
crossing
    A pitch above that of a higher voice, or below that of a lower one.
dotted
    A note that begins on a quarter's last sixteenth, after one that is held into its third.
hidden
    Soprano and bass move in the same direction into a fifth or an octave, and the soprano moves by
    more than a tone.
skip, octave
    A second eighth that is a third, or an octave, away from the first.
anticipation
    A second eighth whose pitch the next quarter repeats.
escape
    A second eighth that the line leaves by a tritone or by more than a fifth.
tie
    A second eighth that is still held on the next quarter's second eighth.
alone
    A second eighth in a quarter in which no other voice moves.
busy
    The same, if a voice moves in the quarter before, and again for the quarter after; where none
    moves, the bias is subtracted.
crowd
    A second eighth where at least two other voices begin theirs.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from generator.families.flagship.window import BACK, VOICES
from generator.music.grid.chorale import STEPS_PER_QUARTER
from generator.music.measures.style import DISSONANT
from generator.music.measures.voice_leading import PERFECT

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
TONE = 2  # semitones

(REPEAT, CLASH, CROSSING, DOTTED, HIDDEN, SKIP, OCTAVE, ANTICIPATION, ESCAPE, TIE, ALONE, BUSY,
 CROWD) = range(13)  # fmt: skip

_BY_VOICE = {  # soprano, alto, tenor, bass
    REPEAT: (0.0, 0.0, 0.0, -1.0),
    CLASH: (-0.25, -0.25, -0.25, -0.25),
    CROSSING: (0.0, 0.15, 0.15, -0.8),
    DOTTED: (-2.0, -3.0, -2.0, 0.0),
    HIDDEN: (-1.0, 0.0, 0.0, -1.0),
    SKIP: (0.2, 0.2, 0.2, 0.3),
    OCTAVE: (0.0, 0.0, 0.0, 0.3),
    ANTICIPATION: (-0.4, -0.4, -0.4, -2.0),
    ESCAPE: (-1.0, -1.0, -1.0, -1.0),
    TIE: (-5.0, -5.0, -5.0, -5.0),
    ALONE: (0.2, 0.2, 0.2, 0.2),
    BUSY: (0.3, 0.3, 0.3, 0.3),
    CROWD: (-0.8, -0.8, -0.8, -0.8),
}

BIASES: NDArray[np.float32] = np.array(
    [_BY_VOICE[kind] for kind in range(len(_BY_VOICE))], dtype=np.float32
).T.copy()
"""(V, kinds), chosen on validation works."""


@njit(cache=True, error_model="numpy")
def add_biases(
    bias: Floats,
    voice: int,
    step: int,
    padded: Ints,
    at: int,
    others: Ints,
    pitch_of: Ints,
    logits: Floats,
) -> None:
    """Add the biases of a voice to its logits (C,) at a step 0..3 of a quarter.

    Nothing is added where the classes do not tell a note begun from one held.

    Parameters
    ----------
    bias : (kinds,), the voice's row of `BIASES`
    padded : (2, V, width), a row of `window.padded_tokens`; the step is at the place `at`
    others : (3,), tokens of the other voices in this step, from the highest
    pitch_of : (C + 2,), a token's pitch 1..P, or 0
    """
    pitches, before = pitch_of.max(), padded[0, voice, at - 1]
    if len(logits) <= pitches + 1:
        return
    if pitch_of[before] > 0:
        logits[pitches + pitch_of[before]] += bias[REPEAT]
    if step == 3 and 0 < before <= pitches:
        logits[pitches + 1 :] += bias[DOTTED]
    _add_vertical(bias, voice, step, others, pitch_of, logits)
    if bias[HIDDEN] and voice in (0, 3):
        outer = pitch_of[others[2 - voice // 2 * 2]]
        _add_hidden(bias, voice, padded, at, outer, pitch_of, logits)
    if step in (0, 2):
        _add_eighths(bias, step, padded[:, voice], at, pitch_of, logits)
    if step == 2:
        _add_motion(bias, voice, padded, at, others, pitch_of, logits)


@njit(cache=True, error_model="numpy")
def _add_vertical(
    bias: Floats, voice: int, step: int, others: Ints, pitch_of: Ints, logits: Floats
) -> None:
    """Clashes and crossings with the other voices in the same step."""
    pitches = pitch_of.max()
    for other in range(len(others)):
        pitch = pitch_of[others[other]]
        if pitch == 0:
            continue
        for p in range(1, pitches + 1):
            score = np.float32(0)
            if step > 0 and abs(p - pitch) % 12 in DISSONANT:
                score += bias[CLASH]
            if p > pitch if other < voice else p < pitch:
                score += bias[CROSSING]
            logits[p] += score
            logits[pitches + p] += score


@njit(cache=True, error_model="numpy")
def _add_hidden(
    bias: Floats, voice: int, padded: Ints, at: int, outer: int, pitch_of: Ints, logits: Floats
) -> None:
    """Hidden fifths and octaves into this step and out of it.

    `outer` is the pitch of the other outer voice in this step.
    """
    pitches, other = pitch_of.max(), 3 - voice
    for side in range(2):
        step = padded[side, :, at + 1 if side else at - 1]
        voice_end, outer_end = pitch_of[step[voice]], pitch_of[step[other]]
        if min(voice_end, outer_end, outer) == 0:
            continue
        for p in range(1, pitches + 1):
            interval = abs(voice_end - outer_end) if side else abs(p - outer)
            leap = abs(p - voice_end) if voice == 0 else abs(outer - outer_end)
            alike = (p - voice_end) * (outer - outer_end) > 0
            if alike and leap > TONE and interval % 12 in PERFECT:
                logits[p] += bias[HIDDEN]
                logits[pitches + p] += bias[HIDDEN]


@njit(cache=True, error_model="numpy")
def _add_eighths(
    bias: Floats, step: int, line: Ints, at: int, pitch_of: Ints, logits: Floats
) -> None:
    """How a voice reaches and leaves second eighths; `line` is its part (2, width) of `padded`."""
    pitches, masked = pitch_of.max(), len(pitch_of) - 2
    tokens, given = line
    eighth = _eighth(tokens, at - 2, pitches, masked)
    other = eighth  # a quarter leaves the eighth before it; a second eighth leads to a quarter
    if step == 2:
        leads = at + 2 < len(given) and pitches < given[at + 2] < masked
        other = pitch_of[given[at + 2]] if leads else 0
        tied = _eighth(tokens, at - 4, pitches, masked)
        if tied > 0 and tokens[at - 2] == tokens[at - 1] == tied:
            logits[tied] += bias[TIE]
    for p in range(1, pitches + 1):
        score = np.float32(0)
        if step == 2 and eighth > 0:
            score += bias[SKIP] * (abs(p - eighth) in (3, 4))
            score += bias[OCTAVE] * (abs(p - eighth) == 12)
        if other > 0:
            score += bias[ANTICIPATION] * (p == other)
            score += bias[ESCAPE] * (abs(p - other) == 6 or abs(p - other) > 7)
        logits[pitches + p] += score


@njit(cache=True, error_model="numpy")
def _eighth(line: Ints, at: int, pitches: int, masked: int) -> int:
    """The pitch of a note that begins at a place and is held on to the next step; else 0."""
    pitch = line[at] - pitches
    return pitch if pitches < line[at] < masked and line[at + 1] == pitch else 0


@njit(cache=True, error_model="numpy")
def _add_motion(
    bias: Floats, voice: int, padded: Ints, at: int, others: Ints, pitch_of: Ints, logits: Floats
) -> None:
    """How many voices move in a quarter, and in the quarters before and after it."""
    pitches, masked = pitch_of.max(), len(pitch_of) - 2
    begun = ((others > pitches) & (others < masked)).sum()
    score = bias[CROWD] if begun > 1 else np.float32(0)
    moving = begun > 0
    for v in range(VOICES):
        moving |= pitches < padded[0, v, at - 1] < masked
        moving |= v != voice and pitches < padded[1, v, at + 1] < masked
    if not moving:
        score += bias[ALONE]
        if at - STEPS_PER_QUARTER >= BACK:
            score += bias[BUSY] * _moves(padded[0], at - STEPS_PER_QUARTER, pitches, masked)
        if at + STEPS_PER_QUARTER + 1 < padded.shape[2]:
            score += bias[BUSY] * _moves(padded[1], at + STEPS_PER_QUARTER, pitches, masked)
    logits[pitches + 1 :] += score


@njit(cache=True, error_model="numpy")
def _moves(tokens: Ints, at: int, pitches: int, masked: int) -> int:
    """1 if a voice moves in the quarter whose second eighth is `at`, -1 if none does, 0 unknown."""
    after = tokens[:, at - 1 : at + 2]
    return 0 if (after >= masked).any() else 1 if (after > pitches).any() else -1
