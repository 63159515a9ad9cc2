"""Fermatas that stand over no note."""

from __future__ import annotations

from dataclasses import replace

from generator.music.formats.notation.notices import Notices
from generator.music.formats.notation.written import WrittenMeasure, WrittenPart


def mark_note_before(
    part: WrittenPart, measure: WrittenMeasure, notices: Notices, over: str, voice: str = ""
) -> None:
    """Read a fermata over a rest or a bar line as one over the note before it, and say so.

    That is the note of `voice`, or of all, that ends last in `measure` so far or in the one before,
    which is the last of the part; the highest of several. Without one the fermata is left out.
    """
    thing, place = f"fermata* over a {over}", part.place(measure.number)
    for each in (measure, *part.measures[-1:]):
        notes = [note for note in each.notes if voice in ("", note.voice)]
        if notes:
            last = max(notes, key=lambda note: (note.end, note.pitch))
            each.notes[each.notes.index(last)] = replace(last, fermata=True)
            notices.count("phrases", thing, "read over the note before", place)
            return
    notices.count("left out", thing, "left out", place)
