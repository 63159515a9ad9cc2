"""Faults of decoding that the literature reports: loops, collapse into one chord, wrong ranges.

Conventions
-----------
Only written voices are read, from the first written step to the last. An *event* begins wherever
one of these voices begins a note or a rest; it is what they sing, which of them begin, and how long
it lasts. A *loop* is a stretch of at most `MAX_PERIOD` events that is sung at least twice without a
break, so an endless trill and a repeated chord are loops, and one held chord is not: that is a
collapse.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from generator.music.grid.chorale import REST, BoolArray, Chorale, bar_steps
from generator.music.measures.counts import Count

MAX_PERIOD = 8
LOOP_BARS = 4
COLLAPSE_SHARE = 0.5

Ranges = tuple[tuple[int, int], ...]


def longest_loop(chorale: Chorale, written: BoolArray) -> int:
    """Length in steps of the longest loop; 0 if nothing is sung twice in a row.

    Parameters
    ----------
    chorale : Chorale
    written : bool[4] or bool[4, T]

    Examples
    --------
    >>> trill = Chorale(pitch=[[60, 62] * 8] * 4, onset=[[1] * 16] * 4)
    >>> longest_loop(trill, np.array([True, False, False, False]))
    16
    """
    ids, ends = _events(*_written_part(chorale, written))
    starts = np.append(0, ends[:-1])
    longest = 0
    for period in range(1, min(MAX_PERIOD, len(ids) - 1) + 1):
        same = np.concatenate([[False], ids[period:] == ids[:-period], [False]])
        edges = np.flatnonzero(np.diff(same.astype(np.int8)))
        for first, last in zip(edges[::2], edges[1::2], strict=True):
            # Events first .. first + period - 1 are sung again up to the event last + period - 1.
            if last - first >= period:
                longest = max(longest, int(ends[last + period - 1] - starts[first]))
    return longest


def loops(chorale: Chorale, written: BoolArray) -> Count:
    """1 if a loop lasts over four bars, of 1 if the written part does; of 0 if it is shorter."""
    bars = LOOP_BARS * bar_steps(chorale.metre[0][1])
    pitch, _ = _written_part(chorale, written)
    if pitch.shape[1] <= bars:
        return Count()
    return Count(int(longest_loop(chorale, written) > bars), 1)


def collapses(chorale: Chorale, written: BoolArray) -> bool:
    """Whether the written voices sing one and the same chord for more than half of the time."""
    pitch, _ = _written_part(chorale, written)
    _, counts = np.unique(pitch, axis=1, return_counts=True)
    return bool(counts.max() > COLLAPSE_SHARE * pitch.shape[1])


def out_of_range(chorale: Chorale, written: BoolArray, ranges: Ranges) -> Count:
    """Written notes outside the ranges, of all written notes.

    Parameters
    ----------
    chorale : Chorale
    written : bool[4] or bool[4, T]
    ranges : the lowest and highest pitch of each voice
    """
    begins = chorale.onset & _as_cells(chorale, written)
    low, high = (np.array(ends)[:, None] for ends in zip(*ranges, strict=True))
    outside = begins & ((chorale.pitch < low) | (chorale.pitch > high))
    return Count(int(outside.sum()), int(begins.sum()))


def ranges_of(chorales: list[Chorale]) -> Ranges:
    """The lowest and highest pitch of each voice in some works."""
    voices = [np.concatenate([c.pitch[voice] for c in chorales]) for voice in range(4)]
    return tuple((int(p[p != REST].min()), int(p.max())) for p in voices)


def _as_cells(chorale: Chorale, written: BoolArray) -> BoolArray:
    cells = written if written.ndim == 2 else written[:, None]
    return np.broadcast_to(cells, chorale.pitch.shape)


def _written_part(chorale: Chorale, written: BoolArray) -> tuple[NDArray[np.int16], BoolArray]:
    """Pitches and onsets of the written voices, from the first written step to the last."""
    cells = _as_cells(chorale, written)
    voices, steps = cells.any(axis=1), np.flatnonzero(cells.any(axis=0))
    if not steps.size:
        raise ValueError("no cell is written, so there is nothing to look for")
    span = slice(int(steps[0]), int(steps[-1]) + 1)
    return chorale.pitch[voices, span], chorale.onset[voices, span]


def _events(
    pitch: NDArray[np.int16], onset: BoolArray
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """A number for each event, equal for equal events, and the steps at which they end."""
    begins: BoolArray = np.array(onset.any(axis=0))
    begins[1:] |= (pitch[:, 1:] != pitch[:, :-1]).any(axis=0)
    begins[0] = True
    starts = np.flatnonzero(begins)
    ends = np.append(starts[1:], pitch.shape[1])
    content = np.vstack([pitch[:, starts], onset[:, starts], ends - starts])
    _, ids = np.unique(content, axis=1, return_inverse=True)
    return ids.ravel(), ends
