"""Converts weights that you have trained yourself, in a .pt file, to the format of uploads.

The .pt holds the state dict of one network, `torch.save(network.state_dict(), FILE)`. A composer
with several members, one for each fold of the works, has one file for each.
"""

from __future__ import annotations

import argparse
import json
import pickle
import struct
import sys
import tomllib
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from numpy.typing import NDArray

from generator.errors import GeneratorError
from generator.registry import Registry, RegistryError, installed
from generator.training.provenance import SPLITS, MemberProvenance, Provenance

if TYPE_CHECKING:
    from generator.families.base import Family

WARNING = """\
*** WARNING ***************************************************************
A .pt file is a pickle: reading it can run whatever its author wants. The
safe mode of torch, which is used here, has been broken twice
(CVE-2025-32434, CVE-2026-24747). Convert only weights that you have trained
yourself, on your own machine. Never convert a .pt that somebody gives you:
ask for the .safetensors.
***************************************************************************"""

# What torch raises on files that are something else.
_UNREADABLE = (
    pickle.UnpicklingError,
    struct.error,
    AttributeError,
    EOFError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)


class ConversionError(GeneratorError):
    """A file does not hold what a checkpoint needs."""


def main() -> None:
    try:
        registry = installed()
    except RegistryError as error:
        sys.exit(str(error))
    options = _parser(registry).parse_args()
    command = "python -m generator.training.convert " + " ".join(sys.argv[1:])
    print(WARNING, file=sys.stderr)
    try:
        composer = convert(registry.family(options.family), options, command)
    except OSError as error:
        sys.exit(f"{error.filename or options.out}: {error.strerror or error}")
    except GeneratorError as error:
        sys.exit(str(error))
    print(f"Wrote {options.out}: {composer.name}, {composer.members} member(s)")


def convert(kind: type[Family], options: argparse.Namespace, command: str) -> Family:
    """Write the checkpoint and read it again.

    Raises
    ------
    GeneratorError
        If a file does not hold what it should; no checkpoint has been written.
    OSError
        If a file cannot be read or written.
    """
    if options.out.exists():
        raise ConversionError(f"{options.out} exists; choose another --out, or remove it")
    provenance = _provenance(options, command)
    stored = _read_config(options.config)
    try:
        config = kind.config_from_json(stored)
    except (TypeError, ValueError, LookupError) as error:
        raise ConversionError(f"{options.config}: {error}") from error
    kind.cross_fitted([_read_member(kind, config, path) for path in options.weights]).save(
        options.out, provenance
    )
    try:
        return kind.load(options.out)
    except GeneratorError:
        options.out.unlink()
        raise


def read_state(path: Path) -> dict[str, NDArray[Any]]:
    """The tensors of a state dict by name; torch's safe mode reads no other objects.

    Raises
    ------
    ConversionError
        If the file holds anything else.
    OSError
        If it cannot be read.
    """
    try:
        with warnings.catch_warnings(action="ignore"):  # of forms that are refused below
            state = torch.load(path, map_location="cpu", weights_only=True)
    except _UNREADABLE as error:
        # Not torch's own words, which recommend to read it without the safe mode.
        raise ConversionError(
            f"{path} is refused: it is damaged, or holds more than tensors, and that could run "
            "code; save the network with torch.save(network.state_dict(), FILE)"
        ) from error
    if not isinstance(state, dict) or not state:
        raise ConversionError(f"{path} holds {type(state).__name__}, not a state dict with tensors")
    for name, value in state.items():
        if not isinstance(name, str) or not isinstance(value, torch.Tensor):
            raise ConversionError(
                f"{path}: {name!r:.60} is {type(value).__name__}, not a tensor; save the state "
                "dict alone, torch.save(network.state_dict(), FILE)"
            )
    return {name: _as_array(path, name, value) for name, value in state.items()}


