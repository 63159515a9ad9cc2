"""A cross-fitted family for tests: member n writes one note, 60 + n, moved by the setting `up`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from safetensors.numpy import save_file

from generator.families.base import Family
from generator.families.checkpoint import sha256_of
from generator.families.checkpoint_metadata import Member
from generator.families.fill_run import FillRun
from generator.families.settings import Setting, Values, as_json
from generator.families.tensor_forms import TensorForm, Tensors
from generator.models import Composer
from generator.music.grid.chorale import BoolArray, Chorale, repaired_onsets
from generator.registry import OURS, Registered, Registry, Shipped
from generator.services.describe_version import listed
from tests.builders import make_composer


@dataclass(frozen=True)
class ChoirConfig:
    """Nothing to choose."""


class Choir(Family):
    name = "choir"
    Config = ChoirConfig
    settings = {"up": Setting(0, 0, 12, "semitones above the member's note")}

    def __init__(self, note: int) -> None:
        self.note = note
        self.config = ChoirConfig()

    def _fill(
        self, chorale: Chorale, given: BoolArray, *, seed: int, settings: Values, run: FillRun
    ) -> Chorale:
        run.check()
        pitch = np.where(given, chorale.pitch, self.note + settings["up"])
        # The seed shows in where the notes begin.
        begins = np.random.default_rng(seed).random(pitch.shape) < 0.5
        return chorale.with_voices(
            pitch, repaired_onsets(pitch, np.where(given, chorale.onset, begins))
        )

    @classmethod
    def debug(cls) -> Self:
        return cls(60)

    @classmethod
    def tensors(cls, config: ChoirConfig) -> Mapping[str, TensorForm]:
        return {"note": ("int64", (1,))}

    @classmethod
    def from_tensors(cls, config: ChoirConfig, tensors: Tensors) -> Self:
        return cls(int(tensors["note"][0]))

    def to_tensors(self) -> Tensors:
        return {"note": np.array([self.note])}


def registry_of(**shipped: Sequence[Shipped]) -> Registry:
    """The choir and the Markov chain, each with what comes with it."""
    families = {"choir": f"{Choir.__module__}.Choir", "markov": OURS["markov"].family}
    return Registry(
        {
            name: Registered(family, "no.trainer", tuple(shipped.get(name, ())))
            for name, family in families.items()
        }
    )


def save_choir(
    path: Path, folds: Sequence[Sequence[str]], works: Sequence[Sequence[str]], members: int = 0
) -> Path:
    """A checkpoint with a member for each fold, trained on its works; it may be a wrong one."""
    metadata = {"family": "choir", "folds": json.dumps(folds), "works": json.dumps(works)}
    count = members or len(folds)
    names = [f"fold{fold}.note" for fold in range(count)] if count > 1 else ["note"]
    # Not by `save`, which refuses lists that contradict each other.
    save_file({name: np.array([60 + fold]) for fold, name in enumerate(names)}, path, metadata)
    return path


def make_choir(path: Path, *lists: Sequence[Sequence[str]], members: int = 0) -> Composer:
    save_choir(path, *lists, members=members)
    folds, works = (list(map(frozenset, each)) for each in lists)
    return make_composer(
        "choir",
        family="choir",
        shipped=True,
        file=str(path),
        sha256=sha256_of(path),
        settings=as_json(Choir.settings),
        members=listed([Member(*each) for each in zip(works, folds, strict=True)]),
    )
