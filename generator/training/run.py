"""A training from config to checkpoint, for any family. It needs no torch itself.

On the split `folds` the composer has one member for each fold, trained on the works of the other
folds. The tables `[members.N.TABLE]` of a config change those of all members for member N.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from generator.music.corpus.splits import FOLDS
from generator.training.cost import check_disk, say_time
from generator.training.provenance import MemberProvenance, Provenance
from generator.training.splits import SplitPart, load_split
from generator.training.trainer import DEFAULT_SEED, Config, Scores, Trainer

COMMON_TABLES = ("data", "training", "members")


class ConfigError(ValueError):
    """A config lacks something, has too much, or has a value that cannot be."""


def train(
    kind: type[Trainer[Any]],
    config: Config,
    out: Path,
    *,
    command: str,
    progress: bool = False,
    fold: int | None = None,
) -> Scores:
    """Train by a config (see `generator/training/configs`) and write the checkpoint.

    With `fold` only that member is trained, and stays in its state file, so that several cores or
    machines can share the work. The command without a fold then finds it trained.

    Returns
    -------
    dict
        The validation scores, each as a mean over the members.

    Raises
    ------
    ConfigError
        If the config is wrong; nothing has been written.
    DiskTooSmallError
        If the disk has no room for the states and the checkpoint; nothing has been written.
    OSError
        If `out` cannot be written.
    ValueError
        If there is a state file of another training.
    """
    trainers = planned(kind, config, fold, progress=progress)
    single = members_of(config) == range(1)
    states = {
        out.with_suffix(".state" if single else f".fold{member}.state"): trainer
        for member, trainer in trainers.items()
    }
    alone = fold is not None
    _check_writable(out)
    _check_cost(states, out, keep=alone)
    out.parent.mkdir(parents=True, exist_ok=True)
    results = [trainer.train(state, keep=alone) for state, trainer in states.items()]
    metrics = [scores for _, scores in results]
    if not alone:
        provenance = _provenance(list(trainers.values()), metrics, config, command)
        trainers[0].composer([member for member, _ in results]).save(out, provenance)
    # A member that was trained before lacks what is only known of a run, such as its speed.
    common = [name for name in metrics[0] if all(name in scores for scores in metrics)]
    return {name: float(np.mean([scores[name] for scores in metrics])) for name in common}


def planned(
    kind: type[Trainer[Any]], config: Config, fold: int | None, *, progress: bool
) -> dict[int, Trainer[Any]]:
    """The trainers of the members to train, by their numbers; the config is right.

    Raises
    ------
    ConfigError
        If the config is wrong, or has no such fold.
    """
    try:
        _check_tables(kind, config)
        members = members_of(config)
        if fold is not None:
            _check_fold(fold, config)
        configs = [_of_member(kind, config, member, members) for member in members]
        # All of them are made, so that a mistake in the last one is not found after hours.
        trainers = {
            member: kind(
                configs[member], load_split(config["data"]["split"], member), progress=progress
            )
            for member in members
        }
    except KeyError as error:
        raise ConfigError(f"{error} is missing; see generator/training/configs") from error
    except TypeError as error:
        raise ConfigError(f"{error}; see generator/training/configs") from error
    except ValueError as error:
        raise ConfigError(str(error)) from error
    return {m: each for m, each in trainers.items() if fold in (None, m)}


def members_of(config: Config) -> range:
    """The numbers of the members that a config asks for."""
    return range(FOLDS if config["data"]["split"] == "folds" else 1)


def _provenance(
    trainers: Sequence[Trainer[Any]], metrics: Sequence[Scores], config: Config, command: str
) -> Provenance:
    members = []
    for trainer, scores in zip(trainers, metrics, strict=True):
        train, test = trainer.parts["train"], trainer.parts["test"]
        if not trainer.learns:
            train = SplitPart((), ())
        fold = test.names if len(trainers) > 1 else ()
        members.append(MemberProvenance(train.names, train.digest(), scores, fold))
    return Provenance(
        members=tuple(members),
        split=config["data"]["split"],
        seed=config["training"].get("seed", DEFAULT_SEED),
        command=command,
        training=config,
    )


def _check_tables(kind: type[Trainer[Any]], config: Config) -> None:
    tables = (*COMMON_TABLES, *kind.tables)
    for name, content in config.items():
        if name not in tables:
            raise ValueError(f"unknown table [{name}]; use some of {', '.join(tables)}")
        _check_table(name, content)
    _check_keys(kind, config)


def _check_table(name: str, content: object) -> None:
    if not isinstance(content, dict):
        raise ValueError(f"{name} = {content!r}; it must be a table, [{name}]")


def _check_keys(kind: type[Trainer[Any]], config: Config, whose: str = "") -> None:
    """Look for misspelt keys in the tables that every family has."""
    known = {"data": ("split", *kind.data_keys), "training": ("seed", *kind.training_keys)}
    for name, keys in known.items():
        if strays := [key for key in config.get(name, {}) if key not in keys]:
            raise ValueError(
                f"unknown key {strays[0]} in [{whose}{name}]; use some of "
                f"{', '.join(dict.fromkeys(keys))}"
            )


def _check_fold(fold: int, config: Config) -> None:
    split, members = config["data"]["split"], members_of(config)
    if split != "folds":
        raise ValueError(f'fold {fold}; the split {split} has no folds, use split = "folds"')
    if fold not in members:
        raise ValueError(f"fold {fold}; the split folds has {len(members)}: 0 to {members[-1]}")


def _of_member(kind: type[Trainer[Any]], config: Config, member: int, members: range) -> Config:
    """The config of one member."""
    tables = config.get("members", {})
    if unknown := [name for name in tables if name not in map(str, members)]:
        raise ValueError(f"members.{unknown[0]}; there are members 0 to {members[-1]}")
    changes, whose = tables.get(str(member), {}), f"members.{member}"
    _check_table(whose, changes)
    changeable = ("training", *kind.member_tables)
    for name, table in changes.items():
        if name not in changeable:
            raise ValueError(f"{whose}.{name} must be the same for all members")
        _check_table(f"{whose}.{name}", table)
    _check_keys(kind, changes, f"{whose}.")
    own = {name: config.get(name, {}) | changes[name] for name in changes}
    return {name: table for name, table in (config | own).items() if name != "members"}


def _check_cost(trainers: dict[Path, Trainer[Any]], out: Path, *, keep: bool) -> None:
    """Measure one member that is not yet trained, and say what all of them will take."""
    left = {state: trainer.steps_left(state) for state, trainer in trainers.items()}
    untrained = [state for state, steps in left.items() if steps]
    if not untrained:
        return
    cost = trainers[untrained[0]].measure(keep=keep)
    files = [file for state, trainer in trainers.items() for file in trainer.state_files(state)]
    check_disk(cost, out, members=len(trainers), checkpoint=not keep, existing=files)
    say_time(cost, sum(left.values()))


def _check_writable(out: Path) -> None:
    """Find out before hours are spent that a file can be written."""
    folder = next(each for each in out.absolute().parents if each.exists())
    if out.is_dir():
        raise _unwritable(errno.EISDIR, out)
    if not folder.is_dir():
        raise _unwritable(errno.ENOTDIR, folder)
    if not os.access(folder, os.W_OK):
        raise _unwritable(errno.EACCES, folder)


def _unwritable(number: int, path: Path) -> OSError:
    return OSError(number, f"{os.strerror(number)}; choose another --out", str(path))
