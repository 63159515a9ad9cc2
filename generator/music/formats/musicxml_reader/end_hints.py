"""What a note of a score says of a phrase end: its breath mark, and its syllable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.music.phrase_ends.hints import EndHint, syllable_hint

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


def end_hints(note: Element, start: int) -> list[EndHint]:
    """Hints of a note that begins at step `start`; of verses, the first counts."""
    marks = ("breath-mark", "caesura")
    breath = any(note.find(f"notations/articulations/{mark}") is not None for mark in marks)
    lyric = note.find("lyric")
    text = "" if lyric is None else "".join(part.text or "" for part in lyric.iterfind("text"))
    goes_on = lyric is not None and lyric.findtext("syllabic") in ("begin", "middle")
    return [EndHint(start, "breath")] * breath + syllable_hint(start, text, goes_on=goes_on)
