"""How much of the material of music written voices use: range, pitches, chromatic notes, octaves.

A composer that writes the likeliest note every time uses less of each than Bach. No repair counts
them.

Metrics
-------
range
    Semitones from the lowest to the highest written note of a voice; a voice with notes.
distinct_pitches
    Different written pitches of a voice; a voice with notes.
chromatic_notes
    Notes outside the scale of the key (in minor with either sixth and seventh); of the notes.
octave_leaps
    Notes an octave from the neighbour before (as in `style`); of the notes that have one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from generator.music.grid.chorale import Chorale
from generator.music.grid.keys import tonic_class
from generator.music.grid.notes import note_table
from generator.music.grid.phrases import fermata_ends
from generator.music.measures.counts import Count
from generator.music.measures.style import OCTAVE
from generator.music.measures.voice_leading import written_cells

# Degrees above the tonic, in semitones; in minor with either sixth and seventh.
SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 9, 10, 11)}


def variety_counts(chorale: Chorale, written: ArrayLike) -> dict[str, Count]:
    """Every metric of the module for one piece, by name.

    Parameters
    ----------
    chorale : Chorale
    written : bool[4] or bool[4, T]

    Returns
    -------
    dict of str to Count
        The same names in the same order for every piece. The rate of the first two is a mean over
        voices, not a share.

    Raises
    ------
    ValueError
        If `written` has neither shape.

    Examples
    --------
    >>> c = Chorale(pitch=[[72, 61], [67, 67], [64, 64], [60, 48]], onset=[[1, 1]] * 4)
    >>> counts = variety_counts(c, [True, False, False, True])
    >>> counts["range"].rate, counts["chromatic_notes"], counts["octave_leaps"]
    (11.5, Count(count=1, of=4), Count(count=1, of=2))
    """
    cells = written_cells(chorale, written)
    breaks = fermata_ends(chorale)
    tonic, scale = tonic_class(chorale.key), SCALES[chorale.mode]
    span = pitches = chromatic = octaves = Count()
    for voice in range(4):
        start, length, pitch = note_table(chorale, voice).T.astype(np.int64)
        is_written = cells[voice, start]
        own = pitch[is_written]
        if own.size:
            span += Count(int(np.ptp(own)), 1)
            pitches += Count(len(np.unique(own)), 1)
        outside = ~np.isin((own - tonic) % 12, scale)
        chromatic += Count(int(outside.sum()), len(own))
        joined = (start[:-1] + length[:-1] == start[1:]) & ~breaks[start[1:]]
        move = np.abs(np.diff(pitch))[joined & is_written[1:]]
        octaves += Count(int((move == OCTAVE).sum()), len(move))
    return {
        "range": span,
        "distinct_pitches": pitches,
        "chromatic_notes": chromatic,
        "octave_leaps": octaves,
    }
