"""Runs of true values."""

from __future__ import annotations

import numpy as np

from generator.music.grid.chorale import BoolArray


def longest_run(flags: BoolArray) -> int:
    """The number of true values in the longest run of them.

    Parameters
    ----------
    flags : bool[n]

    Examples
    --------
    >>> longest_run(np.array([True, False, True, True])), longest_run(np.array([False]))
    (2, 0)
    """
    edges = np.flatnonzero(np.diff(flags, prepend=False, append=False))
    return int((edges[1::2] - edges[::2]).max(initial=0))
