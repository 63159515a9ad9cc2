"""A voice as runs: what sounds, and for how long."""

from __future__ import annotations

import numpy as np

from generator.music.grid.chorale import REST, Chorale


def voice_runs(chorale: Chorale, voice: int) -> list[tuple[int, int]]:
    """(length, pitch) of each note and rest of one voice, in order; a rest has the pitch -1.

    Parameters
    ----------
    chorale : Chorale
    voice : int
        0 for the soprano, 3 for the bass.

    Returns
    -------
    list of (int, int)
        The lengths, in steps, add up to those of the chorale.

    Examples
    --------
    >>> line = Chorale(pitch=[[72, 72, -1, -1, 74]] + [[-1] * 5] * 3,
    ...                onset=[[1, 1, 0, 0, 1]] + [[0] * 5] * 3)
    >>> voice_runs(line, 0)
    [(1, 72), (1, 72), (2, -1), (1, 74)]
    """
    pitch, onset = chorale.pitch[voice], chorale.onset[voice]
    starts_rest = pitch == REST
    starts_rest[1:] &= pitch[:-1] != REST
    starts = np.flatnonzero(onset | starts_rest)
    lengths = np.diff(np.append(starts, chorale.steps))
    return list(zip(lengths.tolist(), pitch[starts].tolist(), strict=True))
