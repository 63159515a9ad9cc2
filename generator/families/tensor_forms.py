"""The tensors that a config asks for: their names, types and shapes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

ANY_SIZE = -1
"""In the shape of a tensor: a size that the training data decide, such as a number of chords."""
TYPES = {"float16": "F16", "float32": "F32", "int16": "I16", "int32": "I32", "int64": "I64"}
"""NumPy's names of the types that a checkpoint may hold, and those of safetensors."""

Tensors = dict[str, NDArray[Any]]
TensorForm = tuple[str, tuple[int, ...]]
"""A NumPy type and a shape, in which `ANY_SIZE` may stand."""


def check_forms(actual: Mapping[str, TensorForm], expected: Mapping[str, TensorForm]) -> None:
    """Compare the tensors that there are, their types as safetensors names them, with the config's.

    Raises
    ------
    ValueError
        If one is missing, unknown, or of another type or shape, or no checkpoint may hold its type.
    """
    if missing := expected.keys() - actual.keys():
        raise ValueError(f"it lacks tensor {min(missing)!r}")
    if unknown := actual.keys() - expected.keys():
        raise ValueError(f"it has an unknown tensor {min(unknown)!r}")
    for name, (kind, shape) in expected.items():
        if kind not in TYPES:
            raise ValueError(f"tensor {name!r} is {kind}; use one of {', '.join(TYPES)}")
        actual_kind, actual_shape = actual[name]
        fits = len(actual_shape) == len(shape) and all(
            wanted in (ANY_SIZE, size) for size, wanted in zip(actual_shape, shape, strict=True)
        )
        if actual_kind != TYPES[kind] or not fits:
            sizes = tuple("any" if size == ANY_SIZE else size for size in shape)
            raise ValueError(
                f"tensor {name!r} is {actual_kind} {actual_shape}, not {TYPES[kind]} {sizes}"
            )


def check_member(tensors: Tensors, forms: Mapping[str, TensorForm], prefix: str = "") -> None:
    """Check the tensors of a member; `prefix` goes before their names in the message.

    Raises
    ------
    ValueError
        As `check_forms`, or if a tensor holds NaN or infinity.
    """
    arrays = {prefix + name: np.asarray(values) for name, values in tensors.items()}
    check_forms(
        {
            name: (TYPES.get(values.dtype.name, values.dtype.name), values.shape)
            for name, values in arrays.items()
        },
        {prefix + name: form for name, form in forms.items()},
    )
    for name, values in arrays.items():
        if np.issubdtype(values.dtype, np.floating) and not np.isfinite(values).all():
            raise ValueError(f"tensor {name!r} holds NaN or infinity")
