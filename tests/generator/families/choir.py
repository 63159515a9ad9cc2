"""A cross-fitted family for tests: member n writes one note, 60 + n, moved by the setting `up`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np

from generator.families.base import Family, FillSettings, Setting, merged_settings
from generator.families.checkpoint import read_checkpoint, sha256_of, write_checkpoint
from generator.models import Composer
from generator.music.grid.chorale import BoolArray, Chorale, repaired_onsets
from tests.builders import make_composer


class Choir(Family):
    name = "choir"

    def __init__(self, notes: list[int], fold: int = 0, up: int = 0) -> None:
        self.notes, self.fold, self.up = notes, fold, up

    @property
    def members(self) -> int:
        return len(self.notes)

    def member(self, fold: int) -> Self:
        return type(self)(self.notes, fold, self.up)

    @property
    def settings(self) -> FillSettings:
        return {"up": self.up}

    def with_settings(self, **overrides: Setting) -> Self:
        up = merged_settings(self.settings, overrides)["up"]
        return type(self)(self.notes, self.fold, int(up))

    def _fill(
        self, chorale: Chorale, given: BoolArray, *, seed: int, temperature: float
    ) -> Chorale:
        pitch = np.where(given, chorale.pitch, self.notes[self.fold] + self.up)
        return chorale.with_voices(pitch, repaired_onsets(pitch, chorale.onset & given))

    @classmethod
    def debug(cls) -> Self:
        return cls([60])

    @classmethod
    def load(cls, path: Path) -> Self:
        tensors, _, _ = read_checkpoint(path, cls.name)
        return cls([int(tensors[f"fold{fold}.note"][0]) for fold in range(len(tensors))])

    def save(self, path: Path, metadata: dict[str, str]) -> None:
        tensors = {f"fold{fold}.note": np.array([note]) for fold, note in enumerate(self.notes)}
        write_checkpoint(path, tensors, {**metadata, "family": self.name})


def save_choir(
    path: Path, folds: Sequence[Sequence[str]], works: Sequence[Sequence[str]], members: int = 0
) -> Path:
    """A checkpoint with a member for each fold, trained on its works."""
    metadata = {"folds": json.dumps(folds), "works": json.dumps(works)}
    Choir([60 + fold for fold in range(members or len(folds))]).save(path, metadata)
    return path


def make_choir(path: Path, *lists: Sequence[Sequence[str]], members: int = 0) -> Composer:
    save_choir(path, *lists, members=members)
    return make_composer(
        "choir", family="choir", shipped=True, file=str(path), sha256=sha256_of(path)
    )
