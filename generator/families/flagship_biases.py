"""Logit biases of writing: against what a cold sampler writes more often than Bach.

Temperatures below 1 make the frequent more frequent still: a bass that repeats its notes, clashes
between beats, dotted figures. Each bias is added to the score of every candidate that it is about.
They are no part of a likelihood.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
DISSONANT = (1, 2, 6, 10, 11)  # intervals mod 12, as `music.style` has them

BIASES: Floats = np.array(
    [
        # repeat, clash, crossing, dotted
        [0.0, -0.25, 0.0, -1.4],
        [0.0, -0.25, 0.0, -1.4],
        [0.0, -0.25, 0.0, -1.4],
        [-1.0, -0.25, -0.8, 0.0],
    ],
    dtype=np.float32,
)
"""Of soprano, alto, tenor and bass, chosen on validation works.

repeat
    The pitch that sounds already, begun anew.
clash
    A second, a seventh or a tritone with another voice, anywhere but where a quarter begins.
crossing
    A pitch above that of a higher voice, or below that of a lower one.
dotted
    A note begun on a quarter's last sixteenth, after one that is held into its third.
"""


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
