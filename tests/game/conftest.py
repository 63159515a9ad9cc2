"""A pool of playable pairs, and listeners who use the site as browsers do."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from generator.models import Pair
from tests.builders import make_bach, make_composer, make_pairs
from tests.game.player import Player

PAIRS = {"S": 3, "A": 3, "T": 3, "B": 3, "AT": 3, "ATB": 3, "SATB": 6}
CONDITIONS = [condition for condition, count in PAIRS.items() for _ in range(count)]


@pytest.fixture
def no_waiting(settings) -> None:
    """Rounds can be answered at once; the tests of the clock set another time."""
    settings.LISTEN_SECONDS = 0.0


@pytest.fixture
def pool(db, no_waiting) -> list[Pair]:
    """Enough for three games of one listener; every pair has a tune family of its own."""
    make_bach()
    return make_pairs(CONDITIONS, make_composer("bot"))


@pytest.fixture
def ada(pool) -> Player:
    return Player(Client(), experience="expert")


@pytest.fixture
def ben(pool) -> Player:
    return Player(Client(), experience="novice")


@pytest.fixture
def newcomer(pool) -> Callable[[], Player]:
    return lambda: Player(Client())
