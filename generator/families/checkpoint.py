"""The checkpoint file: one safetensors file, immutable; its sha256 is its identity.

Tensors: the family's own names. Metadata (all strings):
    family      the registry's name
    config      JSON of the family's config dataclass
    data        sha256 of the training data
    works       JSON list: BWV numbers (or names such as jsb/train/12) that it was trained on
    seed        of the training run
    command     what made it
    metrics     JSON: what was measured when it was made
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Mapping
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
