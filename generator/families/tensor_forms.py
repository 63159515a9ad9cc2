"""The tensors that a config asks for: their names, types and shapes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generator.families.checkpoint_header import TYPES

ANY_SIZE = -1
"""In the shape of a tensor: a size that the training data decide, such as a number of chords."""
MAX_LISTED = 8
"""Tensors that a message names of each kind of fault."""

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
        if actual_kind != TYPES[kind] or not _has_shape(actual_shape, shape):
            raise ValueError(
                f"tensor {name!r} is {actual_kind} {actual_shape}, not {TYPES[kind]} "
                f"{_in_words(shape)}"
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


def cast_tensors(
    state: Tensors, forms: Mapping[str, TensorForm], stored_name: Callable[[str], str]
) -> Tensors:
    """The tensors of a training, of any precision, as a checkpoint holds them.

    Raises
    ------
    ValueError
        If two have the same name in a checkpoint, some are missing, unknown, or of another kind or
        shape (the message lists them), or a number does not fit into its type.
    """
    tensors = {stored_name(name): values for name, values in state.items()}
    if len(tensors) < len(state):
        raise ValueError("two of its tensors have the same name in a checkpoint")
    misfits = []
    for name in sorted(forms.keys() & tensors.keys()):
        (kind, shape), values = forms[name], tensors[name]
        castable = np.can_cast(values.dtype, kind, casting="same_kind")
        if not castable or not _has_shape(values.shape, shape):
            misfits.append(f"{name} ({values.dtype} {values.shape}, not {kind} {_in_words(shape)})")
    faults = {
        "missing": sorted(forms.keys() - tensors.keys()),
        "unknown": sorted(tensors.keys() - forms.keys()),
        "of another kind or shape": misfits,
    }
    if listed := [f"{what}: {_listed(names)}" for what, names in faults.items() if names]:
        raise ValueError("; ".join(listed))
    return {name: _cast(name, tensors[name], forms[name][0]) for name in forms}


def _cast(name: str, values: NDArray[Any], kind: str) -> NDArray[Any]:
    with np.errstate(over="ignore", invalid="ignore"):
        cast = values.astype(kind)
    whole = np.issubdtype(cast.dtype, np.integer)
    if not (cast == values if whole else np.isfinite(cast)).all():
        raise ValueError(f"tensor {name!r} holds numbers that {kind} cannot hold")
    return cast


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else ""
    return ", ".join(names[:MAX_LISTED]) + more


def _has_shape(shape: Sequence[int], wanted: Sequence[int]) -> bool:
    return len(shape) == len(wanted) and all(
        size in (ANY_SIZE, actual) for actual, size in zip(shape, wanted, strict=True)
    )


def _in_words(shape: Sequence[int]) -> tuple[int | str, ...]:
    return tuple("any" if size == ANY_SIZE else size for size in shape)
