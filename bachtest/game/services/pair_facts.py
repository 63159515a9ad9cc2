"""What a round tells of its pair, before the answer and after it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

from bachtest.lib.compiled_query import CompiledQuery
from generator.models import Pair, Piece, Rendering
from generator.music.formats.gridjson import from_json
from generator.music.grid.chorale import BoolArray, Chorale
from generator.music.measures.counterpoint_marks import compared_cells
from generator.played_clips import played_clips


class PairFacts(NamedTuple):
    """In the order of `_PATHS`."""

    bwv: str
    work_title: str
    condition: str
    version: int | None
    composer: str | None
    about: str | None
    bach: int
    bach_excerpt: int
    bach_grid: dict[str, Any] | None
    machine: int
    machine_excerpt: int | None
    machine_grid: dict[str, Any] | None

    def chorales(self) -> dict[int, Chorale]:
        """By piece; of an old piece the notes are not known."""
        grids = {self.bach: self.bach_grid, self.machine: self.machine_grid}
        return {piece: from_json(grid) for piece, grid in grids.items() if grid}

    def is_paired(self) -> bool:
        """Whether both clips are of one excerpt, so that their notes can be compared."""
        return self.bach_excerpt == self.machine_excerpt

    def compared_cells(self, chorales: Mapping[int, Chorale]) -> BoolArray:
        """Where both clips are looked at: what the machine wrote, and the same of Bach's."""
        condition = self.condition if self.is_paired() else ""
        return compared_cells(condition, chorales[self.bach], chorales[self.machine])


class ClipFacts(NamedTuple):
    """Of a rendering; in the order of the query."""

    pk: int
    piece_id: int
    fingerprint: str
    seconds: float | None


_PATHS = (
    "excerpt__work__bwv",
    "excerpt__work__title",
    "machine__condition",
    "machine__version",
    "machine__version__composer__name",
    "machine__version__composer__about",
    "bach",
    "bach__excerpt",
    "bach__grid",
    "machine",
    "machine__excerpt",
    "machine__grid",
)


def pair_facts(pair_id: int) -> PairFacts:
    [row] = _FACTS(pair_id)
    return PairFacts(*row)


def clip_seconds(pair: Pair, profile: int) -> float:
    """One number for both sides, whatever the rows say, so the length cannot tell them apart."""
    rows = _CLIPS(pair.bach_id, pair.machine_id, profile)
    clips = played_clips(map(ClipFacts._make, rows), newest_of=pair.machine_id)
    return round(max((clip.seconds or 0.0 for clip in clips.values()), default=0.0), 1)


def _facts(pair: Any) -> QuerySet[Pair, Any]:
    return Pair.objects.filter(id=pair).values_list(*_PATHS)


def _clips(bach: Any, machine: Any, profile: Any) -> QuerySet[Rendering, Any]:
    clips = Rendering.objects.finished_clips(profile).filter(Q(piece=bach) | Q(piece=machine))
    return clips.values_list("id", "piece", "fingerprint", "seconds")


_CLIPS = CompiledQuery(_clips, Piece._meta.pk, Piece._meta.pk, Rendering._meta.get_field("profile"))
_FACTS = CompiledQuery(_facts, Pair._meta.pk)
