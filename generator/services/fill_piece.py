from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from generator.errors import GenerationError
from generator.music.grid.chorale import REST, BoolArray, Chorale

if TYPE_CHECKING:
    from generator.families.base import Family


def fill_piece(
    family: Family, chorale: Chorale, given: BoolArray, *, seed: int, temperature: float = 1.0
) -> Chorale:
    """The chorale with all cells that are not given, bool[4, T], written by the family.

    The family sees the given cells and the frame. What Bach wrote in the other cells, and the
    name of the work, are removed first.
    """
    given_only = replace(
        chorale,
        pitch=np.where(given, chorale.pitch, REST),
        onset=chorale.onset & given,
        bwv="",
        title="",
    )
    filled = family.fill(given_only, given, seed=seed, temperature=temperature)
    if filled.steps != chorale.steps:
        raise GenerationError(
            f"the family returned {filled.steps} steps for {chorale.steps}; its piece is refused"
        )
    unchanged = (filled.pitch == chorale.pitch) & (filled.onset == chorale.onset)
    if not unchanged[given].all():
        raise GenerationError("the family changed given voices; its piece is refused")
    return chorale.with_voices(filled.pitch, filled.onset)
