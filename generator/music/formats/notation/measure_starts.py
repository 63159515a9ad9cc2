"""Where measures begin on the grid: their lengths, the metre, the pickup."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from generator.music.formats.format_errors import FormatError
from generator.music.formats.notation.notices import Notices
from generator.music.formats.notation.on_the_grid import TOLERANCE, distance, rounded
from generator.music.formats.notation.written import SENZA_MISURA, WrittenMeasure
from generator.music.formats.score import MAX_FILE_STEPS, on_grid
from generator.music.grid.chorale import Metre

Column = Sequence[WrittenMeasure]
"""The same measure of all parts."""


@dataclass(frozen=True)
class MeasureFrame:
    """The metre, the pickup, and the first step of each measure and of the end."""

    metre: Metre
    pickup: int
    starts: list[int]


class FrameBuilder:
    """Lays the measures one after the other, in the order in which they are read."""

    def __init__(self, columns: Sequence[Column], notices: Notices, quantise: bool) -> None:
        self._columns = columns
        self._notices = notices
        self._quantise = quantise
        self._metres = self._metre_of_each()
        self._metre: list[tuple[int, str]] = []
        self._bar = self._phase = 0

    def frame(self, order: Sequence[int]) -> MeasureFrame:
        starts, pickup = [0], 0
        for place, index in enumerate(order):
            start, column = starts[-1], self._columns[index]
            follows = place > 0 and order[place - 1] + 1 == index
            is_new = follows and any(measure.metre for measure in column)
            self._enter(start, index, is_new)
            length = self._length(column, is_last=place + 1 == len(order))
            if place == 0 and length < self._bar and self._is_pickup():
                pickup, self._phase = length, self._bar - length
            if self._phase and self._phase + length > self._bar:
                # The bars before did not fill up, but there is a bar line here.
                self._metre.append((start, self._metre[-1][1]))
                self._phase = 0
            if self._bar:
                self._phase = (self._phase + length) % self._bar
            else:
                self._bar_freely(start, start + length, column)
            starts.append(start + length)
            if starts[-1] > MAX_FILE_STEPS:
                raise FormatError(
                    f"the score is longer than {MAX_FILE_STEPS} sixteenths; give a single chorale"
                )
        return MeasureFrame(tuple(self._metre), pickup, starts)

    def _metre_of_each(self) -> list[str]:
        """The metre in which each measure stands, in the order of the file."""
        written = [next((m.metre for m in column if m.metre), "") for column in self._columns]
        now = next((metre for metre in written[:1] if metre), "")
        if not any(written):
            now = self._guessed()
            self._notices.say("metre", f"there is no time signature: the metre is taken as {now}")
        elif not now:
            now = "4/4"
            self._notices.say("metre", f"the first bar has no time signature: it is read as {now}")
        metres = []
        for metre in written:
            now = metre or now
            metres.append(now)
        return metres

    def _guessed(self) -> str:
        """The length that most bars have, between the first and the last."""
        lengths = Counter(
            max((measure.length for measure in column), default=0) for column in self._columns[1:-1]
        )
        length = max(lengths, key=lambda each: lengths[each]) if lengths else 16
        return _metre_of(int(length)) if length == int(length) and length > 0 else "4/4"

    def _enter(self, start: int, index: int, is_new: bool) -> None:
        """Note the metre of a measure, if it is written there or is not the one before."""
        metre = self._metres[index]
        if metre == SENZA_MISURA:
            self._bar = self._phase = 0
            return
        if not self._metre or is_new or not self._bar or metre != self._metre[-1][1]:
            self._metre.append((start, metre))
            self._bar, self._phase = _bar(metre), 0

    def _length(self, column: Column, is_last: bool) -> int:
        left = self._bar - self._phase
        length = max(measure.length for measure in column)
        if not length:
            rest = max(measure.rest_length for measure in column)
            return rounded(min(rest, left) if left else rest) or left
        nearest = rounded(length) or 1
        off = distance(length, nearest)
        if off <= TOLERANCE or is_last:
            return nearest
        number = column[0].number
        if left and distance(length, left) < 1:
            nearest = left
        elif not self._quantise:
            on_grid(length, TOLERANCE, f"bar {number} ends")
        self._notices.count("bent", "bar end", "moved to a sixteenth", f"bar {number}", off)
        return nearest

    def _is_pickup(self) -> bool:
        first = self._columns[0][0]
        if first.implicit or first.number == "0":
            return True
        return len(self._columns) > 1 and not any(measure.metre for measure in self._columns[1])

    def _bar_freely(self, start: int, stop: int, column: Column) -> None:
        """Bars of music without metre: they end after fermatas, and with the written measures."""
        ends = {
            start + rounded(note.end)
            for measure in column
            for note in measure.notes
            if note.fermata
        }
        if len(self._columns) == 1 and not ends:
            raise FormatError(
                "the score has no metre (senza misura) and no bars; give it a time signature, or "
                "set fermatas where phrases end"
            )
        self._notices.say(
            "metre",
            "no metre (senza misura): bars end with fermatas and with written bars or lines",
        )
        at = start
        for end in sorted({end for end in ends if start < end < stop} | {stop}):
            if end > at:
                self._metre.append((at, _metre_of(end - at)))
            at = end


def _metre_of(steps: int) -> str:
    """
    >>> _metre_of(12), _metre_of(6), _metre_of(28)
    ('3/4', '3/8', '7/4')
    """
    unit = next(each for each in (4, 2, 1) if steps % each == 0)
    if steps // unit > 99:
        raise FormatError(
            f"{steps} sixteenths have no bar line (senza misura); give the score a time signature"
        )
    return f"{steps // unit}/{16 // unit}"


def _bar(metre: str) -> int:
    over, _, under = metre.partition("/")
    if under not in ("1", "2", "4", "8", "16") or not 0 < int(over) < 100:
        raise FormatError(f"metre {metre!r} does not fit sixteenths; use one such as 4/4 or 6/8")
    return int(over) * 16 // int(under)
