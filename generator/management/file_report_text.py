"""A report on a file as lines for a terminal, with a piano roll of one line a voice."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from generator.errors import in_one_line
from generator.music.grid.chorale import REST, VOICE_NAMES, Chorale
from generator.services.file_report import PartReport, ReadingReport

LABEL = 10
"""Columns of the words at the left."""
NARROWEST = 20
BLOCKS = "▁▂▃▄▅▆▇█"
DIGITS = "12345678"


def report_lines(report: ReadingReport, *, width: int, plain: bool) -> Iterator[str]:
    """The report; in plain text the heights of the roll are digits, elsewhere blocks."""
    facts = [("file", report.name), ("title", report.title)]
    facts += [("part", _part(part)) for part in report.parts]
    facts += [("key", f"{report.key} ({report.key_origin})"), ("metre", _metre(report))]
    facts += [(remark.kind, remark.text) for remark in report.remarks]
    for label, text in facts:
        if text:
            yield f"{label:<{LABEL}}{in_one_line(text)}"
    yield from roll_lines(report, width=width, heights=DIGITS if plain else BLOCKS)


def roll_lines(report: ReadingReport, *, width: int, heights: str) -> Iterator[str]:
    """A line for each voice, from its lowest note to its highest, and one for the phrase ends."""
    chorale = report.chorale
    columns = min(chorale.steps, max(width - LABEL, NARROWEST))
    edges = np.arange(columns + 1) * chorale.steps // columns
    for voice in report.voices:
        signs = (_sign(chorale, voice, *span, heights) for span in _spans(edges))
        yield f"{VOICE_NAMES[voice]:<{LABEL}}{''.join(signs)}".rstrip()
    last_steps = np.array([end.end - 1 for end in report.phrases.ends], dtype=np.int64)
    marks = np.full(columns, " ")
    marks[np.searchsorted(edges, last_steps, side="right") - 1] = "^"
    yield f"{'ends':<{LABEL}}{''.join(marks)}".rstrip()


def _spans(edges: np.ndarray) -> Iterator[tuple[int, int]]:
    yield from zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)


def _sign(chorale: Chorale, voice: int, start: int, stop: int, heights: str) -> str:
    """The height of the last note that sounds in a column; a space for a rest."""
    line = chorale.pitch[voice]
    sounding = line[start:stop][line[start:stop] != REST]
    if not len(sounding):
        return " "
    lowest, highest = int(line[line != REST].min()), int(line.max())
    place = (int(sounding[-1]) - lowest) / max(1, highest - lowest)
    return heights[round(place * (len(heights) - 1))]


def _part(part: PartReport) -> str:
    taken = f"read as the {part.voice}" if part.voice else "not read"
    notes = "1 note" if part.notes == 1 else f"{part.notes} notes"
    return f"{part.name}: {notes}, {part.lowest} to {part.highest}, {taken}"


def _metre(report: ReadingReport) -> str:
    (_, first), *changes = report.metres
    pickup = f"a pickup of {report.pickup} sixteenths" if report.pickup else "no pickup"
    later = [f"{metre} from bar {bar}" for bar, metre in changes]
    bars = "1 bar" if report.bars == 1 else f"{report.bars} bars"
    return ", ".join([first, *later, pickup, bars])
