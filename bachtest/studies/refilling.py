"""Quiet time: workers order pairs for open studies until each tune family has one in each cell.

The choice follows from the rows alone. Whoever orders locks the study's row and then orders only
what has as many pieces as when it was chosen, so that two workers never order the same.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta as td
from random import Random

from django.conf import settings
from django.db import transaction
from django.utils.timezone import now

from bachtest.studies.coverage import Coverage, StudyCell
from bachtest.studies.models import Study, StudyQuerySet
from generator.models import Excerpt, Piece, Version
from generator.tasks import order_piece

# Few at a time, since whatever comes after them in the queue waits for them.
BATCH = 8


@dataclass(frozen=True)
class NextPiece:
    """What is ordered next, and how many pieces the tune had in the cell when it was chosen."""

    version: Version
    condition: str
    excerpt: Excerpt
    seed: int
    before: int

    @property
    def key(self) -> tuple[int, str, str]:
        return self.version.pk, self.condition, self.excerpt.work.tune


def refill() -> int:
    """Order a few pieces for each open study that has room; how many."""
    if why_not():
        return 0
    left = settings.REFILL_PER_DAY - _ordered_today()
    studies = list(refilled_studies().order_by("slug"))
    if not studies:
        return 0
    coverage = Coverage(studies)
    total = 0
    for study in studies:
        total += _order(study, choose_next(study, coverage, min(BATCH, left - total)))
    return total


def refilled_studies() -> StudyQuerySet:
    return Study.objects.open().filter(refill=True)


def why_not() -> str:
    """Why no pairs are ordered on this site now, whatever a study lacks; empty if they are."""
    most = settings.REFILL_PER_DAY
    if not most:
        return "REFILL_PER_DAY is 0"
    if shutil.disk_usage(settings.VAR_DIR).free < settings.REFILL_KEEP_FREE_BYTES:
        keep = settings.REFILL_KEEP_FREE_BYTES // 1_000_000
        return f"less than {keep} MB of the disk are free (REFILL_KEEP_FREE_MB)"
    if (today := _ordered_today()) >= most:
        return f"{today} pieces were ordered in 24 hours (REFILL_PER_DAY)"
    return ""


def _ordered_today() -> int:
    return Piece.objects.written().filter(source="", created__gt=now() - td(days=1)).count()


def brings_new_tunes(study: Study) -> bool:
    """Whether tunes are still to come that no cell of the study has."""
    if not (study.is_open and study.refill and settings.REFILL_PER_DAY):
        return False
    cells = Coverage([study]).cells(study)
    missing = {tune for cell in cells for tune in cell.missing}
    return bool(missing - {tune for cell in cells for tune in cell.covered})


def choose_next(study: Study, coverage: Coverage, most: int) -> list[NextPiece]:
    """The emptiest cell for its weight comes first, and in it the tune that the study has least."""
    cells = coverage.cells(study)
    missing = [set(cell.missing) for cell in cells]
    covered = [len(cell.covered) for cell in cells]
    of_tune = Counter(tune for cell in cells for tune in cell.covered)
    chance = _shuffled(study, cells)
    chosen: list[NextPiece] = []
    while len(chosen) < most:
        lacking = [at for at, tunes in enumerate(missing) if tunes]
        if not lacking:
            break
        at = min(lacking, key=lambda at: (covered[at] / cells[at].weight, at))
        tune = min(missing[at], key=lambda tune: (of_tune[tune], chance[tune]))
        missing[at].discard(tune)
        if piece := _next_piece(cells[at], tune, coverage):
            chosen.append(piece)
            covered[at] += 1
            of_tune[tune] += 1
    return chosen


def _shuffled(study: Study, cells: Sequence[StudyCell]) -> dict[str, int]:
    """The tunes in an order of the study's own, the same each time."""
    tunes = sorted({tune for cell in cells for tune in cell.tunes})
    Random(study.slug).shuffle(tunes)
    return {tune: place for place, tune in enumerate(tunes)}


def _next_piece(cell: StudyCell, tune: str, coverage: Coverage) -> NextPiece | None:
    """The excerpt with the fewest pieces, failed ones too, in the cell and then in all."""
    works = coverage.works[cell.version.pk][tune]
    excerpts = Excerpt.objects.filter(work__bwv__in=works, named=False).select_related("work")
    in_cell = coverage.of_cell(cell.version.pk, cell.condition)
    of_excerpt = Counter(piece.excerpt for piece in in_cell)
    of_all = Counter(piece.excerpt for piece in coverage.pieces if piece.tune == tune)
    ranked = sorted(
        excerpts,
        key=lambda row: (of_excerpt[row.pk], of_all[row.pk], row.work.bwv, row.start, row.stop),
    )
    if not ranked:
        return None  # named meanwhile
    taken = {piece.seed for piece in in_cell if piece.excerpt == ranked[0].pk}
    seed = next(seed for seed in range(len(taken) + 1) if seed not in taken)
    before = sum(piece.tune == tune for piece in in_cell)
    return NextPiece(cell.version, cell.condition, ranked[0], seed, before)


def _order(study: Study, chosen: Sequence[NextPiece]) -> int:
    """Order what nobody has ordered since it was chosen, if the study still wants any."""
    with transaction.atomic():
        # `no_key`: listeners who join meanwhile do not wait for it.
        locked = refilled_studies().select_for_update(no_key=True).filter(pk=study.pk)
        if not locked.exists():
            return 0
        tunes = [piece.excerpt.work.tune for piece in chosen]
        rows = Piece.objects.written().filter(tune__in=tunes, source="")
        pieces = Counter(rows.values_list("version", "condition", "tune"))
        wanted = [piece for piece in chosen if pieces[piece.key] == piece.before]
        for piece in wanted:
            order_piece(
                piece.excerpt,
                piece.version.composer,
                piece.condition,
                seed=piece.seed,
                version=piece.version,
            )
    return len(wanted)
