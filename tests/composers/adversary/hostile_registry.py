"""A family of `hostile_families` in the place of a known one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from unittest.mock import patch

from django.test import override_settings

from bachtest.composers.checking import check_checkpoint
from generator.registry import Registry, installed
from generator.smoke_run.smoke_run import LIMITS, smoke_run
from tests.composers.adversary import hostile_families

# All others end by themselves, however slow the machine is.
SECONDS = {"Hangs": 3.0}


@contextmanager
def in_place_of_markov(name: str, folder: Path) -> Iterator[None]:
    """Its code lies by itself: the child may read that, and nothing else of the project."""
    code = folder / "code"
    code.mkdir()
    shutil.copy(hostile_families.__file__, code / "hostile_code.py")
    families = dict(installed().families)
    families["markov"] = replace(families["markov"], family=f"hostile_code.{name}")
    limits = replace(LIMITS, seconds=SECONDS.get(name, 600.0))
    run = partial(smoke_run, code=[code], limits=limits)
    with (
        override_settings(REGISTRY=Registry(families)),
        patch.object(check_checkpoint, "smoke_run", run),
    ):
        yield
