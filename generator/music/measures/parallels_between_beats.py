"""Fifths and octaves between successive beats, whatever ornaments them.

Conventions
-----------
Beats are those of `grid.beats`. Two voices move *in parallel between beats* if both have other
pitches at a beat than at the beat before, both moved in the same direction, and their interval mod
12 is the same at both beats: 0 (unison, octave) or 7 (fifth). What they do in between does not
matter. Such a parallel is *ornamented* if one of the two has another pitch, or a rest, in between:
from step to step nothing may be wrong, but the fifth or the octave is heard behind the ornament.
Those that are not ornamented are parallels of `voice_leading`, too.

As in `voice_leading`, both voices must sound at both beats, and beats between which a fermata note
ends are excepted. At least one of the four cells, two voices at two beats, is written.

References
----------
Aldwell, Schachter and Cadwallader, "Harmony and Voice Leading", 4th edition 2011, on fifths and
octaves that embellishing tones do not hide. Kostka, Payne and Almén, "Tonal Harmony", 7th edition
2013, chapter 5.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from generator.music.grid.beats import on_beat
from generator.music.grid.chorale import REST, BoolArray, Chorale
from generator.music.grid.phrases import fermata_ends
from generator.music.measures.counts import Count
from generator.music.measures.voice_leading import (
    VOICE_PAIRS,
    chord_changes,
    parallel_motion,
    written_cells,
)


def parallels_between_beats_at(chorale: Chorale, written: ArrayLike) -> BoolArray:
    """bool[6, T]: which of `VOICE_PAIRS` come in parallel from the beat before, at its second beat.

    Parameters
    ----------
    chorale : Chorale
    written : bool[4] or bool[4, T]

    Raises
    ------
    ValueError
        If `written` has neither shape.
    """
    cells = written_cells(chorale, written)
    beats = np.flatnonzero(on_beat(chorale))
    pitch, touched = chorale.pitch[:, beats], cells[VOICE_PAIRS].any(axis=1)[:, beats]
    parallel = parallel_motion(pitch, pitch != REST)
    parallel[:, 1:] &= touched[:, 1:] | touched[:, :-1]
    phrases = np.cumsum(fermata_ends(chorale))[beats]
    parallel[:, 1:] &= phrases[1:] == phrases[:-1]
    found = np.zeros((len(VOICE_PAIRS), chorale.steps), dtype=np.bool_)
    found[:, beats] = parallel
    return found


def ornamented_at(chorale: Chorale, written: ArrayLike) -> BoolArray:
    """bool[6, T]: parallels between beats with a note or a rest in between in one of the two.

    The arguments and errors are those of `parallels_between_beats_at`.
    """
    beats = np.flatnonzero(on_beat(chorale))
    changes = np.zeros(chorale.pitch.shape, dtype=np.int64)
    changes[:, 1:] = np.cumsum(chorale.pitch[:, 1:] != chorale.pitch[:, :-1], axis=1)
    between = np.zeros_like(changes)  # how often the voice's pitch changes between two beats
    between[:, beats[1:]] = changes[:, beats[1:] - 1] - changes[:, beats[:-1]]
    ornament: BoolArray = between[VOICE_PAIRS].any(axis=1)
    return parallels_between_beats_at(chorale, written) & ornament


def ornamented_fifths_at(chorale: Chorale, written: ArrayLike) -> BoolArray:
    """bool[6, T]: which of `VOICE_PAIRS` come in ornamented fifths from the beat before.

    The arguments and errors are those of `parallels_between_beats_at`.
    """
    fifths: BoolArray = ornamented_at(chorale, written) & (_interval(chorale) != 0)
    return fifths


def ornamented_octaves_at(chorale: Chorale, written: ArrayLike) -> BoolArray:
    """bool[6, T]: the same for octaves and unisons."""
    octaves: BoolArray = ornamented_at(chorale, written) & (_interval(chorale) == 0)
    return octaves


def parallels_between_beats(chorale: Chorale, written: ArrayLike) -> Count:
    """Parallels between beats, ornamented or not, of chord changes, as `voice_leading.parallels`.

    The arguments and errors are those of `parallels_between_beats_at`.

    Examples
    --------
    >>> soprano, bass = [67, 67, 72, 72, 69], [60, 60, 60, 60, 62]
    >>> c = Chorale(pitch=[soprano, [64] * 5, [64] * 5, bass], onset=[[1] * 5] * 4)
    >>> parallels_between_beats(c, [True] * 4)  # the C of the soprano ornaments its G and A
    Count(count=1, of=2)
    """
    found = parallels_between_beats_at(chorale, written)
    return Count(int(found.sum()), len(chord_changes(chorale)))


def _interval(chorale: Chorale) -> NDArray[np.int32]:
    """int32[6, T]: the interval of each of `VOICE_PAIRS` mod 12."""
    one, two = chorale.pitch.astype(np.int32)[VOICE_PAIRS.T]
    interval: NDArray[np.int32] = np.abs(one - two) % 12
    return interval
