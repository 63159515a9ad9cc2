"""The notes of a part on the grid, with their ties."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from generator.music.formats.format_errors import FormatError
from generator.music.formats.notation.notices import Notices
from generator.music.formats.notation.on_the_grid import GridPlacer
from generator.music.formats.notation.written import Time, WrittenNote, WrittenPart
from generator.music.grid.spelling import note_name

MAX_NOTES = 100_000
"""Of all parts; with repeats, a small file could have any number."""


@dataclass(slots=True)
class SoundingNote:
    """A note from step `start` to step `end`; a tied one is one note."""

    start: int
    end: int
    pitch: int
    voice: str
    staff: str
    fermata: bool
    hidden: bool
    tied_from: bool
    tied_on: bool
    place: str


@dataclass(frozen=True)
class Silence:
    """A rest that is printed."""

    start: Time
    end: Time
    voice: str


def sounding_notes(
    part: WrittenPart, order: Sequence[int], starts: Sequence[int], placer: GridPlacer
) -> tuple[list[SoundingNote], list[Silence]]:
    """The notes of a part by their beginnings, and its printed rests.

    Parameters
    ----------
    order : measures in the order in which they are read
    starts : their first steps, and the end
    """
    present = [(index, at) for at, index in enumerate(order) if index < len(part.measures)]
    if sum(len(part.measures[index].notes) for index, _ in present) > MAX_NOTES:
        raise FormatError(f"{part.name} has more than {MAX_NOTES:,} notes; give a single chorale")
    shared = _voices_of_several_staves(part)
    notes, silences = [], []
    for index, at in present:
        measure, start, stop = part.measures[index], starts[at], starts[at + 1]
        place = part.place(measure.number)
        for note in placer.without_lost(measure.notes, place):
            voice = _voice(note.voice, note.staff, shared)
            notes.append(_placed(note, voice, start, stop, place, placer))
        for rest in measure.rests:
            if not rest.hidden:
                end = stop if rest.whole else start + rest.end
                silences.append(
                    Silence(start + rest.start, end, _voice(rest.voice, rest.staff, shared))
                )
    notes.sort(key=lambda note: note.start)
    return notes, silences


def _voice(voice: str, staff: str, shared: set[str]) -> str:
    return f"{voice} of staff {staff}" if voice in shared else voice


def _placed(
    note: WrittenNote, voice: str, bar: int, stop: int, place: str, placer: GridPlacer
) -> SoundingNote:
    label = note_name(note.pitch)
    start = placer.start(note.start, label, place)
    end = placer.end(note.end, start, place)
    return SoundingNote(
        bar + start,
        max(bar + start + 1, min(bar + end, stop)),
        note.pitch,
        voice,
        note.staff,
        note.fermata,
        note.hidden,
        note.tied_from,
        note.tied_on,
        place,
    )


def _voices_of_several_staves(part: WrittenPart) -> set[str]:
    """Voices whose number two staves use at once: two voices, and none that crosses."""
    shared: set[str] = set()
    for measure in part.measures:
        ends: dict[tuple[str, str], Time] = {}
        for note in sorted(measure.notes, key=lambda note: note.start):
            if note.chord or note.voice in shared:
                continue
            for staff in {s for v, s in ends if v == note.voice} - {note.staff}:
                if ends[note.voice, staff] > note.start:
                    shared.add(note.voice)
            key = note.voice, note.staff
            ends[key] = max(ends.get(key, 0), note.end)
    return shared


def tied(notes: Iterable[SoundingNote], notices: Notices) -> list[SoundingNote]:
    """Notes in which tied ones are one.

    A tie goes on with the note of its pitch that begins where it ends, in whatever voice, first of
    all with one where a tie ends. A tie that is begun and never ended joins, too.
    """
    joined: list[SoundingNote] = []
    ending: dict[tuple[int, int], list[SoundingNote]] = defaultdict(list)
    for note in sorted(notes, key=lambda note: (note.start, not note.tied_from)):
        before = _tied_to(note, ending[note.pitch, note.start])
        if before is None:
            joined.append(note)
            ending[note.pitch, note.end].append(note)
            continue
        if not (note.tied_from and before.tied_on):
            tie, side = ("unended", "next") if before.tied_on else ("unbegun", "last")
            fate = f"joined to the {side} note of the same pitch"
            notices.count("bent", f"{tie} tie", fate, before.place)
        ending[note.pitch, note.start].remove(before)
        before.end, before.tied_on = note.end, note.tied_on
        before.fermata = before.fermata or note.fermata
        ending[before.pitch, before.end].append(before)
    for note in joined:
        if note.tied_on:
            notices.count("left out", "tie* without a second note", "left out", note.place)
    return joined


def _tied_to(note: SoundingNote, before: Sequence[SoundingNote]) -> SoundingNote | None:
    """The note that goes on in this one, if there is one: of its own voice, if it can be."""
    begun = sorted((n for n in before if n.tied_on), key=lambda n: n.voice != note.voice)
    if note.tied_from:
        begun += [each for each in before if each.voice == note.voice]
    return begun[0] if begun else None
