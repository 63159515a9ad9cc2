"""Where the beats of a chorale begin.

Conventions
-----------
The beat is the lower figure of the metre (a half in 3/2), but a dotted quarter in 6/8 and other
compound metres. Beats are counted from the bar line.
"""

from __future__ import annotations

import numpy as np

from generator.music.grid.chorale import BoolArray, Chorale

_COMPOUND = (6, 9, 12)  # upper figures of metres whose beat is three eighths


def on_beat(chorale: Chorale) -> BoolArray:
    """bool[T]: true at the steps where a beat begins.

    Examples
    --------
    >>> rests = Chorale(pitch=[[-1] * 12] * 4, onset=[[0] * 12] * 4, metre=((0, "6/8"),))
    >>> np.flatnonzero(on_beat(rests)).tolist()
    [0, 6]
    """
    length = np.empty(chorale.steps, dtype=np.int16)
    for start, metre in chorale.metre:
        over, under = (int(figure) for figure in metre.split("/"))
        compound = under >= 8 and over in _COMPOUND
        length[start:] = max(1, 16 // under) * (3 if compound else 1)
    begins: BoolArray = chorale.bar_phase() % length == 0
    return begins
