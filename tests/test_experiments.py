"""The programs behind the figures of cards can still be started."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

PROGRAMS = sorted(
    path.stem
    for path in (Path(__file__).parent.parent / "experiments").glob("*.py")
    if path.stem != "__init__"
)


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_experiment_finds_what_it_imports(name):
    import_module(f"experiments.{name}")
