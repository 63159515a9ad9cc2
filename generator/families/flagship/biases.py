"""Logit biases of writing: against what a cold sampler writes more, or less, often than Bach.

Temperatures below 1 make the frequent more frequent still: a bass that repeats its notes, clashes
between beats, eighths that pass by step and lead nowhere. Each bias is added to the score of every
candidate that it is about. They are no part of a likelihood.

Conventions
-----------
A quarter has four steps; its *second eighth* begins two steps after it. A voice *moves* in a
quarter if it begins a note after the quarter's first step.

Kinds
-----
repeat
    The pitch that sounds already, begun anew.
clash
    A second, a seventh or a tritone with another voice, anywhere but where a quarter begins.
crossing
    A pitch above that of a higher voice, or below that of a lower one.
dotted
    A note begun on a quarter's last sixteenth, after one that is held into its third.
hidden
    Soprano and bass go alike into a fifth or an octave, the soprano by more than a tone.
skip, octave
    A second eighth that is a third, or an octave, away from the first.
anticipation
    A second eighth whose pitch the next quarter repeats.
escape
    A second eighth and a next quarter that are a tritone, or more than a fifth, apart.
tie
    A second eighth that is still held on the next quarter's second eighth.
alone
    A second eighth where no other voice moves in that quarter.
busy
    The same where the quarter before, and the one after, has a voice that moves; the opposite is
    added for each that has none.
crowd
    A second eighth where two other voices begin theirs, or all three.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Numba keeps these numbers in what it compiled: reorder them, and edit `flagship_compiled` as well.
(REPEAT, CLASH, CROSSING, DOTTED, HIDDEN, SKIP, OCTAVE, ANTICIPATION, ESCAPE, TIE, ALONE, BUSY,
 CROWD) = range(13)  # fmt: skip

_OF_VOICES = {  # soprano, alto, tenor, bass
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
    [_OF_VOICES[kind] for kind in range(len(_OF_VOICES))], dtype=np.float32
).T.copy()
"""(4, kinds), chosen on validation works."""
