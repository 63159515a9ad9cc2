"""The pairs that fool listeners most: nothing tells a player about a pair still to come."""

from __future__ import annotations

import pytest
from django.core.signing import get_cookie_signer
from django.urls import reverse

from bachtest.game.models import Game, Round
from bachtest.game.services.enrolment import enrol
from bachtest.game.services.games import start_game
from bachtest.results.counts.composer_labels import composer_labels
from bachtest.results.counts.tallies import TallyCell
from bachtest.results.fit.stored_fit import FittedPair
from bachtest.results.page.hardest_pairs import hardest_pairs
from generator.models import Pair, Work
from tests.builders import make_composer, make_pair, make_version
from tests.results.rows import make_answer, make_game, quiz


def named(rows):
    return [row.bwv for row in rows if row.bwv]


def cells(pairs, n=12):
    return [TallyCell((str(pair.id),), frozenset(), n, 4 + i) for i, pair in enumerate(pairs)]


@pytest.fixture
def pairs(db):
    return [make_pair(condition, make_composer("flagship")) for condition in ("S", "ATB", "SATB")]


def test_a_stranger_gets_no_name(pairs):
    rows = hardest_pairs(cells(pairs), None, {}, composer_labels(quiz()))
    assert [row.condition for row in rows] == ["S", "ATB", "SATB"]
    assert named(rows) == []


def test_a_listener_gets_the_names_of_tunes_answered_and_of_no_other(pairs):
    game = make_game()
    make_answer(game, pairs[1], correct=True)
    answer = make_answer(game, pairs[2], correct=True)
    answer.delete()  # the round is there, its answer is not
    assert Round.objects.filter(game=game, pair=pairs[2]).exists()
    rows = hardest_pairs(cells(pairs), game.listener, {}, composer_labels(quiz()))
    assert [bool(row.bwv) for row in rows] == [False, True, False]


def test_the_page_names_no_work_to_those_who_have_answered_nothing(busy, client, recorded_queue):
    listener = enrol(None, busy, consent=busy.consent_version).listener
    for visitor in (None, listener):
        if visitor:
            client.cookies["listener"] = _cookie(visitor)
        page = client.get(reverse("results:index")).content.decode()
        assert "not heard yet" in page
        for work in Work.objects.all():
            assert f">{work.title}<" not in page
            assert work.bwv.replace("BWV", "BWV ") not in page


def test_the_page_names_what_its_visitor_has_heard(busy, client, recorded_queue):
    game = Game.objects.first()
    client.cookies["listener"] = _cookie(game.listener)
    page = client.get(reverse("results:index")).content.decode()
    heard = Work.objects.filter(excerpts__pairs__rounds__game=game)
    assert heard.count() == 5
    for work in Work.objects.all():
        assert (f">{work.title}<" in page) == heard.filter(id=work.id).exists()


def test_pairs_with_few_answers_are_not_ranked(pairs):
    rows = hardest_pairs(
        cells(pairs[:1], n=9) + cells(pairs[1:]), None, {}, composer_labels(quiz())
    )
    assert [row.condition for row in rows] == ["ATB", "SATB"]


def test_the_predicted_rate_orders_where_there_is_one(pairs):
    rates = {pairs[0].id: 0.6, pairs[1].id: 0.5, pairs[2].id: 0.4}
    predicted = {pair: FittedPair(rate, 0.3, 0.7, -0.1) for pair, rate in rates.items()}
    rows = hardest_pairs(cells(pairs), None, predicted, composer_labels(quiz()))
    assert [row.condition for row in rows] == ["SATB", "ATB", "S"]


def test_a_game_under_way_is_not_given_away(busy, client, recorded_queue):
    """Its rounds are drawn, and the results page says nothing about them."""
    make_pair("AT", make_composer("flagship"))
    busy.rounds = [["S"], ["SATB"]]
    busy.save()
    participation = enrol(None, busy, consent=busy.consent_version)
    game, _ = start_game(participation, seed=1)
    client.cookies["listener"] = _cookie(participation.listener)
    page = client.get(reverse("results:index")).content.decode()
    for pair in Pair.objects.filter(rounds__game=game):
        assert f">{pair.machine.excerpt.work.title}<" not in page
    assert quiz().rounds == [["S"], ["SATB"]]


def _cookie(listener):
    return get_cookie_signer(salt="listener").sign(str(listener.id))


def test_a_composer_of_two_versions_is_named_with_its_version(pairs):
    make_version(make_composer("flagship"), sha256="e" * 64)
    newer = make_pair("S", make_composer("flagship"))
    rows = hardest_pairs(cells([*pairs[:1], newer]), None, {}, composer_labels(quiz()))
    old = pairs[0].machine.version.tag
    assert [row.composer for row in rows] == [f"Flagship {old}", f"Flagship {'e' * 12}"]
