"""What a teacher of counterpoint would mark in a sample, and in Bach's setting of its tune."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from generator.errors import GeneratorError
from generator.models import Excerpt, Piece
from generator.music.formats.gridjson import from_json
from generator.music.grid.chorale import Chorale
from generator.music.measures.counterpoint_marks import (
    CounterpointMark,
    compared_cells,
    counterpoint_marks,
)

OPEN = 3


@dataclass(frozen=True)
class MarkedSetting:
    """Sentences that are seen at once, and those that have to be asked for."""

    open: tuple[str, ...]
    more: tuple[str, ...]


@dataclass(frozen=True)
class SampleMarks:
    """`bach` is None of a piece that has no setting by Bach beside it."""

    piece: MarkedSetting
    bach: MarkedSetting | None


def sample_marks(piece: Piece, work: Callable[[str], Chorale]) -> SampleMarks | None:
    """In what the machine wrote, and in the same voices of Bach's setting; `work` finds it.

    None where the notes of either are not known.
    """
    if piece.grid is None:
        return None
    chorale = from_json(piece.grid)
    if piece.excerpt is None:
        cells = compared_cells("", chorale, chorale)
        return SampleMarks(_setting(counterpoint_marks(chorale, cells)), None)
    bach = _bach(piece.excerpt, work)
    if bach is None:
        return None
    cells = compared_cells(piece.condition, bach, chorale)
    both = (_setting(counterpoint_marks(each, cells)) for each in (chorale, bach))
    return SampleMarks(*both)


def _bach(excerpt: Excerpt, work: Callable[[str], Chorale]) -> Chorale | None:
    try:
        return work(excerpt.work.bwv).slice(excerpt.start, excerpt.stop)
    except (GeneratorError, ValueError):  # another corpus file, or none
        return None


def _setting(marks: Sequence[CounterpointMark]) -> MarkedSetting:
    """Never a single sentence more."""
    sentences = tuple(mark.sentence for mark in marks)
    seen = len(sentences) if len(sentences) == OPEN + 1 else OPEN
    return MarkedSetting(sentences[:seen], sentences[seen:])
