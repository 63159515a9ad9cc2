"""What a checkpoint says of itself, checked by the standard library alone.

The top of `families/checkpoint.py` lists the keys. An uploaded file must have family, config, split
and works; the others may be missing. Keys that are not known are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from reprlib import repr as shown
from typing import Any

from generator.families.checkpoint_json import HeaderError, strict_json
from generator.training.provenance import SPLITS

FORMAT = "1"
REQUIRED = ("family", "config", "split", "works")
MAX_MEMBERS = 20
"""Sets of weights; ours have one for each of five folds."""
MAX_WORKS = 5_000
"""Works that a member was trained on; the corpus has some 400."""
MAX_NAME = 100
"""Characters of the name of a work, a setting of a config or a metric."""
MAX_SETTINGS = 200
"""Settings of a config, or metrics."""
MAX_WORD = 200
MAX_LIST = 1_000
MAX_COMMAND = 2_000

_SHA256 = re.compile(r"[0-9a-f]{64}")
_SEED = re.compile(r"[0-9]{1,20}")
_WORD = re.compile(r"[\w +-]*", flags=re.ASCII)


@dataclass(frozen=True)
class Member:
    """The works that one set of weights was trained on, and its held-out fold (empty: no folds)."""

    trained_on: frozenset[str]
    fold: frozenset[str] = frozenset()


@dataclass(frozen=True)
class CheckpointMetadata:
    """The metadata of a checkpoint; what it leaves out is None or empty."""

    family: str
    config: Mapping[str, Any]
    split: str
    members: tuple[Member, ...]
    data: tuple[str, ...] = ()
    """sha256 of the training data, of each member."""
    seed: int | None = None
    metrics: tuple[Mapping[str, float], ...] = ()
    """Validation scores by name, of each member."""
    command: str = ""


def checked_metadata(
    metadata: Mapping[str, str], families: Collection[str], *, may_have_base: bool = False
) -> CheckpointMetadata:
    """The metadata of an upload.

    Parameters
    ----------
    metadata : mapping of str
        As `read_header` returns it.
    families : collection of str
        The names of the registry.
    may_have_base : bool
        Whether another file may have some of the tensors; an upload comes alone.

    Raises
    ------
    HeaderError
        If a key is missing, has another form than `families/checkpoint.py` lists, or is longer than
        the limits of this module; if the format or the family is not known; or if works and folds
        contradict each other.

    Examples
    --------
    >>> stored = {"family": "markov", "config": '{"states": 8}', "split": "own", "works": "[]"}
    >>> checked_metadata(stored, ["markov"]).config
    {'states': 8}
    """
    if (written := metadata.get("format", FORMAT)) != FORMAT:
        raise HeaderError(
            f"the checkpoint has format {shown(written)}; write it as format {FORMAT}, which the "
            "converter does"
        )
    if missing := [key for key in REQUIRED if key not in metadata]:
        raise HeaderError(f"the metadata lack {', '.join(missing)}; add them, or use the converter")
    if "base" in metadata and not may_have_base:
        raise HeaderError(
            f"the checkpoint has a base, {shown(metadata['base'])}, and so not all of its tensors; "
            "save it again without one"
        )
    family, split = metadata["family"], metadata["split"]
    if family not in families:
        raise HeaderError(
            f"the family {shown(family)} is unknown; use one of {', '.join(sorted(families))}"
        )
    if split not in SPLITS:
        raise HeaderError(f"the split {shown(split)} is unknown; use one of {', '.join(SPLITS)}")
    if split == "folds" and "folds" not in metadata:
        raise HeaderError("the split is 'folds', but the metadata have no folds; list them")
    members = parsed_members(metadata)
    return CheckpointMetadata(
        family=family,
        config=_config(metadata["config"]),
        split=split,
        members=members,
        data=_data(metadata, len(members)),
        seed=_seed(metadata),
        metrics=_metrics(metadata, len(members)),
        command=_command(metadata),
    )


def parsed_members(metadata: Mapping[str, str]) -> tuple[Member, ...]:
    """The members of a checkpoint by fold; one without a fold if it is not cross-fitted.

    Raises
    ------
    HeaderError
        If there is no list of works, or the lists contradict each other: they differ in length, a
        work is in two folds, or a member was trained on a work of its own fold; or if they are
        longer than the limits.
    """
    if "works" not in metadata:
        raise HeaderError(
            "the file lacks 'works', the list of works it was trained on; it may be empty: []"
        )
    try:
        works = strict_json(metadata["works"], "works")
        if "folds" not in metadata:
            return (Member(_names(works)),)
        folds = [_names(fold) for fold in strict_json(metadata["folds"], "folds")]
        members = tuple(map(Member, map(_names, works), folds))
    except (TypeError, HeaderError) as error:
        raise HeaderError(f"the file lists its works in an unknown form ({error})") from error
    if not len(works) == len(folds) > 0:
        raise HeaderError(f"the file has {len(folds)} folds, but works for {len(works)} members")
    if len(members) > MAX_MEMBERS:
        raise HeaderError(f"the file has {len(members):,} members; at most {MAX_MEMBERS} are read")
    if len(frozenset().union(*folds)) != sum(map(len, folds)):
        raise HeaderError("the file has the same work in two folds")
    for number, member in enumerate(members):
        if leaked := sorted(member.trained_on & member.fold):
            raise HeaderError(f"member {number} was trained on {leaked[0]}, a work of its own fold")
    return members


def _names(works: object) -> frozenset[str]:
    # A string would pass for a set of its letters, and a composer for one that saw no work.
    if not isinstance(works, list) or not all(isinstance(name, str) for name in works):
        raise TypeError(f"{shown(works)} is not a list of names")
    if len(works) > MAX_WORKS:
        raise TypeError(f"{len(works):,} works; at most {MAX_WORKS:,} are read")
    for name in works:
        if not 0 < len(name) <= MAX_NAME or not name.isprintable():
            raise TypeError(f"{shown(name)}: a name has 1 to {MAX_NAME} printable characters")
    return frozenset(works)


def _config(text: str) -> dict[str, Any]:
    config = strict_json(text, "the config")
    if not isinstance(config, dict):
        raise HeaderError(f"the config is {shown(config)}; write a JSON object")
    if len(config) > MAX_SETTINGS:
        raise HeaderError(f"the config has {len(config):,} settings; use at most {MAX_SETTINGS}")
    for name, value in config.items():
        if len(name) > MAX_NAME or not name.isidentifier():
            raise HeaderError(
                f"the config has a setting {shown(name)}; use letters, digits and _, at most "
                f"{MAX_NAME} characters"
            )
        if isinstance(value, list) and len(value) > MAX_LIST:
            raise HeaderError(
                f"config: {name} is a list of {len(value):,}; use at most {MAX_LIST:,} values"
            )
        for each in value if isinstance(value, list) else [value]:
            _check_value(name, each)
    return config


def _check_value(name: str, value: object) -> None:
    if isinstance(value, (bool, int, float)):
        return
    if not isinstance(value, str):
        raise HeaderError(
            f"config: {name} holds {shown(value)}; use numbers, words, true and false, or a list "
            "of these"
        )
    if len(value) > MAX_WORD:
        raise HeaderError(f"config: {name} has {len(value):,} characters; use at most {MAX_WORD}")
    if not _WORD.fullmatch(value):
        raise HeaderError(
            f"config: {name} is {shown(value)}; a config names no file and no code, use plain words"
        )


def _data(metadata: Mapping[str, str], members: int) -> tuple[str, ...]:
    if "data" not in metadata:
        return ()
    data = metadata["data"]
    digests = [data] if "folds" not in metadata else strict_json(data, "data")
    if not _is_list_of(digests, str, members) or not all(map(_SHA256.fullmatch, digests)):
        raise HeaderError(
            f"data is {shown(data)}; write the sha256 of the training data, for several members a "
            "list of them, or leave it out"
        )
    return tuple(digests)


def _seed(metadata: Mapping[str, str]) -> int | None:
    if "seed" not in metadata:
        return None
    if not _SEED.fullmatch(metadata["seed"]):
        raise HeaderError(f"the seed is {shown(metadata['seed'])}; write a whole number from 0")
    return int(metadata["seed"])


def _metrics(metadata: Mapping[str, str], members: int) -> tuple[Mapping[str, float], ...]:
    if "metrics" not in metadata:
        return ()
    stored = strict_json(metadata["metrics"], "metrics")
    metrics = stored if "folds" in metadata else [stored]
    if not _is_list_of(metrics, dict, members):
        raise HeaderError(
            f"metrics are {shown(stored)}; write a JSON object, for several members a list of them"
        )
    for scores in metrics:
        if len(scores) > MAX_SETTINGS:
            raise HeaderError(f"there are {len(scores):,} metrics; use at most {MAX_SETTINGS}")
        for name, score in scores.items():
            if len(name) > MAX_NAME or not name.isprintable() or type(score) not in (int, float):
                raise HeaderError(f"metrics: {shown(name)} is {shown(score)}; use numbers by name")
    return tuple(metrics)


def _command(metadata: Mapping[str, str]) -> str:
    command = metadata.get("command", "")
    if len(command) > MAX_COMMAND or not command.isprintable():
        raise HeaderError(
            f"the command {shown(command)} has {len(command):,} characters; use one line of at "
            f"most {MAX_COMMAND:,}"
        )
    return command


def _is_list_of(values: object, kind: type, count: int) -> bool:
    return (
        isinstance(values, list)
        and len(values) == count
        and all(isinstance(each, kind) for each in values)
    )
