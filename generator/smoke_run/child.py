"""Runs in the isolated child: loads a composer from its box, has it write, and writes that down."""

from __future__ import annotations

import json
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from generator.errors import GeneratorError
from generator.families.base import Family, Task
from generator.families.fill_run import Budget
from generator.families.trial import try_out
from generator.music.formats.gridjson import from_json, to_json
from generator.smoke_run.box_files import CHECKPOINT, REQUEST, RESULT


def main(box: Path) -> None:
    """Do what the request in the box says; what goes wrong is the last line of what is printed."""
    request = json.loads((box / REQUEST).read_bytes())
    try:
        fills = _filled(box, request)
    except Exception as error:  # noqa: BLE001  a composer from outside may raise anything
        named = "" if isinstance(error, GeneratorError) else f"{type(error).__name__}: "
        sys.exit(f"{named}{' '.join(str(error).split())}")
    (box / RESULT).write_text(json.dumps({"fills": fills}, separators=(",", ":")))


def _filled(box: Path, request: dict[str, Any]) -> list[dict[str, Any]]:
    family = _family(request["family"]).load(box / CHECKPOINT)
    if family.members != request["members"]:
        sys.exit(f"the file holds {family.members} members, not {request['members']}")
    budget = Budget(seconds=request["seconds"])
    try_out(family, budget)
    tasks = [_task(excerpt) for excerpt in request["excerpts"]]
    fills = []
    for index, member in request["plan"]:
        started = time.monotonic()
        piece = Family.fill(
            Family.member(family, member), *tasks[index], seed=request["seed"], budget=budget
        )
        fills.append({"piece": to_json(piece), "seconds": time.monotonic() - started})
    return fills


def _family(dotted: str) -> type[Family]:
    module, _, name = dotted.rpartition(".")
    found = getattr(import_module(module), name)
    if not (isinstance(found, type) and issubclass(found, Family)):
        sys.exit(f"{dotted} is no family")
    return found


def _task(excerpt: dict[str, Any]) -> Task:
    return from_json(excerpt["piece"]), np.array(excerpt["given"], dtype=np.bool_)
