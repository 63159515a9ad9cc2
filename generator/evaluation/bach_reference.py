"""Bach as a composer: he writes what he wrote. The yardstick of every other composer's scores."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from generator.families.base import Family
from generator.music.grid.chorale import BoolArray, Chorale


class OwnHand(Family):
    """Gives back the voices as they stand; has no weights."""

    def _fill(
        self, chorale: Chorale, given: BoolArray, *, seed: int, temperature: float
    ) -> Chorale:
        return chorale

    @classmethod
    def debug(cls) -> Self:
        return cls()

    @classmethod
    def load(cls, path: Path) -> Self:
        return cls()

    def save(self, path: Path, metadata: dict[str, str]) -> None:
        raise ValueError("Bach has no checkpoint to save")
