"""Every family in a random miniature: what a family owes is asked of each of them."""

from __future__ import annotations

import pytest

from generator.families.base import Family
from generator.registry import OURS, Registry

FAMILIES: dict[str, type[Family]] = {name: Registry(OURS).family(name) for name in OURS}


@pytest.fixture(params=sorted(FAMILIES))
def family(request) -> Family:
    return FAMILIES[request.param].debug()
