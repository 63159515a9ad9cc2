"""Every family in a random miniature: what a family owes is asked of each of them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from generator.families.base import Family
from generator.registry import OURS, Registry
from tests.generator.families.material import CROSSED, UNTRAINED

FAMILIES: dict[str, type[Family]] = {name: Registry(OURS).family(name) for name in OURS}
# Rules learn nothing, and have no tensors; splice holds the numbers of works.
WITH_TENSORS = sorted(FAMILIES.keys() - {"rules"})
WITH_WEIGHTS = sorted(FAMILIES.keys() - {"rules", "splice"})
# What the door refuses is no business of a family: `make test` asks it of these, with and without
# torch, weights and tensors; `make test-long` asks it of all.
AT_THE_DOOR = ("flagship", "gru_pairs", "markov", "rules", "splice")


def at_the_door(names: Iterable[str]) -> list[ParameterSet]:
    """Families as the parameters of a fixture, most of them slow."""
    return [
        pytest.param(name, marks=() if name in AT_THE_DOOR else pytest.mark.slow) for name in names
    ]


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
