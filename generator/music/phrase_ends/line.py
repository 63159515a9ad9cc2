"""A melody as the search for its phrase ends sees it: one row a note, with its place in the bar.

Conventions
-----------
Times are steps of the grid. A rest belongs to the note before it: the *span* of a note runs from
its start to that of the next note, that of the last note to its end. Bars are counted from 1, a
pickup is bar 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generator.music.grid.chorale import Chorale, bar_steps
from generator.music.grid.keys import tonic_class
from generator.music.grid.notes import note_table
from generator.music.phrase_ends.hints import HINT_WEIGHTS, EndHint

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

_COMPOUND = (6, 9, 12)  # upper figures of metres whose beat is three eighths


@dataclass(frozen=True)
class Line:
    """A melody, its arrays as long as it has notes.

    Attributes
    ----------
    start, end, pitch : int[n]
    number : int[n]
        Of the bar in which the note begins.
    phase : int[n]
        Steps from the bar line to the start of the note.
    bar, beat : int[n]
        Lengths of the bar and the beat, in steps.
    tonic : int
        Pitch class of the key.
    hint : float[n]
        What the file itself says of a phrase end with the note, weighted; 0 where it is silent.
    """

    start: IntArray
    end: IntArray
    pitch: IntArray
    number: IntArray
    phase: IntArray
    bar: IntArray
    beat: IntArray
    tonic: int
    hint: FloatArray

    @property
    def notes(self) -> int:
        return len(self.start)

    @property
    def span(self) -> IntArray:
        """int[n]: steps from each start to the next."""
        return np.append(np.diff(self.start), self.end[-1] - self.start[-1])


def line_of(chorale: Chorale, voice: int, hints: Iterable[EndHint] = ()) -> Line:
    """One voice of a chorale.

    Raises
    ------
    ValueError
        If the voice has no note.

    Examples
    --------
    >>> chorale = Chorale(pitch=[[67] * 4 + [69] * 4] + [[-1] * 8] * 3,
    ...                   onset=[[1, 0, 0, 0] * 2] + [[0] * 8] * 3, anacrusis=4)
    >>> line = line_of(chorale, 0)
    >>> line.number.tolist(), line.phase.tolist()
    ([0, 1], [12, 0])
    """
    start, length, pitch = note_table(chorale, voice).T.astype(np.int64)
    if not len(start):
        raise ValueError(f"voice {voice} has no note; give one with a melody in it")
    bar, beat = _metre_lengths(chorale)
    phase = chorale.bar_phase().astype(np.int64)
    hint = np.zeros(len(start))
    for step, kind in set(hints):  # other parts may say the same
        if step >= start[0]:
            hint[np.searchsorted(start, step, side="right") - 1] += HINT_WEIGHTS[kind]
    return Line(
        start=start,
        end=start + length,
        pitch=pitch,
        number=np.cumsum(phase == 0)[start],
        phase=phase[start],
        bar=bar[start],
        beat=beat[start],
        tonic=tonic_class(chorale.key),
        hint=hint,
    )


def _metre_lengths(chorale: Chorale) -> tuple[IntArray, IntArray]:
    bar, beat = (np.empty(chorale.steps, dtype=np.int64) for _ in range(2))
    for step, metre in chorale.metre:
        over, under = (int(figure) for figure in metre.split("/"))
        bar[step:] = bar_steps(metre)
        beat[step:] = max(1, 16 // under) * (3 if under >= 8 and over in _COMPOUND else 1)
    return bar, beat
