"""The notes of a voice as a table."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from generator.music.grid.chorale import REST, Chorale


def note_table(chorale: Chorale, voice: int) -> NDArray[np.int32]:
    """int32[notes, (start, length, pitch)] of one voice.

    Examples
    --------
    >>> line = Chorale(pitch=[[72, 72, -1, 74]] + [[-1] * 4] * 3,
    ...                onset=[[1, 0, 0, 1]] + [[0] * 4] * 3)
    >>> note_table(line, 0).tolist()
    [[0, 2, 72], [3, 1, 74]]
    """
    pitch, onset = chorale.pitch[voice], chorale.onset[voice]
    starts = np.flatnonzero(onset)
    # A note ends at the next onset or at a rest.
    edges = np.flatnonzero(onset | (pitch == REST))
    ends = np.append(edges, chorale.steps)[np.searchsorted(edges, starts, side="right")]
    return np.stack([starts, ends - starts, pitch[starts]], axis=1).astype(np.int32)
