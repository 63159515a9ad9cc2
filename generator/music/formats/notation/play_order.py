"""In which order measures are read: each once, or as they are played."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from generator.music.formats.format_errors import FormatError
from generator.music.formats.notation.written import RepeatMarks
from generator.music.formats.score import MAX_FILE_STEPS

MAX_TIMES = 10
"""How often a passage may be repeated."""


@dataclass(frozen=True)
class Ending:
    """Measures `first` to `last` are played at the passes `numbers`, of `passes` in all."""

    first: int
    last: int
    numbers: tuple[int, ...]
    passes: int = 2

    @property
    def is_of_last_pass(self) -> bool:
        return self.passes in self.numbers


def has_repeats(marks: Sequence[RepeatMarks]) -> bool:
    """Whether anything is played twice."""
    return any(mark.backward or mark.da_capo or mark.dal_segno for mark in marks)


def once(marks: Sequence[RepeatMarks]) -> list[int]:
    """Every measure once, and of the endings of a repeat only the last."""
    left_out = {
        measure
        for ending in endings_of(marks)
        if not ending.is_of_last_pass and ending.last + 1 < len(marks)
        for measure in range(ending.first, ending.last + 1)
    }
    return [measure for measure in range(len(marks)) if measure not in left_out]


def played(marks: Sequence[RepeatMarks]) -> list[int]:
    """The measures as they are played: repeats, endings, and after a jump back no repeats.

    Raises
    ------
    FormatError
        If that is longer than any file may be.
    """
    return _Player(marks).order()


def ending_numbers(text: str) -> tuple[int, ...]:
    """
    >>> ending_numbers("1, 2"), ending_numbers("1-3"), ending_numbers("")
    ((1, 2), (1, 2, 3), (1,))
    """
    numbers: list[int] = []
    for first, last in re.findall(r"(\d{1,3})(?:\s*-\s*(\d{1,3}))?", text):
        numbers += range(int(first), min(int(last or first), MAX_TIMES) + 1)
    return tuple(sorted({number for number in numbers if 0 < number <= MAX_TIMES})) or (1,)


def endings_of(marks: Sequence[RepeatMarks]) -> list[Ending]:
    """The endings of repeats in their order; one that is not closed ends at the repeat or before
    the next."""
    groups: list[list[Ending]] = []
    for first, mark in enumerate(marks):
        before = groups[-1][-1] if groups else None
        if not mark.ending or (before is not None and first <= before.last):
            continue
        ending = Ending(first, _last(marks, first), mark.ending)
        if before and before.last + 1 == first and min(mark.ending) > min(before.numbers):
            groups[-1].append(ending)
        else:
            groups.append([ending])
    found = []
    for group in groups:
        if any(marks[ending.last].backward for ending in group):
            passes = max(2, *(max(ending.numbers) for ending in group))
            found += [Ending(each.first, each.last, each.numbers, passes) for each in group]
    return found


def _last(marks: Sequence[RepeatMarks], first: int) -> int:
    last = first
    while last + 1 < len(marks) and not (marks[last].ending_stops or marks[last].backward):
        if marks[last + 1].ending or marks[last + 1].forward:
            break
        last += 1
    return last


class _Player:
    def __init__(self, marks: Sequence[RepeatMarks]) -> None:
        self._marks = marks
        self._ending_at = {
            measure: ending
            for ending in endings_of(marks)
            for measure in range(ending.first, ending.last + 1)
        }
        self._codas = [place for place, mark in enumerate(marks) if mark.coda]
        self._ways = {place for place, mark in enumerate(marks) if mark.to_coda}
        if not self._ways and len(self._codas) > 1:
            # The sign alone stands at both ends of the jump.
            self._ways = {self._codas[0]}
        self._section, self._pass, self._jumped = 0, 1, False

    def order(self) -> list[int]:
        order: list[int] = []
        at = 0
        while at < len(self._marks):
            mark, ending = self._marks[at], self._ending_at.get(at)
            if mark.forward and at != self._section:
                self._section, self._pass = at, 1
            if ending is not None and not self._plays(ending):
                at = ending.last + 1
                continue
            order.append(at)
            if len(order) > MAX_FILE_STEPS:
                raise FormatError(
                    f"its repeats make more than {MAX_FILE_STEPS} bars; read it with --repeats once"
                )
            if self._jumped and mark.fine:
                break
            at = self._next(at)
        return order

    def _plays(self, ending: Ending) -> bool:
        return ending.is_of_last_pass if self._jumped else self._pass in ending.numbers

    def _next(self, at: int) -> int:
        mark, ending = self._marks[at], self._ending_at.get(at)
        passes = mark.backward if ending is None else ending.passes
        if mark.backward and not self._jumped and self._pass < passes:
            self._pass += 1
            return self._section
        if mark.backward or (ending is not None and at == ending.last):
            self._section, self._pass = at + 1, 1
        if self._jumped and at in self._ways:
            return next((place for place in self._codas if place > at), at + 1)
        if (mark.da_capo or mark.dal_segno) and not self._jumped:
            self._jumped, self._section, self._pass = True, 0, 1
            return self._segno_before(at) if mark.dal_segno else 0
        return at + 1

    def _segno_before(self, at: int) -> int:
        return next((place for place in range(at, -1, -1) if self._marks[place].segno), 0)
