"""Every family in a random miniature: what a family owes is asked of each of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.families.base import Family
from generator.registry import OURS, Registry
from tests.generator.families.material import CROSSED, UNTRAINED

FAMILIES: dict[str, type[Family]] = {name: Registry(OURS).family(name) for name in OURS}


@pytest.fixture(params=sorted(FAMILIES))
def family(request) -> Family:
    return FAMILIES[request.param].debug()


@pytest.fixture
def two(family) -> Family:
    return type(family).cross_fitted([family, type(family).debug()])


@pytest.fixture
def saved(family, tmp_path) -> Path:
    path = tmp_path / "debug.safetensors"
    family.save(path, UNTRAINED)
    return path


@pytest.fixture
def saved_two(two, tmp_path) -> Path:
    path = tmp_path / "two.safetensors"
    two.save(path, CROSSED)
    return path
