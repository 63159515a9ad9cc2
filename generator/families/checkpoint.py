"""A checkpoint is one safetensors file. It never changes, and its sha256 is its identity.

The names of the tensors are the family's own. Metadata (all strings):
    family      the registry's name
    config      JSON of the family's config
    split       jsb, tunes or folds
    works       JSON list of the works it was trained on: BWV numbers, or names such as jsb/train/12
    data        sha256 of the training data
    seed        of the training run
    command     what made it
    training    JSON of the config of the training
    metrics     JSON of the validation scores

A composer with several members, one for each fold of the works, keeps all of them in one file.
Their tensors begin with ``fold0.``, ``fold1.`` and so on; `data` and `metrics` are lists, and
    works       JSON list of lists: what each member was trained on
    folds       JSON list of lists: the BWV numbers of each member's fold, which it never saw
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from generator.atomic_write import atomic_write
from generator.errors import GeneratorError

Tensors = dict[str, NDArray[Any]]


class CheckpointError(GeneratorError):
    """A checkpoint file is missing, truncated, of another family or not finite."""


@dataclass(frozen=True)
class Member:
    """The works that one set of weights was trained on, and its held-out fold (empty: no folds)."""

    trained_on: frozenset[str]
    fold: frozenset[str] = frozenset()


def checked_path(path: Path) -> Path:
    """The path.

    Raises
    ------
    CheckpointError
        If no file is there.
    """
    if not path.is_file():
        raise CheckpointError(f"no checkpoint at {path}; restore the file or train it again")
    return path


def sha256_of(path: Path) -> str:
    """The sha256 of a file in hex: the identity of a checkpoint."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_checkpoint(path: Path, tensors: Tensors, metadata: Mapping[str, str]) -> None:
    """Write a checkpoint completely or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(path, save(tensors, metadata=dict(metadata)))


def read_metadata(path: Path) -> dict[str, str]:
    """The metadata, without loading any tensors."""
    try:
        with safe_open(checked_path(path), framework="numpy") as file:
            return dict(file.metadata() or {})
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(
            f"{path} is not a complete safetensors file ({error}); restore it from its source"
        ) from error


def read_members(path: Path) -> tuple[Member, ...]:
    """The members of a checkpoint by fold; one without a fold if it is not cross-fitted.

    Raises
    ------
    CheckpointError
        If the lists contradict each other: they differ in length, a work is in two folds, or a
        member was trained on a work of its own fold.
    """
    metadata = read_metadata(path)
    try:
        works = json.loads(metadata.get("works", "[]"))
        if "folds" not in metadata:
            return (Member(frozenset(works)),)
        folds = [frozenset(fold) for fold in json.loads(metadata["folds"])]
        members = tuple(map(Member, map(frozenset, works), folds))
    except (TypeError, ValueError) as error:
        raise CheckpointError(f"{path} lists its works in an unknown form ({error})") from error
    if not len(works) == len(folds) > 0:
        raise CheckpointError(f"{path} has {len(folds)} folds, but works for {len(works)} members")
    if len(frozenset().union(*folds)) != sum(map(len, folds)):
        raise CheckpointError(f"{path} has the same work in two folds")
    for number, member in enumerate(members):
        if leaked := sorted(member.trained_on & member.fold):
            raise CheckpointError(
                f"{path}: member {number} was trained on {leaked[0]}, a work of its own fold"
            )
    return members


def read_checkpoint(path: Path, family: str) -> tuple[Tensors, dict[str, Any], dict[str, str]]:
    """Tensors, config and metadata of a checkpoint of this family.

    Raises
    ------
    CheckpointError
        If the file is missing, truncated or of another family, or holds NaN or infinity.
    """
    metadata = read_metadata(path)
    if metadata.get("family") != family:
        raise CheckpointError(
            f"{path} is of family {metadata.get('family')!r}, not {family!r}; choose another file"
        )
    try:
        config = json.loads(metadata.get("config", "{}"))
        with safe_open(path, framework="numpy") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(f"{path} cannot be read ({error}); restore it") from error
    for name, values in tensors.items():
        if np.issubdtype(values.dtype, np.floating) and not np.isfinite(values).all():
            raise CheckpointError(f"{path}: tensor {name!r} holds NaN or infinity; restore it")
    return tensors, config, metadata
