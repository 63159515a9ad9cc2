"""Parts with several notes at once, told apart into single lines.

`split_lines` deals the notes of a part to as many voices as sound at once, the highest first. A
note that begins alone, while no other is held, is sung by all of them (a unison); one that begins
among fewer than all is shared by the voices that move least. Lines that the file tells apart are
kept. `outer_line` takes the top or the bottom of any number of notes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from heapq import heappop, heappush
from itertools import groupby, pairwise, product

from generator.music.formats.score import Note, Part

MOST_LINES = 4
_CROSSING = 100
"""Cost of two voices that are not in descending order, in semitones of motion."""
_REST = 15
"""Cost of a voice that rests while others sing, of more than two."""


def most_at_once(part: Part) -> tuple[int, int]:
    """How many notes sound together at most, and the first step where they do.

    Examples
    --------
    >>> most_at_once(Part("x", (Note(0, 4, 60), Note(2, 4, 64), Note(4, 8, 65))))
    (2, 2)
    """
    most, at = 0, 0
    sounding: list[int] = []  # a heap of ends
    for note in part.notes:
        while sounding and sounding[0] <= note.start:
            heappop(sounding)
        heappush(sounding, note.end)
        if len(sounding) > most:
            most, at = len(sounding), note.start
    return most, at


def outer_line(part: Part, *, lowest: bool = False) -> Part:
    """The top line of a part, or its bottom line.

    Examples
    --------
    >>> chord = Part("x", (Note(0, 8, 60), Note(0, 4, 64), Note(4, 8, 62)))
    >>> [note.pitch for note in outer_line(chord).notes]
    [64, 62]
    """
    sign = -1 if lowest else 1
    line: list[Note] = []
    for start, together in _beginnings(part.notes):
        best = max(together, key=lambda note: (sign * note.pitch, note.end))
        if line and line[-1].end > start:
            if sign * line[-1].pitch > sign * best.pitch:
                continue
            line[-1] = replace(line[-1], end=start)
        line.append(best)
    return Part(part.name, tuple(line))


def split_lines(part: Part, count: int) -> tuple[list[Part], list[int]]:
    """As many lines from high to low, and the steps where one note is that of several voices.

    At no moment may more than `count` notes sound.

    Examples
    --------
    >>> staff = Part("x", (Note(0, 4, 60), Note(0, 4, 64), Note(4, 8, 62)))
    >>> (upper, lower), shared = split_lines(staff, 2)
    >>> [note.pitch for note in upper.notes], [note.pitch for note in lower.notes], shared
    ([64, 62], [60, 62], [4])
    """
    if told := _told_lines(part, count):
        places = Counter((note.start, note.pitch) for note in part.notes)
        return told, sorted(start for (start, _), number in places.items() if number > 1)
    lines: list[list[Note]] = [[] for _ in range(count)]
    shared = []
    # Which note each voice is on: the same one in several voices is a unison.
    held: list[Note | None] = [None] * count
    for start, together in _beginnings(part.notes):
        held = [note if note and note.end > start else None for note in held]
        before = [line[-1].pitch if line else None for line in lines]
        dealt = _dealt(held, together, before)
        if sum(note in together for note in dealt if note) > len(together):
            shared.append(start)
        for voice, note in enumerate(dealt):
            if note is held[voice]:
                continue
            if held[voice] is not None:
                lines[voice][-1] = replace(lines[voice][-1], end=start)
            if note is not None:
                lines[voice].append(note)
        held = dealt
    return _named(part, lines), shared


def _told_lines(part: Part, count: int) -> list[Part]:
    """The lines that the file itself tells apart, which may cross; none if it does not."""
    numbers = sorted({note.line for note in part.notes})
    lines = [[note for note in part.notes if note.line == number] for number in numbers]
    if len(lines) != count or 0 in numbers:
        return []
    told = _named(part, lines)
    return told if all(most_at_once(line)[0] == 1 for line in told) else []


def _named(part: Part, lines: Sequence[Sequence[Note]]) -> list[Part]:
    return [
        Part(f"{part.name}, line {number} of {len(lines)}", tuple(line))
        for number, line in enumerate(lines, start=1)
    ]


def _beginnings(notes: Sequence[Note]) -> Iterator[tuple[int, list[Note]]]:
    """The notes that begin together, the highest first."""
    ordered = sorted(notes, key=lambda note: (note.start, -note.pitch, -note.end))
    for start, together in groupby(ordered, key=lambda note: note.start):
        yield start, list(together)


def _dealt(held: list[Note | None], new: list[Note], before: list[int | None]) -> list[Note | None]:
    """What each voice is on from now: its held note, one of the new ones, or none."""
    sounding = [note for note in held if note is not None]
    unisons = len(sounding) > len({id(note) for note in sounding})
    free = [voice for voice, note in enumerate(held) if note is None]
    if not unisons and len(free) == len(new):
        dealt = list(held)
        for voice, note in zip(free, new, strict=True):
            dealt[voice] = note
        return dealt
    must = {id(note) for note in (*sounding, *new)}
    ways: list[tuple[Note | None, ...]] = [
        tuple(way)
        for way in product(*(_choices(note, new, len(held)) for note in held))
        if {id(note) for note in way if note is not None} == must
    ]
    best = min(ways, key=lambda way: _cost(way, before))
    return list(best)


def _choices(held: Note | None, new: list[Note], voices: int) -> list[Note | None]:
    """Of two voices, neither rests where the other begins a note alone: it is a unison."""
    if held is not None:
        return [held, *new]
    return [*new] if voices == 2 else [*new, None]


def _cost(way: Sequence[Note | None], before: list[int | None]) -> int:
    pitches = [note.pitch for note in way if note is not None]
    crossed = sum(low > high for high, low in pairwise(pitches))
    motion = sum(
        abs(note.pitch - last)
        for note, last in zip(way, before, strict=True)
        if note is not None and last is not None
    )
    return _CROSSING * crossed + _REST * way.count(None) + motion
