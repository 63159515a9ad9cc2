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
from dataclasses import dataclass

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
    starts = event_starts(chorale)
    pitch = chorale.pitch[:, starts]
    events = np.empty((len(starts), 5), dtype=np.int16)
    bass = pitch[3]
    events[0, 0] = _ABSENT
    events[1:, 0] = np.where((bass[1:] == REST) | (bass[:-1] == REST), _ABSENT, np.diff(bass))
    rests = (pitch[:3] == REST) | (bass == REST)
    events[:, 1:4] = np.where(rests, _ABSENT, pitch[:3] - bass).T
    events[:, 4] = np.diff(np.append(starts, chorale.steps))
    return events


def event_starts(chorale: Chorale) -> NDArray[np.intp]:
    """The steps at which the events begin."""
    starts: NDArray[np.intp] = np.concatenate([[0], chord_changes(chorale)])
    return starts


@dataclass(frozen=True)
class SharedRun:
    """A run of events that a piece shares with a work, and where it stands in both.

    It lasts from step `start` to `stop` of the piece and from `work_start` to `work_stop` of the
    work, which are as many steps. `transposition` is in semitones: the work moved up by so many
    sounds as the piece does. It is that of the first note of the bass (a move out of a rest has no
    size, so that later ones may differ), and 0 if the bass never sounds.
    """

    work: str
    events: int
    start: int
    stop: int
    work_start: int
    work_stop: int
    transposition: int


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
        self._works = dict(works)

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
        return int(self._runs(chorale, self._row_without(without)).max())

    def longest_shared(
        self, chorale: Chorale, *, without: Collection[str] = ()
    ) -> SharedRun | None:
        """The run of `longest_run` with its places; None if not even an event is shared.

        Of several equally long runs it is the one in the first work, at its first place there and
        in the chorale.

        Parameters
        ----------
        chorale : Chorale
        without : names of works to ignore

        Examples
        --------
        >>> c = Chorale(pitch=[[72, 74], [67, 67], [64, 65], [48, 47]], onset=[[1] * 2] * 4)
        >>> higher = c.with_voices(c.pitch + 2, c.onset)
        >>> run = CopyIndex({"BWV1": c}).longest_shared(higher)
        >>> run.work, run.events, run.work_stop, run.transposition
        ('BWV1', 2, 2, 2)
        """
        row = self._row_without(without)
        longest = self._runs(chorale, row)
        last = int(longest.argmax())
        events = int(longest[last])
        if not events:
            return None
        name, span = next(item for item in self._spans.items() if last < item[1].stop)
        ids = [self._ids.get(event.tobytes(), _UNSEEN) for event in events_of(chorale)]
        windows = np.lib.stride_tricks.sliding_window_view(np.array(ids), events)
        first = int((windows == row[last + 1 - events : last + 1]).all(axis=1).argmax())
        work, first_in_work = self._works[name], last + 1 - events - span.start
        start, stop = _steps(chorale, first, events)
        work_start, work_stop = _steps(work, first_in_work, events)
        return SharedRun(
            name,
            events,
            start,
            stop,
            work_start,
            work_stop,
            _transposition(chorale.pitch[3, start:stop], work.pitch[3, work_start:work_stop]),
        )

    def longest_runs(self, chorale: Chorale) -> dict[str, int]:
        """`longest_run` for each work by itself."""
        runs = self._runs(chorale, self._row)
        return {name: int(runs[span].max()) for name, span in self._spans.items()}

    def _row_without(self, names: Collection[str]) -> NDArray[np.int32]:
        row = self._row.copy() if names else self._row
        for name in names:
            if name in self._spans:
                row[self._spans[name]] = _GAP
        return row

    def _runs(self, chorale: Chorale, row: NDArray[np.int32]) -> NDArray[np.int32]:
        """int32[row]: length of the longest shared run that ends at each event of the works."""
        runs = np.zeros(len(row) + 1, dtype=np.int32)
        longest = runs.copy()
        for event in events_of(chorale):
            same = row == self._ids.get(event.tobytes(), _UNSEEN)
            runs[1:] = np.where(same, runs[:-1] + 1, 0)
            np.maximum(longest, runs, out=longest)
        return longest[1:]


def _steps(chorale: Chorale, first: int, events: int) -> tuple[int, int]:
    """The steps from the beginning of an event to the end of the last of so many."""
    ends = np.append(event_starts(chorale), chorale.steps)
    return int(ends[first]), int(ends[first + events])


def _transposition(bass: NDArray[np.integer], bass_of_work: NDArray[np.integer]) -> int:
    sounding = np.flatnonzero((bass != REST) & (bass_of_work != REST))
    return int(bass[sounding[0]]) - int(bass_of_work[sounding[0]]) if sounding.size else 0
