"""The checkpoint file: one safetensors file, immutable; its sha256 is its identity.

Tensors: the family's own names. Metadata (all strings):
    family      the registry's name
    config      JSON of the family's config dataclass
    data        sha256 of the training data
    works       JSON list: BWV numbers (or names such as jsb/train/12) that it was trained on
    seed        of the training run
    command     what made it
    metrics     JSON: what was measured when it was made

A composer made of several members, one for each fold of the works, keeps them all in one file:
their tensors under ``fold0.``, ``fold1.`` and so on, and in the metadata
    works       JSON list of lists: what each member was trained on
    folds       JSON list of lists: the BWV numbers of each member's fold, which it never saw
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from generator.errors import GeneratorError

Tensors = dict[str, NDArray[Any]]


class CheckpointError(GeneratorError):
    """A checkpoint file that is missing, truncated, of another family or not finite."""


@dataclass(frozen=True)
class Member:
    """What one set of weights learnt from, and the fold that was kept from it (empty: no folds)."""

    trained_on: frozenset[str]
    fold: frozenset[str] = frozenset()


def sha256_of(path: Path) -> str:
    """Hex digest of a file: the identity of a checkpoint."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_checkpoint(path: Path, tensors: Tensors, metadata: Mapping[str, str]) -> None:
    """Write whole or not at all: to a temporary file beside `path`, then renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = save(tensors, metadata=dict(metadata))
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as part:
        part.write(content)
    ready = Path(part.name)
    ready.chmod(0o644)
    ready.replace(path)


def read_metadata(path: Path) -> dict[str, str]:
    """Metadata alone, without loading tensors."""
    if not path.is_file():
        raise CheckpointError(f"no checkpoint at {path}; train one or restore the file")
    try:
        with safe_open(path, framework="numpy") as file:
            return dict(file.metadata() or {})
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(
            f"{path} is no whole safetensors file ({error}); restore it from its source"
        ) from error


def read_members(path: Path) -> tuple[Member, ...]:
    """The members of a checkpoint by fold; one without a fold where it is not cross-fitted.

    Raises
    ------
    CheckpointError
        If the lists do not belong together: of different lengths, a work in two folds, or a member
        that was trained on a work of its own fold.
    """
    metadata = read_metadata(path)
    try:
        works = json.loads(metadata.get("works", "[]"))
        if "folds" not in metadata:
            return (Member(frozenset(works)),)
        folds = [frozenset(fold) for fold in json.loads(metadata["folds"])]
        members = tuple(map(Member, map(frozenset, works), folds))
    except (TypeError, ValueError) as error:
        raise CheckpointError(f"{path} lists its works in no form known ({error})") from error
    if not len(works) == len(folds) > 0:
        raise CheckpointError(f"{path} has {len(folds)} folds and works of {len(works)} members")
    if len(frozenset().union(*folds)) != sum(map(len, folds)):
        raise CheckpointError(f"{path} has a work in two of its folds")
    for number, member in enumerate(members):
        if both := sorted(member.trained_on & member.fold):
            raise CheckpointError(f"{path}: member {number} was trained on {both[0]} of its fold")
    return members


def read_checkpoint(path: Path, family: str) -> tuple[Tensors, dict[str, Any], dict[str, str]]:
    """Tensors, config and metadata of a checkpoint of this family.

    Raises
    ------
    CheckpointError
        If the file is missing, truncated, of another family, or holds NaN or infinity.
    """
    metadata = read_metadata(path)
    if metadata.get("family") != family:
        raise CheckpointError(
            f"{path} is of family {metadata.get('family')!r}, not {family!r}; choose the right file"
        )
    try:
        config = json.loads(metadata.get("config", "{}"))
        with safe_open(path, framework="numpy") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(f"{path} cannot be read ({error}); restore it") from error
    for name, values in tensors.items():
        if np.issubdtype(values.dtype, np.floating) and not np.isfinite(values).all():
            raise CheckpointError(f"{path}: tensor {name!r} holds NaN or infinity; refused")
    return tensors, config, metadata
