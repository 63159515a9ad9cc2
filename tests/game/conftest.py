"""A pool of playable pairs, and listeners who use the site as browsers do."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from generator.models import Pair
from tests.builders import make_composer, make_pair
from tests.game.player import Player

PAIRS = {"S": 3, "A": 3, "T": 3, "B": 3, "AT": 3, "ATB": 3, "SATB": 6}


@pytest.fixture
def no_waiting(settings) -> None:
    """Rounds can be answered at once; the tests of the clock set another time."""
    settings.LISTEN_SECONDS = 0.0


@pytest.fixture
def pool(db, no_waiting) -> list[Pair]:
    """Enough for three games of one listener; every pair has a tune family of its own."""
    bot = make_composer("bot")
    return [make_pair(condition, bot) for condition in PAIRS for _ in range(PAIRS[condition])]


@pytest.fixture
def ada(pool) -> Player:
    return Player(Client(), experience="expert")


@pytest.fixture
def ben(pool) -> Player:
    return Player(Client(), experience="novice")


@pytest.fixture
def newcomer(pool) -> Callable[[], Player]:
    return lambda: Player(Client())
