"""Chorales as BachBot's text: four (pitch, tie) symbols a frame, and a delimiter after each.

Conventions
-----------
A frame is a sixteenth. It is an optional fermata symbol, the soprano, the alto, the tenor and the
bass, and the delimiter. A voice's symbol is a pitch that begins, a pitch that is held over from the
frame before, or a rest. Pitches are in the common key: major in C, minor in A.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from generator.music.grid.chorale import REST, VOICE_RANGES, Chorale
from generator.music.grid.keys import tonic_class

IntArray = NDArray[np.int64]

START, END, DELIMITER, FERMATA, SILENT = range(5)
"""The symbols that are no notes. `SILENT` is a voice that rests; the published text has none."""
FIRST_NOTE = 5
COMMON_TONICS = {"major": 0, "minor": 9}
SHIFTS = (-5, 6)
"""Of transpositions into the common key, in semitones: each key takes the nearest way."""
LOWEST = min(low for low, _ in VOICE_RANGES) + SHIFTS[0]
HIGHEST = max(high for _, high in VOICE_RANGES) + SHIFTS[1]
"""What a vocabulary must hold, so that every key can be written in."""


@dataclass(frozen=True)
class BachbotVocabulary:
    """All symbols of pitches `lowest` to `highest`, each of which begins or is held over."""

    lowest: int = LOWEST
    highest: int = HIGHEST

    @property
    def size(self) -> int:
        return FIRST_NOTE + 2 * (self.highest - self.lowest + 1)

    def notes(self, pitch: ArrayLike, tied: ArrayLike) -> IntArray:
        """Symbols of voices.

        Parameters
        ----------
        pitch : int[...]
            In the common key, or `REST`. A pitch beyond the vocabulary is taken by octaves into it.
        tied : bool[...]

        Examples
        --------
        >>> BachbotVocabulary().notes([REST, 28, 28], [False, False, True]).tolist()
        [4, 5, 6]
        """
        pitches = np.asarray(pitch, dtype=np.int64)
        above = np.maximum(pitches - self.highest, 0)
        below = np.maximum(self.lowest - pitches, 0)
        inside = pitches - 12 * -(-above // 12) + 12 * -(-below // 12)
        symbols = FIRST_NOTE + 2 * (inside - self.lowest) + np.asarray(tied, dtype=np.int64)
        return np.where(pitches == REST, SILENT, symbols)

    def pitches(self, symbols: ArrayLike) -> IntArray:
        """The pitch in the common key of each symbol; `REST` of those that are no notes."""
        values = np.asarray(symbols, dtype=np.int64)
        return np.where(values < FIRST_NOTE, REST, (values - FIRST_NOTE) // 2 + self.lowest)

    def begins(self, symbols: ArrayLike) -> NDArray[np.bool_]:
        """Whether each symbol is a note that begins."""
        values = np.asarray(symbols, dtype=np.int64)
        starting: NDArray[np.bool_] = (values >= FIRST_NOTE) & ((values - FIRST_NOTE) % 2 == 0)
        return starting

    def frames(self, chorale: Chorale) -> IntArray:
        """int64[T, 4]: the symbols of the voices in each frame."""
        sounding = chorale.pitch != REST
        pitch = np.where(sounding, chorale.pitch + common_shift(chorale.key), REST)
        return self.notes(pitch, sounding & ~chorale.onset).T

    def text(self, chorale: Chorale) -> IntArray:
        """int64[N]: the whole of a chorale, from `START` to `END`.

        Examples
        --------
        >>> held = [[1, 0]] * 4
        >>> c = Chorale([[72] * 2, [67] * 2, [64] * 2, [28] * 2], held, fermata=[False, True])
        >>> BachbotVocabulary().text(c).tolist()
        [0, 93, 83, 77, 5, 2, 3, 94, 84, 78, 6, 2, 1]
        """
        steps = chorale.steps
        columns = np.empty((steps, 6), dtype=np.int64)
        columns[:, 0], columns[:, 1:5], columns[:, 5] = FERMATA, self.frames(chorale), DELIMITER
        there = np.ones(columns.shape, dtype=np.bool_)
        there[:, 0] = chorale.fermata
        return np.concatenate([[START], columns[there], [END]])


def common_shift(key: str) -> int:
    """Semitones from a key to C major or A minor, the nearest way.

    Examples
    --------
    >>> common_shift("G major"), common_shift("E minor"), common_shift("Eb major")
    (5, 5, -3)
    """
    up = (COMMON_TONICS[key.split()[1]] - tonic_class(key)) % 12
    return up if up <= SHIFTS[1] else up - 12
