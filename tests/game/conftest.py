"""A pool of playable pairs, and listeners who reach the site as browsers do."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from generator.models import Pair
from tests.builders import make_composer, make_pair
from tests.game.player import Player

CONDITIONS = ("S", "A", "T", "B", "AT", "ATB", "SATB")


@pytest.fixture
def no_waiting(settings) -> None:
    """Rounds may be answered at once; the tests of the clock set another time."""
    settings.LISTEN_SECONDS = 0.0


@pytest.fixture
def pool(db, no_waiting) -> list[Pair]:
    """Three pairs of each condition, each of a tune family of its own."""
    bot = make_composer("bot")
    return [make_pair(condition, bot) for condition in CONDITIONS for _ in range(3)]


@pytest.fixture
def ada(pool) -> Player:
    return Player(Client(), experience="expert")


@pytest.fixture
def ben(pool) -> Player:
    return Player(Client(), experience="novice")


@pytest.fixture
def newcomer(pool) -> Callable[[], Player]:
    return lambda: Player(Client())