def _as_array(path: Path, name: str, tensor: torch.Tensor) -> NDArray[Any]:
    try:
        # NumPy has no bfloat16.
        wide = tensor.float() if tensor.dtype == torch.bfloat16 else tensor
        return wide.detach().numpy()
    except (RuntimeError, TypeError) as error:
        raise ConversionError(
            f"{path}: {name} is {tensor.dtype}, {tensor.layout}; save it as a dense float32"
        ) from error


def _read_member(kind: type[Family], config: object, path: Path) -> Family:
    state = read_state(path)
    try:
        return kind.from_state(config, state)
    except GeneratorError as error:
        raise ConversionError(f"{path}: {error}") from error


def _read_config(path: Path) -> dict[str, Any]:
    text = _read_text(path)
    try:
        config = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except ValueError as error:
        raise ConversionError(f"{path}: {error}") from error
    if not isinstance(config, dict):
        raise ConversionError(f"{path}: {config!r:.40} is no table of settings")
    return config


def _provenance(options: argparse.Namespace, command: str) -> Provenance:
    members = len(options.weights)
    if options.folds is not None:
        works, folds = (_read_lists(path, members) for path in (options.works, options.folds))
        if not all(folds):
            raise ConversionError(f"{options.folds}: a fold is empty; list the works of each")
    elif members > 1 or options.split == "folds":
        raise ConversionError(
            f"{members} --weights of split {options.split}; say with --folds which works each "
            "member never saw"
        )
    else:
        works, folds = [_read_works(options.works)], [()]
    return Provenance(
        members=tuple(
            MemberProvenance(seen, data="", metrics={}, fold=fold)
            for seen, fold in zip(works, folds, strict=True)
        ),
        split=options.split,
        seed=options.seed,
        command=command,
        training={},
    )


def _read_lists(path: Path, members: int) -> list[tuple[str, ...]]:
    """For each member a list of works."""
    lists = _read_json(path)
    if not isinstance(lists, list) or len(lists) != members:
        raise ConversionError(
            f"{path}: write a JSON list of {members} lists of works, one for each --weights"
        )
    return [_checked_names(path, each) for each in lists]


def _read_works(path: Path) -> tuple[str, ...]:
    """Names from a JSON list, or one a line; none only where the list is JSON."""
    text = _read_text(path).strip()
    if text.startswith("["):
        return _checked_names(path, _read_json(path))
    if not text:
        raise ConversionError(f"{path} is empty; write [] if no work of Bach was trained on")
    return _checked_names(path, [line.strip() for line in text.splitlines() if line.strip()])


def _read_json(path: Path) -> Any:
    try:
        return json.loads(_read_text(path))
    except ValueError as error:
        raise ConversionError(f"{path}: {error}") from error


def _checked_names(path: Path, names: object) -> tuple[str, ...]:
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ConversionError(f"{path}: {names!r:.40} is not a list of names of works")
    return tuple(names)


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConversionError(f"{path} is not UTF-8 ({error.reason})") from error


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0")
    return int(text)


def _parser(registry: Registry) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m generator.training.convert", description=__doc__
    )
    parser.add_argument("--family", choices=sorted(registry.families), required=True)
    parser.add_argument(
        "--config", type=Path, required=True, help="the family's config (a TOML or JSON file)"
    )
    parser.add_argument(
        "--weights",
        type=Path,
        action="append",
        required=True,
        help="a .pt file that you trained yourself; repeat it for each member",
    )
    parser.add_argument(
        "--out", type=Path, required=True, help="the checkpoint to write (.safetensors)"
    )
    parser.add_argument(
        "--works",
        type=Path,
        required=True,
        help="the works it was trained on: one name a line, or JSON; for members a list of lists",
    )
    parser.add_argument(
        "--folds", type=Path, help="JSON: for each member the works that it never saw, its fold"
    )
    parser.add_argument(
        "--split",
        choices=SPLITS,
        required=True,
        help="the split it was trained on; own: none of ours, only --works says what",
    )
    parser.add_argument("--seed", type=_seed, help="the seed of the training")
    return parser


if __name__ == "__main__":
    main()
