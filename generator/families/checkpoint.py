"""A checkpoint is one safetensors file. It never changes, and its sha256 is its identity.

The names of the tensors are the family's own; a family that learns nothing has none. Metadata (all
strings):
    family      the registry's name
    format      1, of this file; files without it have format 1 too
    config      JSON of the family's config
    split       jsb, tunes, folds, or own: what only `works` can say
    works       JSON list of the works it was trained on: BWV numbers, or names such as jsb/train/12
    data        sha256 of the training data
    seed        of the training run
    command     what made it
    training    JSON of the config of the training
    metrics     JSON of the validation scores by name
    base        JSON of the name and the sha256 of another checkpoint in the same folder, which has
                the tensors that this one lacks; a part that is retrained does not store the rest
                again

A composer with several members, one for each fold of the works, keeps all of them in one file.
Their tensors begin with ``fold0.``, ``fold1.`` and so on; `data` and `metrics` are lists, and
    works       JSON list of lists: what each member was trained on
    folds       JSON list of lists: the BWV numbers of each member's fold, which it never saw

Nothing else in the code knows this form, but for what reads uploads before anything trusts them:
`checkpoint_header` reads the file, `checkpoint_metadata` its metadata. The same content always
gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from generator.atomic_write import atomic_write
from generator.errors import GeneratorError
from generator.families.checkpoint_json import HeaderError
from generator.families.checkpoint_metadata import FORMAT, Member, parsed_members
from generator.families.tensor_forms import TensorForm, Tensors, check_forms, check_member
from generator.training.provenance import Provenance

_PREFIX = re.compile(r"fold\d+\.")


class CheckpointError(GeneratorError):
    """A checkpoint file is missing, truncated, of another family or not finite."""


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
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_tensors(whose: str, members: Sequence[Tensors], forms: Mapping[str, TensorForm]) -> None:
    """Find what would keep the members from being read again; `whose` begins the message.

    Raises
    ------
    CheckpointError
        If a tensor is missing, unknown, or of another type or shape, or holds NaN or infinity.
    """
    with fitting(whose):
        for prefix, tensors in zip(_prefixes(len(members)), members, strict=True):
            check_member(tensors, forms, prefix)


def write_checkpoint(
    path: Path,
    family: str,
    config: Mapping[str, Any],
    forms: Mapping[str, TensorForm],
    members: Sequence[Tensors],
    provenance: Provenance,
    base: Path | None = None,
) -> None:
    """Write the members of a checkpoint, completely or not at all.

    Tensors that the `base`, another checkpoint in the same folder, has too are not stored again.

    Raises
    ------
    CheckpointError
        If it could not be read again: tensors or lists of works are wrong, or the base is in
        another folder or has one itself. Nothing is written.
    """
    check_tensors(str(path), members, forms)
    metadata = _metadata(family, config, provenance)
    _check_held(path, len(_listed(path, metadata)), len(members))
    tensors = {
        prefix + name: np.asarray(values, order="C")  # the file takes the memory as it lies
        for prefix, member in zip(_prefixes(len(members)), members, strict=True)
        for name, values in member.items()
    }
    if base:
        metadata["base"] = json.dumps({"file": base.name, "sha256": sha256_of(base)})
        tensors = _without_stored(tensors, path, base)
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(path, _in_order(save(tensors, metadata=metadata)))


def read_metadata(path: Path) -> dict[str, str]:
    """The metadata, without loading any tensors.

    Raises
    ------
    CheckpointError
        If the file is missing, truncated or of a later format.
    """
    with _opened(path) as file:
        metadata = dict(file.metadata() or {})
    if metadata.get("format", FORMAT) != FORMAT:
        raise CheckpointError(
            f"{path} has format {metadata['format']!r}; this version of the code reads {FORMAT}"
        )
    return metadata


def read_config(path: Path) -> dict[str, Any]:
    """The config of a checkpoint, as it is stored.

    Raises
    ------
    CheckpointError
        If there is none that is a JSON object.
    """
    stored = read_metadata(path).get("config", "{}")
    try:
        config = json.loads(stored)
        if not isinstance(config, dict):
            raise CheckpointError(f"{path} has a config that is not a JSON object: {config!r:.40}")
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} has a config that is not JSON ({error})") from error
    return config


def read_members(path: Path) -> tuple[Member, ...]:
    """The members of a checkpoint by fold; one without a fold if it is not cross-fitted.

    Raises
    ------
    CheckpointError
        If there is no list of works, or the lists contradict each other: they differ in length, a
        work is in two folds, or a member was trained on a work of its own fold.
    """
    return _listed(path, read_metadata(path))


def read_weights(
    path: Path,
    family: str,
    config_from_json: Callable[[Mapping[str, Any]], Any],
    tensors_of: Callable[[Any], Mapping[str, TensorForm]],
) -> tuple[Any, list[Tensors]]:
    """The config of a checkpoint of this family, and the tensors of each of its members.

    Names, types and shapes are compared with `tensors_of(config)` before any tensor is read.

    Raises
    ------
    CheckpointError
        If the file is missing, truncated or of another family, its config is not valid, a tensor
        is missing, unknown, or of another type or shape, or holds NaN or infinity.
    """
    metadata = read_metadata(path)
    if metadata.get("family") != family:
        raise CheckpointError(
            f"{path} is of family {metadata.get('family')!r}, not {family!r}; choose another file"
        )
    with fitting(path):
        config = config_from_json(read_config(path))
        forms = tensors_of(config)
    members = len(read_members(path))
    prefixes = _prefixes(members)
    expected = {prefix + name: form for prefix in prefixes for name, form in forms.items()}
    with _opened(path) as own, _opened(base_of(path) or path) as base:
        of_own, of_base = set(own.keys()), set(base.keys())
        # A base may have more than is used of it.
        files = dict.fromkeys(of_base & expected.keys(), base) | dict.fromkeys(of_own, own)
        held = len({each[0] for name in files if (each := _PREFIX.match(name))}) or 1
        if forms:  # members without tensors are all in the lists of works
            _check_held(path, members, held)
        with fitting(path):
            check_forms(
                {name: _form_of(of.get_slice(name)) for name, of in files.items()}, expected
            )
            weights = [
                {each: files[p + each].get_tensor(p + each) for each in forms} for p in prefixes
            ]
            for prefix, tensors in zip(prefixes, weights, strict=True):
                check_member(tensors, forms, prefix)
    return config, weights


def named_base(path: Path) -> tuple[Path, str] | None:
    """Where a checkpoint says that its base lies, and the sha256 of it; raises as `base_of`."""
    stored = read_metadata(path).get("base")
    if stored is None:
        return None
    with fitting(path):
        named = json.loads(stored)
        name, digest = Path(named["file"]), named["sha256"]
        if name.name != named["file"]:
            raise ValueError(f"base {named['file']!r:.80}; use a name without a folder")
    return path.parent / name, digest


def base_of(path: Path) -> Path | None:
    """The checkpoint that has the tensors that this one lacks, if there is one.

    Raises
    ------
    CheckpointError
        If it is missing, or is not the one that this checkpoint was made with.
    """
    named = named_base(path)
    if named is None:
        return None
    base, digest = named
    if not base.is_file():
        raise CheckpointError(
            f"{path} is complete only with {base.name!r:.80}; put that file into the same folder"
        )
    if sha256_of(base) != digest:
        raise CheckpointError(
            f"{path} was made with another {base.name}; restore the file of sha256 {digest!r:.80}"
        )
    return base


def _without_stored(tensors: Mapping[str, Any], path: Path, base: Path) -> dict[str, NDArray[Any]]:
    """The tensors that the base has not, or has otherwise."""
    if base.parent != path.parent or "base" in read_metadata(base):
        raise CheckpointError(
            f"{base} cannot be the base of {path}; use a complete checkpoint of the same folder"
        )
    with _opened(base) as file:
        held = set(file.keys())
        return {
            name: values
            for name, values in tensors.items()
            if name not in held or not _equal(file.get_tensor(name), values)
        }


def _equal(one: NDArray[Any], two: NDArray[Any]) -> bool:
    return one.dtype == two.dtype and np.array_equal(one, two)


def _metadata(family: str, config: Mapping[str, Any], provenance: Provenance) -> dict[str, str]:
    members = provenance.members
    metadata = {
        "family": family,
        "format": FORMAT,
        "config": json.dumps(config),
        "split": provenance.split,
        "command": provenance.command,
        "training": json.dumps(provenance.training),
    }
    if provenance.seed is not None:
        metadata["seed"] = str(provenance.seed)
    lists: dict[str, list[Any]] = {
        "works": [each.works for each in members],
        "metrics": [dict(each.metrics) for each in members],
    }
    is_one = len(members) == 1 and not members[0].fold
    if not is_one:
        lists["folds"] = [each.fold for each in members]
    if all(hashes := [each.data for each in members]):
        metadata["data"] = hashes[0] if is_one else json.dumps(hashes)
    return metadata | {
        name: json.dumps(values[0] if is_one else values) for name, values in lists.items()
    }


def _listed(path: Path, metadata: Mapping[str, str]) -> tuple[Member, ...]:
    """The members that the metadata list."""
    try:
        return parsed_members(metadata)
    except HeaderError as error:
        raise CheckpointError(f"{path}: {error}") from error


def _prefixes(members: int) -> list[str]:
    return [f"fold{index}." for index in range(members)] if members > 1 else [""]


def _form_of(stored: Any) -> TensorForm:
    return stored.get_dtype(), tuple(stored.get_shape())


def _in_order(content: bytes) -> bytes:
    """A safetensors file with its metadata sorted: the library writes them in a random order."""
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:end])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)  # the tensors are aligned
    return len(text).to_bytes(8, "little") + text + content[end:]


def _check_held(path: Path, listed: int, held: int) -> None:
    if held != listed:
        message = f"{path} lists the works of {listed} members but holds weights of {held}"
        raise CheckpointError(message)


@contextmanager
def fitting(whose: object, config: str = "its own config") -> Iterator[None]:
    """Say of what a family raises on tensors and a config that they do not fit together."""
    try:
        yield
    except (TypeError, ValueError, LookupError, ArithmeticError, RuntimeError) as error:
        raise CheckpointError(f"{whose} does not fit {config}: {error}") from error


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        with safe_open(checked_path(path), framework="numpy") as file:
            yield file
    except (SafetensorError, OSError) as error:
        raise CheckpointError(
            f"{path} is not a complete safetensors file ({error}); restore it from its source"
        ) from error
