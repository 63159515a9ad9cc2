"""Voices that begin late because the backup before them is a division too short."""

from __future__ import annotations

from dataclasses import replace

from generator.music.formats.notation.on_the_grid import TOLERANCE
from generator.music.formats.notation.written import (
    Time,
    WrittenMeasure,
    WrittenNote,
    WrittenRest,
    plain,
)


def mend_short_backups(measure: WrittenMeasure, division: Time, bar: Time) -> int:
    """Move voices that begin and end one division after the others; returns how many.

    They end after the bar, of length `bar` in its metre, or in one that is no whole bar. Divisions
    within the tolerance of the grid need no mending.
    """
    spans: dict[str, tuple[Time, Time]] = {}
    events: list[WrittenNote | WrittenRest] = [*measure.notes, *measure.rests]
    for event in events:
        start, end = spans.get(event.voice, (event.start, event.end))
        spans[event.voice] = min(start, event.start), max(end, event.end)
    length = max((end for start, end in spans.values() if not start), default=0)
    late = {voice for voice, span in spans.items() if span == (division, length + division)}
    if not late or division <= TOLERANCE or (length + division <= bar and not measure.implicit):
        return 0

    def moved(time: Time, voice: str) -> Time:
        return plain(time - division) if voice in late else time

    measure.notes = [
        replace(n, start=moved(n.start, n.voice), end=moved(n.end, n.voice)) for n in measure.notes
    ]
    measure.rests = [
        replace(r, start=moved(r.start, r.voice), end=moved(r.end, r.voice)) for r in measure.rests
    ]
    measure.length = length
    return len(late)
