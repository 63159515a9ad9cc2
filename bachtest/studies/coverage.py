"""Which tune families have a pair in each cell of a study, and which are still to be ordered.

A *cell* is a condition and a version. A tune family is covered in a cell by a pair that may be
played, or by a piece on its way to one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from bachtest.studies.models import Study, StudyComposer
from generator.models import Pair, Piece, Version
from generator.services.pool import tunes_to_play

# Pieces of a tune family in a cell that may come to nothing before it is given up there.
MAX_TRIES = 3
# A cell stops after so many in a row, on whatever tunes: something is wrong with the composer.
MAX_IN_A_ROW = 10
WAITING = (Piece.Status.QUEUED, Piece.Status.RUNNING)


@dataclass(frozen=True)
class PieceRow:
    """What is asked of a written piece, and the profiles in which its pair plays, or may yet."""

    id: int
    version: int
    condition: str
    tune: str
    excerpt: int
    seed: int
    comes_in: frozenset[int]
    waits: bool

    @property
    def cell(self) -> tuple[int, str]:
        return self.version, self.condition


@dataclass(frozen=True)
class StudyCell:
    """`tunes` may be played; `given_up` came to nothing too often."""

    version: Version
    condition: str
    weight: float
    tunes: frozenset[str]
    covered: frozenset[str]
    given_up: frozenset[str]
    is_stopped: bool

    @property
    def missing(self) -> frozenset[str]:
        """Still to be ordered."""
        return frozenset() if self.is_stopped else self.tunes - self.covered - self.given_up


class Coverage:
    """The pieces of some studies at one moment, in a few queries for all of them."""

    def __init__(self, studies: Collection[Study]) -> None:
        played = StudyComposer.objects.filter(
            study__in=[study.pk for study in studies],
            weight__gt=0,
            version__status=Version.Status.READY,
            version__kind=Version.Kind.CHECKPOINT,
        )
        self.played = list(played.select_related("version__composer").order_by("id"))
        versions = {row.version_id: row.version for row in self.played}
        self.works = tunes_to_play(versions.values())
        self.pieces = list(_pieces(versions, {study.rendering for study in studies}))
        self._by_cell: dict[tuple[int, str], list[PieceRow]] = {}
        for piece in self.pieces:
            self._by_cell.setdefault(piece.cell, []).append(piece)

    def cells(self, study: Study) -> list[StudyCell]:
        """In the order of the design."""
        conditions = dict.fromkeys(name for slot in study.rounds for name in slot)
        rows = [row for row in self.played if row.study_id == study.pk]
        profile = study.rendering
        return [self._cell(row, condition, profile) for condition in conditions for row in rows]

    def of_cell(self, version: int, condition: str) -> list[PieceRow]:
        return self._by_cell.get((version, condition), [])

    def _cell(self, row: StudyComposer, condition: str, profile: int) -> StudyCell:
        pieces = self.of_cell(row.version_id, condition)
        tunes = frozenset(self.works[row.version_id])
        covered = tunes & {piece.tune for piece in pieces if profile in piece.comes_in}
        tries = Counter(piece.tune for piece in pieces if profile not in piece.comes_in)
        spent = {tune for tune, count in tries.items() if count >= MAX_TRIES}
        given_up = (tunes & spent) - covered
        in_a_row = in_vain(pieces, profile)
        return StudyCell(
            row.version, condition, row.weight, tunes, covered, given_up, in_a_row >= MAX_IN_A_ROW
        )


def in_vain(pieces: Collection[PieceRow], profile: int) -> int:
    """How many of the newest pieces came to nothing, one after the other."""
    count = 0
    for piece in sorted(pieces, key=lambda each: each.id, reverse=True):
        if profile in piece.comes_in and not piece.waits:
            break
        count += not piece.waits
    return count


def _pieces(versions: Collection[int], profiles: Collection[int]) -> Iterator[PieceRow]:
    own = Piece.objects.filter(version__in=list(versions), source="")
    coming = {profile: _coming(versions, profile) for profile in profiles}
    # Written, while Bach's piece is still in the making.
    unpaired = own.filter(status=Piece.Status.DONE, pairs=None).values("excerpt")
    bachs = Piece.objects.by_bach().pending().filter(excerpt__in=unpaired)
    awaited = set(bachs.values_list("excerpt", flat=True))
    rows = own.values_list("id", "version", "condition", "tune", "excerpt", "seed", "status")
    for number, version, condition, tune, excerpt, seed, status in rows.order_by("id"):
        assert version and excerpt  # of a collection alone they may be empty
        waits = status in WAITING or (status == Piece.Status.DONE and excerpt in awaited)
        comes_in = frozenset(p for p in profiles if waits or number in coming[p])
        yield PieceRow(number, version, condition, tune, excerpt, seed, comes_in, waits)


def _coming(versions: Collection[int], profile: int) -> set[int]:
    """Pieces in pairs that can be played in a profile, or once they are rendered in it."""
    pairs = Pair.objects.filter(machine__version__in=list(versions))
    found = (pairs.playable(profile), pairs.unrendered(profile))
    return {piece for each in found for piece in each.values_list("machine", flat=True)}
