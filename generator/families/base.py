"""The interface of every family of composers. It imports no torch: some families need none."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import numpy as np

from generator.families.tied_notes import clamp_tied_notes
from generator.music.grid.chorale import BoolArray, Chorale

# The longest work has 992 steps; a listener's own melody may have 2,000.
MAX_FILL_STEPS = 4000

FillSettings = dict[str, float | int]
Setting = float | int | str  # as it is asked for; text is read as a number


class Family(ABC):
    """A composer that fills any cells of a chorale, given the others.

    `given` is bool[4, T], True = keep: given cells always come back untouched. The same seed and
    inputs give the same piece on the same device. Parameters travel as arguments.

    A cross-fitted composer has several members, one for each fold of the works. The methods use the
    first; `member(fold)` returns another.
    """

    @property
    def members(self) -> int:
        """The number of sets of weights, one for each fold."""
        return 1

    def member(self, fold: int) -> Self:
        """The member that never saw this fold; the family itself if it is not cross-fitted.

        Raises
        ------
        ValueError
            If a cross-fitted family has no such member.
        """
        return self

    @property
    def settings(self) -> FillSettings:
        """The current settings of a fill by name; empty if there is nothing to choose."""
        return {}

    def with_settings(self, **overrides: Setting) -> Self:
        """The same composer with some settings changed.

        Raises
        ------
        ValueError
            If a setting does not exist (the message lists those that do) or a value is not valid.
        """
        merged_settings(self.settings, overrides)
        return self

    def fill(
        self, chorale: Chorale, given: BoolArray, *, seed: int, temperature: float = 1.0
    ) -> Chorale:
        """Write the cells that are not given.

        Raises
        ------
        ValueError
            If `given` does not have the chorale's shape, the chorale has more than
            `MAX_FILL_STEPS`, or the temperature is not a finite number above 0.
        """
        return self.fill_many([(chorale, given)], [seed], temperature=temperature)[0]

    def fill_many(
        self,
        tasks: Sequence[tuple[Chorale, BoolArray]],
        seeds: Sequence[int],
        *,
        temperature: float = 1.0,
    ) -> list[Chorale]:
        """Fill several chorales, each with its own seed; a family may fill them together.

        Raises
        ------
        ValueError
            As for `fill`, or if there is not one seed for each task.
        """
        if len(seeds) != len(tasks):
            raise ValueError(f"{len(seeds)} seeds for {len(tasks)} chorales; give one for each")
        checked_temperature(temperature)
        pieces = [chorale for chorale, _ in tasks]
        masks = [checked_given(chorale, given) for chorale, given in tasks]
        unfinished = [index for index, given in enumerate(masks) if not given.all()]
        if unfinished:
            clamped = [clamp_tied_notes(pieces[index], masks[index]) for index in unfinished]
            unfinished_seeds = [seeds[index] for index in unfinished]
            filled = self._fill_many(clamped, unfinished_seeds, temperature=temperature)
            for index, piece in zip(unfinished, filled, strict=True):
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
        """A random miniature for tests, with the whole interface."""

    @classmethod
    @abstractmethod
    def load(cls, path: Path) -> Self:
        """Read a checkpoint; raises `families.checkpoint.CheckpointError` if it is not sound."""

    @abstractmethod
    def save(self, path: Path, metadata: dict[str, str]) -> None:
        """Write a checkpoint with its metadata, completely or not at all."""


def checked_given(chorale: Chorale, given: BoolArray) -> BoolArray:
    """`given` as bool[4, T].

    Raises
    ------
    ValueError
        If it does not have the chorale's shape, or the chorale has more than `MAX_FILL_STEPS`.
    """
    if chorale.steps > MAX_FILL_STEPS:
        raise ValueError(f"a chorale of {chorale.steps} steps; at most {MAX_FILL_STEPS} are filled")
    mask = np.asarray(given, dtype=np.bool_)
    if mask.shape != chorale.pitch.shape:
        raise ValueError(f"given has shape {mask.shape}; the chorale has {chorale.pitch.shape}")
    return mask


def checked_temperature(temperature: float) -> float:
    """The temperature.

    Raises
    ------
    ValueError
        If it is not a finite number above 0.
    """
    if not 0 < temperature < math.inf:
        raise ValueError(f"temperature {temperature}; it must be above 0 and finite")
    return temperature


def merged_settings(
    current: Mapping[str, float | int], overrides: Mapping[str, Setting]
) -> FillSettings:
    """The current settings with the overrides, each of the type that its setting has.

    Raises
    ------
    ValueError
        If a setting does not exist (the message lists those that do) or a value has another type.

    Examples
    --------
    >>> merged_settings({"rounds": 32, "temperature": 0.9}, {"rounds": "8"})
    {'rounds': 8, 'temperature': 0.9}
    """
    merged = dict(current)
    for name, value in overrides.items():
        if name not in current:
            hint = f"use one of {', '.join(current)}" if current else "this composer has none"
            raise ValueError(f"unknown setting {name!r}; {hint}")
        merged[name] = _converted(name, value, current[name])
    return merged


def _converted(name: str, value: Setting, like: float | int) -> float | int:
    kind, words = (int, "a whole number") if isinstance(like, int) else (float, "a number")
    try:
        number = kind(value)
        valid = math.isfinite(number) and (isinstance(value, str) or number == value)
    except (ValueError, OverflowError):
        valid = False
    if not valid:
        raise ValueError(f"setting {name}={value}; use {words} such as {like}")
    return number
