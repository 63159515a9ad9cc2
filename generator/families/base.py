"""What every family of composer offers. Imports no torch: some families need none."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Self

import numpy as np

from generator.families.ties import tied
from generator.music.chorale import BoolArray, Chorale


class Family(ABC):
    """A composer that fills any cells of a chorale, given the others.

    `given` is bool[4, T], True = keep: given cells come back untouched, always. The same seed and
    the same inputs on the same device give the same piece. Parameters travel as arguments.
    """

    def fill(
        self, chorale: Chorale, given: BoolArray, *, seed: int, temperature: float = 1.0
    ) -> Chorale:
        """Write the cells that are not given.

        Raises
        ------
        ValueError
            If `given` has another shape than the chorale, or the temperature is not above 0.
        """
        given = checked_given(chorale, given)
        if not temperature > 0:
            raise ValueError(f"temperature {temperature}; it must be above 0")
        if given.all():
            return chorale
        return self._fill(*tied(chorale, given), seed=seed, temperature=temperature)

    @abstractmethod
    def _fill(
        self, chorale: Chorale, given: BoolArray, *, seed: int, temperature: float
    ) -> Chorale: ...

    @classmethod
    @abstractmethod
    def debug(cls) -> Self:
        """A random miniature for tests: the whole interface at no cost."""

    @classmethod
    @abstractmethod
    def load(cls, path: Path) -> Self:
        """Read a checkpoint; raises `families.checkpoint.CheckpointError` where it is not sound."""

    @abstractmethod
    def save(self, path: Path, metadata: dict[str, str]) -> None:
        """Write a checkpoint with its metadata, whole or not at all."""


def checked_given(chorale: Chorale, given: BoolArray) -> BoolArray:
    """`given` as bool[4, T], or a ValueError that names both shapes."""
    mask = np.asarray(given, dtype=np.bool_)
    if mask.shape != chorale.pitch.shape:
        raise ValueError(f"given has shape {mask.shape}; the chorale has {chorale.pitch.shape}")
    return mask
