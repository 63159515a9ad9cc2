"""A version that is retired while somebody plays it: the game goes on, the next leaves it out."""

from __future__ import annotations

import pytest
from django.test import Client

from bachtest.composers.models import Upload
from bachtest.composers.publishing import retire
from bachtest.game.models import Answer, Game, Round
from generator.models import Version
from tests.builders import make_composer, make_pair
from tests.composers.adversary.the_door import person
from tests.game.conftest import PAIRS
from tests.game.player import Player


@pytest.fixture
def versions(db, settings) -> list[Version]:
    """Two composers of the quiz, each with pairs for several games."""
    settings.LISTEN_SECONDS = 0.0
    bots = [make_composer(slug) for slug in ("stays", "goes")]
    for condition, count in PAIRS.items():
        for bot in bots * count:
            make_pair(condition, bot)
    return [bot.versions.get() for bot in bots]


def played(game: Game) -> set[int]:
    return set(Round.objects.filter(game=game).values_list("pair__machine__version", flat=True))


def test_the_game_goes_on_and_the_next_one_does_not_draw_it(versions):
    stays, goes = versions
    Upload.objects.create(
        kind="checkpoint", slug="goes", length=1, status="published", version=goes
    )  # fmt: skip
    ada = Player(Client())
    ada.start()
    game = Game.objects.get()
    ada.play_round()
    retire(goes, person("publisher", "publish_version"), "loops")
    left = Round.objects.filter(game=game, answer=None).count()
    for _ in range(left):
        ada.play_round()
    game.refresh_from_db()
    assert game.finished_at is not None
    assert Answer.objects.count() == left + 1
    for _ in range(2):
        theirs = Player(Client()).start()
        assert played(Game.objects.get(id=theirs["id"])) == {stays.id}
