"""Voices of a part as the lines of its staves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import fmean

from generator.music.formats.format_errors import FormatError
from generator.music.formats.notation.notices import Notices
from generator.music.formats.notation.sounding_notes import Silence, SoundingNote
from generator.music.formats.notation.written import Time
from generator.music.formats.score import Note, Part

MAX_VOICES = 64

Line = list[SoundingNote]
Spans = list[tuple[Time, Time]]


def staff_parts(
    name: str,
    notes: Sequence[SoundingNote],
    silences: Sequence[Silence],
    tablatures: frozenset[str],
    notices: Notices,
) -> list[Part]:
    """A part for each staff that has notes; its lines are numbered where they can be told apart.

    Staves of tablature, which repeat the notes of others, are left out.
    """
    others = [note for note in notes if note.staff not in tablatures]
    if 0 < len(others) < len(notes):
        notes = others
        notices.say("left out", f"{name}: the tablature is left out")
    voices: dict[str, Line] = {}
    for note in notes:
        voices.setdefault(note.voice, []).append(note)
    if len(voices) > MAX_VOICES:
        raise FormatError(f"{name} has {len(voices)} voices; give a single chorale")
    _drop_hidden(name, voices, notices)
    staves: dict[str, dict[str, Line]] = {}
    for voice in sorted(voices, key=_natural):
        home = Counter(note.staff for note in voices[voice]).most_common(1)[0][0]
        staves.setdefault(home, {})[voice] = voices[voice]
    several = len(staves) > 1
    parts = []
    for staff in sorted(staves, key=_natural):
        part = f"{name}, staff {staff:.9}" if several else name
        lines = _merged(part, staves[staff], notices)
        rests = [
            [(rest.start, rest.end) for rest in silences if rest.voice in voices_of_line]
            for voices_of_line in lines
        ]
        parts.append(Part(part, _notes(list(lines.values()), rests)))
    return parts or [Part(name, ())]


def _natural(text: str) -> tuple[int, str]:
    digits = text.split(" ")[0]
    return (int(digits) if digits.isdecimal() and len(digits) < 9 else 10**9, text)


def _drop_hidden(name: str, voices: dict[str, Line], notices: Notices) -> None:
    """Leave out voices of which nothing is printed, beside others."""
    hidden = [voice for voice, line in voices.items() if all(note.hidden for note in line)]
    if len(hidden) == len(voices):
        return
    for voice in hidden:
        notices.say("left out", f"{name}: voice {voice:.20} is not printed and left out")
        del voices[voice]


def _merged(name: str, voices: dict[str, Line], notices: Notices) -> dict[tuple[str, ...], Line]:
    """Voices that never sound together are one line."""
    lines: dict[tuple[str, ...], Line] = {}
    for voice, notes in voices.items():
        apart = next((each for each in lines if not _meet(lines[each], notes)), None)
        if apart is None:
            lines[voice,] = notes
        else:
            both = sorted([*lines.pop(apart), *notes], key=lambda note: note.start)
            lines[*apart, voice] = both
    for merged in lines:
        if len(merged) > 1:
            numbers = f"{', '.join(merged[:-1])} and {merged[-1]}"
            notices.say(
                "voices", f"{name}: voices {numbers:.60} never sound together and are one line"
            )
    return lines


def _meet(first: Line, second: Line) -> bool:
    """Whether two lines ever sound together."""
    ordered = sorted([*first, *second], key=lambda note: note.start)
    latest = {id(first): 0, id(second): 0}
    members = {id(note) for note in first}
    for note in ordered:
        own, other = (first, second) if id(note) in members else (second, first)
        if latest[id(other)] > note.start:
            return True
        latest[id(own)] = max(latest[id(own)], note.end)
    return False


def _notes(lines: Sequence[Line], rests: Sequence[Spans]) -> tuple[Note, ...]:
    plain = [[Note(n.start, n.end, n.pitch, n.fermata) for n in line] for line in lines]
    if len(lines) > 1 and not any(_has_chords(line) for line in plain):
        order = sorted(range(len(plain)), key=lambda at: -fmean(n.pitch for n in plain[at]))
        plain = [[replace(n, line=number) for n in plain[at]] for number, at in enumerate(order, 1)]
        if len(plain) == 2:
            _fill_unisons(plain, [rests[at] for at in order])
    return tuple(sorted((n for line in plain for n in line), key=lambda n: (n.start, -n.pitch)))


def _has_chords(line: Sequence[Note]) -> bool:
    return any(after.start < before.end for before, after in pairwise(line))


def _fill_unisons(lines: list[list[Note]], rests: Sequence[Spans]) -> None:
    """A note is of both lines of its staff where the other has neither a note nor a rest."""
    shared: list[tuple[Note, int]] = []
    for own, other in ((0, 1), (1, 0)):
        spans = sorted([*((n.start, n.end) for n in lines[other]), *rests[other]])
        at = 0
        for note in lines[own]:
            while at < len(spans) and spans[at][1] <= note.start:
                at += 1
            if at == len(spans) or spans[at][0] >= note.end:
                shared.append((note, other))
    for note, other in shared:
        lines[other].append(replace(note, line=lines[other][0].line))
