"""How far the pairs of the open studies are, and why no more are ordered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bachtest.studies.coverage import Coverage, StudyCell
from bachtest.studies.models import Study
from bachtest.studies.refilling import why_not


@dataclass(frozen=True)
class RefillState:
    """Counts of tune families over the cells of a study; `waits` is why nothing is ordered now."""

    cells: tuple[StudyCell, ...]
    waits: str

    @property
    def tunes(self) -> int:
        return sum(len(cell.tunes) for cell in self.cells)

    @property
    def covered(self) -> int:
        return sum(len(cell.covered) for cell in self.cells)

    @property
    def missing(self) -> int:
        return sum(len(cell.missing) for cell in self.cells)

    @property
    def stopped(self) -> list[StudyCell]:
        return [cell for cell in self.cells if cell.is_stopped and cell.tunes != cell.covered]


def refill_states(studies: Sequence[Study]) -> dict[int, RefillState]:
    """By the study's id."""
    coverage, reason = Coverage(studies), why_not()
    return {
        study.pk: RefillState(
            tuple(coverage.cells(study)), reason if study.refill else "switched off for this study"
        )
        for study in studies
    }
