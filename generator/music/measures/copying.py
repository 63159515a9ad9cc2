"""The copy check: the longest run that a piece shares with works of Bach.

Conventions
-----------
A chorale is read as a sequence of *events*, one at each step where any voice's pitch changes. An
event is (move, voicing, duration): the bass's move into it in semitones, the intervals of soprano,
alto and tenor above the bass, and its length in steps. Nothing depends on the key, so a transposed
copy is a copy. A rest has a value of its own as an interval and as a move, and so does the move
into the first event. All voices are compared, including the given ones: those are Bach's, but no
training work has their tune, so a long run shared with training is still a copy.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray

from generator.music.grid.chorale import REST, Chorale
from generator.music.measures.voice_leading import chord_changes

Events = NDArray[np.int16]  # [events, (move, S - B, A - B, T - B, duration)]

_ABSENT = np.int16(999)  # an interval or move with a rest, or nothing, on one side
_GAP = -1  # between two works
_UNSEEN = -2  # an event of no training work


def events_of(chorale: Chorale) -> Events:
    """The chorale's events as int16[events, 5]; the columns are those of `Events`.

    Examples
    --------
    >>> c = Chorale(pitch=[[72, 74], [67, 67], [64, 65], [48, 47]], onset=[[1] * 2] * 4)
    >>> events_of(c)[1].tolist()
    [-1, 27, 20, 18, 1]
    """
    starts = np.concatenate([[0], chord_changes(chorale)])
    pitch = chorale.pitch[:, starts]
    events = np.empty((len(starts), 5), dtype=np.int16)
    bass = pitch[3]
    events[0, 0] = _ABSENT
    events[1:, 0] = np.where((bass[1:] == REST) | (bass[:-1] == REST), _ABSENT, np.diff(bass))
    rests = (pitch[:3] == REST) | (bass == REST)
    events[:, 1:4] = np.where(rests, _ABSENT, pitch[:3] - bass).T
    events[:, 4] = np.diff(np.append(starts, chorale.steps))
    return events


class CopyIndex:
    """Training works, indexed for the search of shared runs.

    Parameters
    ----------
    works : mapping of name to Chorale
        Whole works, as the machine saw them.

    Raises
    ------
    ValueError
        If there are no works.
    """

    def __init__(self, works: Mapping[str, Chorale]) -> None:
        if not works:
            raise ValueError("no works to compare with; give the composer's training works")
        self._ids: dict[bytes, int] = {}
        rows: list[int] = []
        spans: dict[str, slice] = {}
        for name, chorale in works.items():
            start = len(rows)
            rows += [self._ids.setdefault(e.tobytes(), len(self._ids)) for e in events_of(chorale)]
            rows.append(_GAP)
            spans[name] = slice(start, len(rows))
        self._row = np.array(rows, dtype=np.int32)
        self._spans = spans

    def longest_run(self, chorale: Chorale, *, without: Collection[str] = ()) -> int:
        """Length in events of the longest run that the chorale shares with any of the works.

        Parameters
        ----------
        chorale : Chorale
        without : names of works to ignore, such as those of the chorale's own tune family

        Notes
        -----
        One pass over the chorale: `runs[i]` is the length of the shared run that ends at event i of
        the works. The cost is the product of the numbers of events, all in numpy.
        """
        row = self._row
        if without:
            row = row.copy()
            for name in without:
                if name in self._spans:
                    row[self._spans[name]] = _GAP
        return int(self._runs(chorale, row).max())

    def longest_runs(self, chorale: Chorale) -> dict[str, int]:
        """`longest_run` for each work by itself."""
        runs = self._runs(chorale, self._row)
        return {name: int(runs[span].max()) for name, span in self._spans.items()}

    def _runs(self, chorale: Chorale, row: NDArray[np.int32]) -> NDArray[np.int32]:
        """int32[row]: length of the longest shared run that ends at each event of the works."""
        runs = np.zeros(len(row) + 1, dtype=np.int32)
        longest = runs.copy()
        for event in events_of(chorale):
            same = row == self._ids.get(event.tobytes(), _UNSEEN)
            runs[1:] = np.where(same, runs[:-1] + 1, 0)
            np.maximum(longest, runs, out=longest)
        return longest[1:]
