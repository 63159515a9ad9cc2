"""What the two commands that teach critics have in common: their options, config and members."""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from generator.families.checkpoint import CheckpointError, read_members, read_metadata
from generator.families.checkpoint_metadata import Member
from generator.families.flagship.flagship import Flagship
from generator.training.provenance import MemberProvenance, Provenance

NEEDED = ("folds", "data", "seed", "metrics")  # metadata of the members
Config = TypeVar("Config")


@dataclass(frozen=True)
class TrainedMembers:
    """A cross-fitted flagship, and what its file says of how it came about."""

    composer: Flagship
    members: tuple[Member, ...]
    metadata: Mapping[str, str]

    @classmethod
    def load(cls, path: Path) -> TrainedMembers:
        """Read a checkpoint; raises `CheckpointError` if it is not sound or not cross-fitted."""
        metadata = read_metadata(path)
        composer = Flagship.load(path)
        if missing := [name for name in NEEDED if name not in metadata]:
            raise CheckpointError(f"{path} has no {missing[0]}; use a cross-fitted flagship")
        return cls(composer, read_members(path), metadata)

    def provenance(
        self, metric: str, values: Sequence[float], training: Mapping[str, Any], command: str
    ) -> Provenance:
        """That of the members, with one more metric of each and one more command."""
        names = ("works", "folds", "metrics", "data")
        stored = (json.loads(self.metadata[name]) for name in names)
        members = [
            MemberProvenance(tuple(works), data, {**metrics, metric: value}, tuple(fold))
            for works, fold, metrics, data, value in zip(*stored, values, strict=True)
        ]
        return Provenance(
            members=tuple(members),
            split=self.metadata["split"],
            seed=int(self.metadata["seed"]),
            command=f"{self.metadata['command']}; {command}",
            training=training,
        )


def read_config(
    path: Path, parsed: Callable[[Mapping[str, Any]], Config]
) -> tuple[dict[str, Any], Config]:
    """The tables of a TOML file and what they mean; what is wrong with them ends the program."""
    try:
        tables = tomllib.loads(path.read_text())
        return tables, parsed(tables)
    except KeyError as error:
        sys.exit(f"{path}: {error} is missing")
    except (TypeError, ValueError) as error:
        sys.exit(f"{path}: {error}")
    except OSError as error:
        sys.exit(str(error))


def parser(module: str, description: str, members: str) -> argparse.ArgumentParser:
    """The options of both; `members` says which checkpoint they need."""
    options = argparse.ArgumentParser(prog=f"python -m {module}", description=description)
    options.add_argument("--members", type=Path, required=True, help=members)
    options.add_argument("--config", type=Path, required=True, help="settings (a TOML file)")
    options.add_argument("--out", type=Path, required=True, help="the checkpoint to write")
    options.add_argument("--processes", type=int, default=1, help="folds to fill at once")
    return options
