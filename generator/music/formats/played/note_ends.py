"""Where played notes end on the grid: beginnings are known, and ends follow them.

An end is

1. where another note of the same pitch begins meanwhile: that beginning;
2. on the beginning of another note, or on a line of the grid, within the tolerance: there;
3. early, so that the note has at least nine tenths of its time until the next beginning: that
   beginning, unless another is nearer;
4. less than a sixteenth after the beginning of another (legato): that beginning;
5. before a rest, in a line whose notes are all let go after the same share of their time, or the
   same time before or after the next beginning: where that makes it end; otherwise on the
   strongest line within nine tenths, or about a sixth of a sixteenth before it;
6. any other: the nearest sixteenth, at least one after the beginning.

In a line of which half the notes are early, 3 and 5 come before the lines of 2.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from statistics import median

LEAST_SHARE = Fraction(9, 10)
_ALIKE = Fraction(1, 50)
_EXACT_SHARE = Fraction(1, 20)
_NEAR = Fraction(1, 20)
_JUST_AFTER = Fraction(1, 5)
"""A half that is let go after nine tenths ends no sooner after a line."""
_LONGEST_BAR = 64
_FEWEST = 3
"""Notes of which a common share is known."""


@dataclass
class Played:
    """A note in steps: as played (`begun`, `ended`), and on the grid.

    `ended` is None where the note is never let go. `bent` is the kind of bending in `Bent`.
    """

    start: int
    begun: Fraction
    ended: Fraction | None
    pitch: int
    end: int = 0
    bent: str = ""
    is_loose: bool = False
    """Whether the ends of the others may still move this one."""
    following: int | None = None
    """The next beginning, if the note has nine tenths of its time until there."""


def nearest(place: Fraction) -> int:
    """The nearest step; the later one of two."""
    return floor(place + Fraction(1, 2))


def set_ends(
    notes: Sequence[Played],
    track_end: Fraction,
    tolerance: Fraction,
    strongest: Callable[[Sequence[int]], int],
) -> None:
    """Set the ends of the notes of one line, in the order of their beginnings."""
    line = _Beginnings(notes, tolerance)
    shares = []
    for note in notes:
        if note.ended is None:
            following = line.after(note.begun)
            note.end = nearest(track_end) if following is None else line.steps[following]
            if note.end <= note.start:  # its track ends with its beginning
                note.end = strongest(range(note.start + 1, note.start + _LONGEST_BAR + 1))
            note.bent = "endless"
        else:
            shares += line.first_end(note, note.ended)
    common = _common(shares, len(notes), 2 * _ALIKE)
    overlap = _overlap(notes, tolerance)
    is_gated = 2 * sum(note.bent == "early" for note in notes) >= len(notes)
    for note in notes:
        if note.is_loose and is_gated and note.following is not None:
            note.end, note.bent = note.following, "early"
        elif (
            note.is_loose
            and note.ended is not None
            and (overlap is None or not _ends_as_far(note, note.ended - overlap, tolerance))
        ):
            _last_end(note, note.ended, line, common, strongest)
        if note.end <= note.start:
            note.end, note.bent = note.start + 1, note.bent or "rounded"


class _Beginnings:
    """The beginnings of a line, as played and on the grid."""

    def __init__(self, notes: Sequence[Played], tolerance: Fraction) -> None:
        begun = sorted({note.begun: note.start for note in notes}.items())
        self.places = [place for place, _ in begun]
        self.steps = [step for _, step in begun]
        self.tolerance = tolerance
        self._of_pitch: dict[int, list[Played]] = {}
        for note in sorted(notes, key=lambda note: note.begun):
            self._of_pitch.setdefault(note.pitch, []).append(note)

    def after(self, place: Fraction) -> int | None:
        """The index of the next beginning."""
        index = bisect_right(self.places, place)
        return index if index < len(self.places) else None

    def first_end(self, note: Played, ended: Fraction) -> list[Fraction]:
        """Set the end by rules 1 to 4; returns the share of its time, if rule 3 tells one."""
        alike = self._of_pitch[note.pitch]
        again = bisect_right(alike, note.begun, key=lambda other: other.begun)
        if again < len(alike) and alike[again].begun < ended - self.tolerance:
            note.end, note.bent = alike[again].start, "held"
            return []
        index = bisect_left(self.places, ended - self.tolerance)
        following = self.places[index] if index < len(self.places) else None
        if following is not None and following <= ended + self.tolerance:
            note.end = self.steps[index]
            return []
        before = self.places[index - 1]
        into_another = before > note.begun
        if following is not None and not (into_another and ended - before < following - ended):
            # Both beginnings may be off by the tolerance.
            least = LEAST_SHARE * (following - note.begun - 2 * self.tolerance)
            note.following = self.steps[index] if ended - note.begun >= least else None
        line = nearest(ended)
        if abs(ended - line) <= self.tolerance:
            note.end, note.is_loose = line, True
        elif note.following is not None and following is not None:
            note.end, note.bent = note.following, "early"
            # Of shorter notes, rounding to ticks hides the share.
            if self.tolerance <= _ALIKE * (ended - note.begun):
                return [(ended - note.begun) / (following - note.begun)]
        elif into_another and ended - before < 1:
            note.end, note.bent = self.steps[index - 1], "held"
        else:
            note.is_loose, note.bent = True, "rounded"
        return []


def _overlap(notes: Sequence[Played], tolerance: Fraction) -> Fraction | None:
    """The time by which all notes outlast the next beginning, below zero if they are early.

    Early ones of one length have a common share as well, which counts.
    """
    held = [note.ended - note.end for note in notes if note.bent == "held" and note.ended]
    if (over := _common(held, len(notes), 2 * tolerance)) is not None:
        return over
    early = [note for note in notes if note.bent == "early"]
    lengths = [note.end - note.start for note in early]
    if max(lengths, default=0) < 2 * min(lengths, default=1):
        return None
    gaps = [note.ended - note.end for note in early if note.ended]
    return _common(gaps, len(notes), 2 * tolerance)


def _ends_as_far(note: Played, place: Fraction, tolerance: Fraction) -> bool:
    """Set the end to a place that is on the grid; whether it is."""
    line = nearest(place)
    is_there = bool(note.bent) and note.start < line and abs(place - line) <= tolerance
    if is_there:
        note.end, note.bent = line, "early" if note.ended and note.ended < line else "rounded"
    return is_there


def _common(values: list[Fraction], notes: int, spread: Fraction) -> Fraction | None:
    """The share of their time after which all notes of a line are let go, or the time by
    which they outlast the next beginning; None where they differ."""
    if len(values) < _FEWEST or 2 * len(values) < notes or max(values) - min(values) > spread:
        return None
    return median(values)


def _last_end(
    note: Played,
    ended: Fraction,
    line: _Beginnings,
    common: Fraction | None,
    strongest: Callable[[Sequence[int]], int],
) -> None:
    """Set the end by rules 5 and 6."""
    length = ended - note.begun
    if common is not None:
        whole = nearest(length / common)
        index = line.after(note.begun)
        room = index is None or note.start + whole <= line.steps[index]
        off = _EXACT_SHARE + line.tolerance
        if note.bent:
            off += whole * _ALIKE
        if room and abs(length / common - whole) <= off:
            note.end, note.bent = note.start + whole, "early"
            return
    if not note.bent:  # it ends on a line
        return
    note.end = nearest(ended)
    if abs(ended - note.end) > _NEAR:
        first = max(1, ceil(length - max(_JUST_AFTER - 2 * line.tolerance, Fraction(0))))
        shares = range(first, floor((length + line.tolerance) / LEAST_SHARE) + 1)
        if shares:
            note.end = strongest([note.start + share for share in shares])
            note.bent = "early" if note.end > ended else "rounded"
