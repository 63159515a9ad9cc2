from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from generator.errors import GenerationError, GeneratorError
from generator.music.grid.chorale import REST, BoolArray, Chorale, given_for

if TYPE_CHECKING:
    from generator.families.base import Family


class SamplingError(GeneratorError):
    """A setting of sampling that a composer does not have, or a value that it cannot have."""


def chosen_sampling(family: Family, overrides: Mapping[str, float | int | str]) -> Family:
    """The family with some of its settings of sampling changed.

    Raises
    ------
    SamplingError
        Naming the setting or the value, and what there is.
    """
    try:
        return family.with_sampling(**overrides)
    except ValueError as error:
        raise SamplingError(str(error)) from error


def write_voices(
    family: Family, chorale: Chorale, condition: str, *, seed: int, temperature: float = 1.0
) -> Chorale:
    """The written voices of `condition` by the family, in the frame of `chorale`."""
    given = given_for(condition, chorale.steps)
    return write_cells(family, chorale, given, seed=seed, temperature=temperature)


def write_cells(
    family: Family, chorale: Chorale, given: BoolArray, *, seed: int, temperature: float = 1.0
) -> Chorale:
    """All cells that are not given, by the family.

    The family gets the given cells and the frame; what Bach wrote in the others, and the work's
    name, are taken out before.
    """
    blank = replace(
        chorale,
        pitch=np.where(given, chorale.pitch, REST),
        onset=chorale.onset & given,
        bwv="",
        title="",
    )
    filled = family.fill(blank, given, seed=seed, temperature=temperature)
    kept = (filled.pitch == chorale.pitch) & (filled.onset == chorale.onset)
    if filled.steps != chorale.steps or not kept[given].all():
        raise GenerationError("the family changed given voices; its piece is refused")
    return chorale.with_voices(filled.pitch, filled.onset)
