"""Where a composer comes from: what each member learnt from, and how all of them were trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SPLITS = ("jsb", "tunes", "folds", "own")
"""Of `own`, only the lists of works say what it is."""


@dataclass(frozen=True)
class MemberProvenance:
    """What one member was trained on, and its validation scores."""

    works: tuple[str, ...]
    data: str
    """sha256 of the works' notes; empty if it is not known."""
    metrics: Mapping[str, float]
    fold: tuple[str, ...] = ()
    """The held-out works, where there is a member for each fold."""


@dataclass(frozen=True)
class Provenance:
    """What a checkpoint says about its training."""

    members: tuple[MemberProvenance, ...]
    split: str
    seed: int | None
    """None if it is not known."""
    command: str
    training: Mapping[str, Any]
    """The config."""
