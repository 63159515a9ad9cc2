"""Beginnings and ends of notes put on sixteenths.

Beginnings decide: one that is off the grid by more than `TOLERANCE` refuses the file, or is moved
where that was asked for. Ends follow: the nearest sixteenth, at least one after the beginning.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import floor

from generator.music.formats.notation.notices import Notices
from generator.music.formats.notation.written import Time, WrittenNote
from generator.music.formats.score import on_grid

TOLERANCE = Fraction(1, 60)
"""Of a sixteenth: programs round."""


class GridPlacer:
    """Puts the times of notes, counted from the beginning of their bar, on the grid."""

    def __init__(self, notices: Notices, quantise: bool) -> None:
        self._notices = notices
        self._quantise = quantise

    def start(self, time: Time, label: str, place: str) -> int:
        """A beginning.

        Raises
        ------
        FormatError
            If it is off the grid, and is not to be moved; the message begins with place and label.
        """
        if isinstance(time, int):
            return time
        nearest = rounded(time)
        off = distance(time, nearest)
        if off > TOLERANCE:
            if not self._quantise:
                on_grid(time, TOLERANCE, f"{place}: {label} begins")
            self._notices.count("bent", "beginning", "moved to a sixteenth", place, off)
        else:
            self._notices.count("bent", "beginning", "rounded to a sixteenth", place, off)
        return nearest

    def without_lost(self, notes: Sequence[WrittenNote], place: str) -> Sequence[WrittenNote]:
        """Of notes that one voice has one after the other, and that are moved to one sixteenth, the
        longest stays."""
        if not self._quantise:
            return notes
        longest: dict[tuple[str, str, int], WrittenNote] = {}
        for note in notes:
            key = note.voice, note.staff, rounded(note.start)
            before = longest.setdefault(key, note)
            if note.end - note.start > before.end - before.start:
                longest[key] = note
        kept = []
        for note in notes:
            stays = longest[note.voice, note.staff, rounded(note.start)]
            if note.start == stays.start:
                kept.append(note)
            else:
                thing = "note* on the sixteenth of another"
                self._notices.count("left out", thing, "left out", place)
        return kept

    def end(self, time: Time, start: int, place: str) -> int:
        """An end, at least a sixteenth after the beginning."""
        if isinstance(time, int) and time > start:
            return time
        nearest = max(rounded(time), start + 1)
        off = distance(time, nearest)
        if off > TOLERANCE:
            self._notices.count("bent", "note end", "moved to a sixteenth", place, off)
        return nearest


def distance(time: Time, step: int) -> Fraction:
    """How far a time is from a step."""
    return Fraction(max(time - step, step - time))


def rounded(time: Time) -> int:
    """The nearest whole number; of two, the later.

    Examples
    --------
    >>> rounded(Fraction(5, 2)), rounded(Fraction(4, 3))
    (3, 1)
    """
    return time if isinstance(time, int) else floor(time + Fraction(1, 2))
