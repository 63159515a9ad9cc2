"""How notes on the grid are written down: note values, ties, accidentals and beams.

Conventions
-----------
A length in steps has a note value if it is a power of two of sixteenths, or one with a dot. A
longer or crooked note is written as several tied together: cut at bar lines, and at the next beat
where it begins off the beat and reaches beyond it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from generator.music.formats.score import Bar, Note
from generator.music.grid.chorale import REST
from generator.music.grid.spelling import spelled

# Steps: (MusicXML name, dots).
VALUES: dict[int, tuple[str, int]] = {
    48: ("breve", 1),
    32: ("breve", 0),
    24: ("whole", 1),
    16: ("whole", 0),
    12: ("half", 1),
    8: ("half", 0),
    6: ("quarter", 1),
    4: ("quarter", 0),
    3: ("eighth", 1),
    2: ("eighth", 0),
    1: ("16th", 0),
}
_NATURAL = {"F": 1, "C": 2, "G": 3, "D": 4, "A": 5, "E": 6, "B": 7}


@dataclass(frozen=True)
class Sign:
    """One written note or rest: part of a note of the grid, within one bar."""

    note: Note
    start: int
    length: int
    phase: int

    @property
    def is_rest(self) -> bool:
        return self.note.pitch == REST

    @property
    def tied_from(self) -> bool:
        return not self.is_rest and self.start > self.note.start

    @property
    def tied_to(self) -> bool:
        return not self.is_rest and self.start + self.length < self.note.end


def beat_steps(metre: str) -> int:
    """Steps in one beat for beams and ties: a quarter, or a dotted one in 6/8 and its like."""
    over, under = (int(number) for number in metre.split("/"))
    return 6 if under == 8 and over % 3 == 0 else 4


def note_values(phase: int, length: int, beat: int) -> list[int]:
    """Lengths of the signs of a note that begins `phase` steps into its bar.

    Examples
    --------
    >>> note_values(0, 20, 4), note_values(3, 5, 4), note_values(2, 4, 4)
    ([16, 4], [1, 4], [4])
    """
    into_beat = phase % beat
    if into_beat and length > beat - into_beat and not _syncopated(into_beat, length):
        first = beat - into_beat
        return _largest_first(first)[::-1] + _largest_first(length - first)
    return _largest_first(length)


def signs_of(notes: Sequence[Note], bar: Bar) -> list[Sign]:
    """The signs of those notes, all of them at least in part inside the bar."""
    beat = beat_steps(bar.metre)
    signs = []
    for note in notes:
        at, stop = max(note.start, bar.start), min(note.end, bar.stop)
        for value in note_values(bar.phase + at - bar.start, stop - at, beat):
            signs.append(Sign(note, at, value, bar.phase + at - bar.start))
            at += value
    return signs


def accidentals(signs: Sequence[Sign], sharps: int) -> list[int | None]:
    """For each sign of a bar the alteration to print, or None where the bar so far implies it."""
    in_force: dict[tuple[str, int], int] = {}
    printed: list[int | None] = []
    for sign in signs:
        if sign.is_rest or sign.tied_from:
            printed.append(None)
            continue
        letter, alter, octave = spelled(sign.note.pitch, sharps)
        before = in_force.get((letter, octave), signed(letter, sharps))
        printed.append(alter if alter != before else None)
        in_force[letter, octave] = alter
    return printed


def signed(letter: str, sharps: int) -> int:
    """The alteration that a signature gives a letter.

    Examples
    --------
    >>> signed("F", 1), signed("B", -2), signed("C", 0)
    (1, -1, 0)
    """
    return (sharps - _NATURAL[letter]) // 7 + 1


def beams(signs: Sequence[Sign], metre: str) -> list[tuple[str, ...]]:
    """For each sign of a bar its beams, first level first; empty where it has none."""
    beat = beat_steps(metre)
    result: list[tuple[str, ...]] = [()] * len(signs)
    group: list[int] = []
    for index, sign in enumerate(signs):
        joins = group and signs[group[-1]].phase // beat == sign.phase // beat
        if not joins or not _has_flag(sign):
            _beam(signs, group, result)
            group = []
        if _has_flag(sign):
            group.append(index)
    _beam(signs, group, result)
    return result


def _largest_first(length: int) -> list[int]:
    values = []
    while length:
        # A double dot would do for 7; two signs are easier to read.
        value = 4 if length == 7 else next(value for value in VALUES if value <= length)
        values.append(value)
        length -= value
    return values


def _syncopated(into_beat: int, length: int) -> bool:
    # Eighth, quarter, eighth and the dotted quarter after an eighth are read at sight.
    return into_beat % 2 == 0 and length in (4, 6)


def _has_flag(sign: Sign) -> bool:
    return not sign.is_rest and sign.length < 4


def _beam(signs: Sequence[Sign], group: Sequence[int], result: list[tuple[str, ...]]) -> None:
    if len(group) < 2:
        return
    short = [signs[index].length == 1 for index in group]
    for place, index in enumerate(group):
        last = place == len(group) - 1
        first_level = "begin" if place == 0 else "end" if last else "continue"
        if not short[place]:
            result[index] = (first_level,)
            continue
        before = place > 0 and short[place - 1]
        after = not last and short[place + 1]
        second_level = {
            (True, True): "continue",
            (False, True): "begin",
            (True, False): "end",
            (False, False): "backward hook" if place else "forward hook",
        }[before, after]
        result[index] = (first_level, second_level)
