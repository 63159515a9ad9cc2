"""Items by version and condition: how many are playable, on their way, or excluded."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from bachtest.studies.models import Study, StudyComposer
from generator.models import Pair, Piece, Version
from generator.music.grid.conditions import CONDITIONS

CellKey = tuple[int, str]
CHECKPOINT = Version.Kind.CHECKPOINT


@dataclass(frozen=True)
class ItemCell:
    condition: str
    playable: int
    pending: int
    excluded: int


@dataclass(frozen=True)
class VersionCells:
    """`orderable`: this version is the one that would write more."""

    version: Version
    cells: tuple[ItemCell, ...]
    orderable: bool

    @property
    def playable(self) -> int:
        return sum(cell.playable for cell in self.cells)

    @property
    def pending(self) -> int:
        return sum(cell.pending for cell in self.cells)

    @property
    def excluded(self) -> int:
        return sum(cell.excluded for cell in self.cells)


@dataclass(frozen=True)
class ItemCells:
    groups: tuple[VersionCells, ...]
    orderable: tuple[Version, ...]
    playable_in: dict[int, set[CellKey]]
    """By profile of an open study: versions and conditions."""

    def missing(self, study: Study, versions: set[int]) -> list[str]:
        """Conditions of an open study for which none of its versions has a playable pair."""
        cells = self.playable_in.get(study.rendering, set())
        playable = {condition for version, condition in cells if version in versions}
        wanted = dict.fromkeys(condition for slot in study.rounds for condition in slot)
        return [condition for condition in wanted if condition not in playable]


def item_cells() -> ItemCells:
    """Of published versions, and of others that a study plays."""
    of_pair = ("machine__version", "machine__condition")
    playable = _count(Pair.objects.playable(), *of_pair)
    excluded = _count(Pair.objects.exclude(excluded_reason=""), *of_pair)
    pending = _count(Piece.objects.pending(), "version", "condition")
    counted = (playable, pending, excluded)
    played = StudyComposer.objects.filter(weight__gt=0).values("version")
    shown = Q(status=Version.Status.READY) | Q(id__in=played)
    versions = Version.objects.filter(shown).select_related("composer")
    groups: list[VersionCells] = []
    newest: dict[int, Version] = {}
    for version in versions.order_by("composer__slug", "-created", "-id"):
        writes = (version.status, version.kind) == (Version.Status.READY, CHECKPOINT)
        orderable = writes and newest.setdefault(version.composer_id, version) is version
        cells = [
            ItemCell(condition, *(counts.get((version.pk, condition), 0) for counts in counted))
            for condition in (*CONDITIONS, "")
            if any((version.pk, condition) in counts for counts in counted)
        ]
        if cells or orderable:
            groups.append(VersionCells(version, tuple(cells), orderable))
    writers = tuple(each.version for each in groups if each.orderable)
    return ItemCells(tuple(groups), writers, _playable_in_studies())


def _playable_in_studies() -> dict[int, set[CellKey]]:
    profiles = set(Study.objects.open().values_list("rendering", flat=True))
    of_pair = ("machine__version", "machine__condition")
    return {each: set(_count(Pair.objects.playable(each), *of_pair)) for each in profiles}


def _count(
    rows: QuerySet[Pair] | QuerySet[Piece], version: str, condition: str
) -> dict[CellKey, int]:
    grouped = rows.order_by().exclude(**{version: None}).values_list(version, condition)
    return {(number, name): n for number, name, n in grouped.annotate(n=Count("id"))}
