"""How notes on the grid are engraved: note values, ties, accidentals and beams.

Conventions
-----------
A length in steps has a note value if it is a power of two of sixteenths, or one with a dot. Any
other note is written as several tied together. It is cut at bar lines, and if it begins off the
beat and reaches beyond the next one, there too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from generator.music.formats.score import Note, ScoreBar
from generator.music.grid.chorale import REST
from generator.music.grid.spelling import spelled

# Steps: (MusicXML name, dots).
NOTE_VALUES: dict[int, tuple[str, int]] = {
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
_ORDER_OF_SHARPS = {"F": 1, "C": 2, "G": 3, "D": 4, "A": 5, "E": 6, "B": 7}


@dataclass(frozen=True)
class NoteSymbol:
    """One engraved note or rest: a note on the grid, or the part of it within one bar."""

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


def beam_group_steps(metre: str) -> int:
    """Steps in one beat for beams and ties: a quarter, or a dotted quarter in 6/8 and the like."""
    over, under = (int(number) for number in metre.split("/"))
    return 6 if under == 8 and over % 3 == 0 else 4


def note_values(phase: int, length: int, beat: int) -> list[int]:
    """Lengths of the symbols of a note that begins `phase` steps into its bar.

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


def symbols_of(notes: Sequence[Note], bar: ScoreBar) -> list[NoteSymbol]:
    """The symbols of notes that lie in the bar, entirely or in part."""
    beat = beam_group_steps(bar.metre)
    symbols = []
    for note in notes:
        at, stop = max(note.start, bar.start), min(note.end, bar.stop)
        for value in note_values(bar.phase + at - bar.start, stop - at, beat):
            symbols.append(NoteSymbol(note, at, value, bar.phase + at - bar.start))
            at += value
    return symbols


def accidentals(symbols: Sequence[NoteSymbol], sharps: int) -> list[int | None]:
    """The accidental of each symbol of a bar; None where the bar so far implies it."""
    in_force: dict[tuple[str, int], int] = {}
    printed: list[int | None] = []
    for symbol in symbols:
        if symbol.is_rest or symbol.tied_from:
            printed.append(None)
            continue
        letter, alter, octave = spelled(symbol.note.pitch, sharps)
        before = in_force.get((letter, octave), key_alteration(letter, sharps))
        printed.append(alter if alter != before else None)
        in_force[letter, octave] = alter
    return printed


def key_alteration(letter: str, sharps: int) -> int:
    """The alteration that a signature gives a letter.

    Examples
    --------
    >>> key_alteration("F", 1), key_alteration("B", -2), key_alteration("C", 0)
    (1, -1, 0)
    """
    return (sharps - _ORDER_OF_SHARPS[letter]) // 7 + 1


def beams(symbols: Sequence[NoteSymbol], metre: str) -> list[tuple[str, ...]]:
    """The beams of each symbol of a bar, first level first; empty where it has none."""
    beat = beam_group_steps(metre)
    result: list[tuple[str, ...]] = [()] * len(symbols)
    group: list[int] = []
    for index, symbol in enumerate(symbols):
        joins = group and symbols[group[-1]].phase // beat == symbol.phase // beat
        if not joins or not _has_flag(symbol):
            _beam(symbols, group, result)
            group = []
        if _has_flag(symbol):
            group.append(index)
    _beam(symbols, group, result)
    return result


def _largest_first(length: int) -> list[int]:
    values = []
    while length:
        # A double dot would do for 7; two symbols are easier to read.
        value = 4 if length == 7 else next(value for value in NOTE_VALUES if value <= length)
        values.append(value)
        length -= value
    return values


def _syncopated(into_beat: int, length: int) -> bool:
    # An off-beat quarter or dotted quarter after an eighth is easy to read in one piece.
    return into_beat % 2 == 0 and length in (4, 6)


def _has_flag(symbol: NoteSymbol) -> bool:
    return not symbol.is_rest and symbol.length < 4


def _beam(
    symbols: Sequence[NoteSymbol], group: Sequence[int], result: list[tuple[str, ...]]
) -> None:
    if len(group) < 2:
        return
    short = [symbols[index].length == 1 for index in group]
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
