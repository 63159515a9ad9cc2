"""How many games the pool holds, as the page says to whoever has heard all of it."""

from __future__ import annotations

from random import Random

import pytest
from django.test import Client
from django.urls import reverse

from bachtest.game.pool import games_in_pool
from bachtest.game.rounds import Candidate, NoPlan, games_in, plan_rounds
from bachtest.studies.models import Study
from generator.models import Version
from tests.builders import make_excerpt, make_work

SLOTS = [["S", "A", "T", "B"], ["AT"], ["ATB"], ["SATB"], ["SATB", "NEXT"]]
CONDITIONS = sorted({condition for slot in SLOTS for condition in slot})


def random_pool(rng: Random) -> list[Candidate]:
    """Up to a few dozen pairs, several of a tune."""
    tunes = [f"tune {number}" for number in range(rng.randint(5, 40))]
    return [
        Candidate(pair, rng.choice(CONDITIONS), 1, rng.choice(tunes), 0, 0)
        for pair in range(rng.randint(5, 120))
    ]


def games_played(slots: list[list[str]], pool: list[Candidate], rng: Random) -> int:
    exposed: set[str] = set()
    for games in range(len(pool)):
        try:
            plan = plan_rounds(slots, pool, tunes_exposed=exposed, weights={1: 1.0}, rng=rng)
        except NoPlan:
            return games
        exposed |= {each.tune for each in plan}
    return len(pool)


@pytest.mark.parametrize("seed", range(20))
def test_no_listener_plays_more_games_than_the_pool_holds(seed):
    rng = Random(seed)
    pool = random_pool(rng)
    played = [games_played(SLOTS, pool, rng) for _ in range(5)]
    assert max(played) <= games_in(SLOTS, pool)
    assert (max(played) > 0) == (games_in(SLOTS, pool) > 0)


def test_every_tune_counts_where_each_fits_everywhere():
    pool = [Candidate(n, condition, 1, f"tune {n}", 0, 0)
            for n in range(196) for condition in CONDITIONS]  # fmt: skip
    assert games_in(SLOTS, pool) == 196 // len(SLOTS)


def test_a_scarce_condition_bounds_the_games():
    pool = [Candidate(n, "ATB" if n > 3 else "AT", 1, f"tune {n}", 0, 0) for n in range(100)]
    assert games_in([["AT", "ATB"], ["AT"]], pool) == 4


def test_the_page_says_how_many_games_there_are(pool):
    assert games_in_pool(Study.objects.get(slug="quiz")) == 3
    response = Client().get(reverse("game:heard_all"))
    assert response.context["games_in_pool"] == 3
    assert "at most 3 games" in response.text


def test_the_page_promises_new_pairs_only_where_they_will_be_made(pool, settings):
    def promised() -> bool:
        return bool(Client().get(reverse("game:heard_all")).context["more_to_come"])

    assert not promised(), "the bot lists no works"
    make_work("BWV1", part="train")
    Version.objects.update(members=[{"trained_on": ["BWV1"], "fold": []}])
    assert not promised(), "each tune has a pair already"
    make_excerpt(make_work())
    assert promised()
    settings.REFILL_PER_DAY = 0
    assert not promised()
    settings.REFILL_PER_DAY = 1
    Study.objects.update(refill=False)
    assert not promised()
