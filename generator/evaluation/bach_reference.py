"""Bach's own voices as a reference: every score of a composer is read beside his."""

from __future__ import annotations

from collections.abc import Mapping

from generator.families.base import Setting
from generator.music.grid.chorale import BoolArray, Chorale


class BachReference:
    """Fills the written cells with what Bach wrote there."""

    settings: Mapping[str, Setting] = {}

    def fill(
        self, chorale: Chorale, given: BoolArray, *, seed: int, temperature: float = 1.0
    ) -> Chorale:
        return chorale
