"""What every family of composer offers. Imports no torch: some families need none."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import numpy as np

from generator.families.tied_notes import tied
from generator.music.grid.chorale import BoolArray, Chorale

# At once; the longest work has 992, a melody of a listener's may have 2,000.
MAX_STEPS = 4000

Setting = float | int | str
Sampling = dict[str, Setting]


class Family(ABC):
    """A composer that fills any cells of a chorale, given the others.

    `given` is bool[4, T], True = keep: given cells come back untouched, always. The same seed and
    the same inputs on the same device give the same piece. Parameters travel as arguments.

    A cross-fitted composer has several members, one for each fold of the works; `fill` and the rest
    speak for one of them, `member(fold)` for another.
    """

    @property
    def members(self) -> int:
        """How many sets of weights there are, one for each fold."""
        return 1

    def member(self, fold: int) -> Self:
        """The member that never saw this fold; the family itself where it is not cross-fitted.

        Raises
        ------
        ValueError
            If a cross-fitted family has no such member.
        """
        return self

    @property
    def sampling(self) -> Sampling:
        """Settings of a fill by name, as they are now; empty where there is nothing to choose."""
        return {}

    def with_sampling(self, **overrides: Setting) -> Self:
        """The same composer with some settings changed; `sampling` then has them.

        Raises
        ------
        ValueError
            Naming a setting that does not exist and those that do, or a value that cannot be.
        """
        merged_sampling(self.sampling, overrides)
        return self

    def fill(
        self, chorale: Chorale, given: BoolArray, *, seed: int, temperature: float = 1.0
    ) -> Chorale:
        """Write the cells that are not given.

        Raises
        ------
        ValueError
            If `given` has another shape than the chorale, the chorale more than `MAX_STEPS`, or the
            temperature is not above 0.
        """
        return self.fill_many([(chorale, given)], [seed], temperature=temperature)[0]

    def fill_many(
        self,
        tasks: Sequence[tuple[Chorale, BoolArray]],
        seeds: Sequence[int],
        *,
        temperature: float = 1.0,
    ) -> list[Chorale]:
        """Fill several chorales, each with its own seed; a family may do so at once.

        Raises
        ------
        ValueError
            As `fill` does, or if there are not as many seeds as tasks.
        """
        if len(seeds) != len(tasks):
            raise ValueError(f"{len(seeds)} seeds for {len(tasks)} chorales; give one for each")
        if not temperature > 0:
            raise ValueError(f"temperature {temperature}; it must be above 0")
        pieces = [chorale for chorale, _ in tasks]
        masks = [checked_given(chorale, given) for chorale, given in tasks]
        open_ones = [index for index, given in enumerate(masks) if not given.all()]
        if open_ones:
            ready = [tied(pieces[index], masks[index]) for index in open_ones]
            written = self._fill_many(ready, [seeds[i] for i in open_ones], temperature=temperature)
            for index, piece in zip(open_ones, written, strict=True):
                pieces[index] = piece
        return pieces

    def _fill_many(
        self,
        tasks: Sequence[tuple[Chorale, BoolArray]],
        seeds: Sequence[int],
        *,
        temperature: float,
    ) -> list[Chorale]:
        return [
            self._fill(chorale, given, seed=seed, temperature=temperature)
            for (chorale, given), seed in zip(tasks, seeds, strict=True)
        ]

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
    """`given` as bool[4, T], or a ValueError that names both shapes, or a length beyond all use."""
    if chorale.steps > MAX_STEPS:
        raise ValueError(f"a chorale of {chorale.steps} steps; at most {MAX_STEPS} are filled")
    mask = np.asarray(given, dtype=np.bool_)
    if mask.shape != chorale.pitch.shape:
        raise ValueError(f"given has shape {mask.shape}; the chorale has {chorale.pitch.shape}")
    return mask


def merged_sampling(known: Mapping[str, Setting], overrides: Mapping[str, Setting]) -> Sampling:
    """`known` with the overrides, each of the kind that the setting has; text is read as such.

    Raises
    ------
    ValueError
        Naming the unknown setting and those that exist, or the value that is of another kind.

    Examples
    --------
    >>> merged_sampling({"rounds": 32, "heat": 0.9}, {"rounds": "8"})
    {'rounds': 8, 'heat': 0.9}
    """
    merged = dict(known)
    for name, value in overrides.items():
        if name not in known:
            there = f"use one of {', '.join(known)}" if known else "this composer has none"
            raise ValueError(f"unknown sampling setting {name!r}; {there}")
        merged[name] = _of_kind(name, value, known[name])
    return merged


def _of_kind(name: str, value: Setting, like: Setting) -> Setting:
    if isinstance(like, str):
        return str(value)
    kind, words = (int, "a whole number") if isinstance(like, int) else (float, "a number")
    try:
        found = kind(value)
        sound = math.isfinite(found) and (isinstance(value, str) or found == value)
    except (ValueError, OverflowError):
        sound = False
    if not sound:
        raise ValueError(f"sampling setting {name}={value}; use {words} such as {like}")
    return found
