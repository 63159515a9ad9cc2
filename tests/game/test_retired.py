"""Pairs that leave the pool during a game: no game may hang for ever."""

from __future__ import annotations

import pytest

from bachtest.game.models import Answer, Game, Round
from bachtest.game.services import games
from generator.models import Pair


def retire(*pairs):
    Pair.objects.filter(id__in=[pair.id for pair in pairs]).update(excluded_reason="a wrong note")


def test_another_condition_of_the_design_takes_its_place(ada):
    row = Round.objects.get(id=ada.start()["round"]["id"])
    condition = row.pair.machine.condition
    retire(*Pair.objects.filter(machine__condition=condition))
    after = Round.objects.get(id=ada.current()["round"]["id"])
    assert (after.number, after.bach_side) == (row.number, row.bach_side)
    assert after.pair.machine.condition != condition
    assert Round.objects.get(id=row.id).withdrawn


def test_the_round_is_dropped_where_the_listener_has_heard_all_others(ada):
    game = ada.start()
    ada.play_round()
    in_game = Pair.objects.filter(rounds__game_id=game["id"])
    retire(*Pair.objects.exclude(id__in=in_game))
    second = Round.objects.get(number=2)
    retire(second.pair)
    current = ada.current()
    assert (current["round"]["number"], current["rounds"]) == (3, 5)
    assert [ada.play_round()["number"] for _ in range(3)] == [3, 4, 5]
    assert Game.objects.get().finished_at is not None
    assert [line["number"] for line in ada.get(f"games/{game['id']}/").json()["rounds"]] == [
        1, 3, 4, 5,
    ]  # fmt: skip


def test_the_game_ends_with_the_rounds_that_were_answered(ada):
    game = ada.start()
    ada.play_round()
    answered = Pair.objects.get(rounds__answer__isnull=False)
    retire(*Pair.objects.exclude(id=answered.id))
    current = ada.current()
    assert (current["finished"], current["round"], current["answered"]) == (True, None, 1)
    assert len(ada.get(f"games/{game['id']}/").json()["rounds"]) == 1


def test_the_page_then_leads_to_the_result(ada):
    game = ada.start()
    played = ada.play_round()
    ada.post(f"rounds/{played['round']}/knew/", {"knew": "passed"})
    retire(*Pair.objects.exclude(rounds__answer__isnull=False))
    assert ada.current()["finished"]
    response = ada.client.get("/play/")
    assert response.status_code == 302
    assert response.url == f"/games/{game['id']}/"


def test_a_game_without_an_answer_ends_and_leads_to_thanks(ada):
    ada.play_game()
    ada.start()
    retire(*Pair.objects.exclude(rounds__answer__isnull=False))
    response = ada.post("games/current/", {})
    assert (response.status_code, response.json()["error"]["code"]) == (409, "heard_all")
    assert not Game.objects.filter(finished_at=None).exists()
    again = ada.post("games/", {})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "heard_all")


def test_a_game_of_which_nothing_was_sent_is_deleted_and_leads_to_thanks(ada):
    ada.play_game()
    ada.client.post("/start/")
    retire(*Pair.objects.exclude(rounds__answer__isnull=False))
    response = ada.post("games/current/", {})
    assert (response.status_code, response.json()["error"]["code"]) == (409, "heard_all")
    assert Game.objects.count() == 1


def test_its_clips_count_as_heard(ada):
    heard = Round.objects.get(id=ada.start()["round"]["id"])
    retire(*Pair.objects.all())
    ada.post("games/current/", {})
    Pair.objects.update(excluded_reason="")
    assert Round.objects.filter(id=heard.id).exists()


def test_the_game_waits_while_a_new_pool_is_made(ada):
    game = ada.start()
    ada.play_round()
    retire(*Pair.objects.all())
    response = ada.post("games/current/", {})
    assert (response.status_code, response.json()["error"]["code"]) == (503, "no_pairs")
    Pair.objects.update(excluded_reason="")
    assert ada.current()["id"] == game["id"]
    assert ada.current()["round"]["number"] == 2


@pytest.mark.parametrize("others_left", [True, False])
def test_an_answer_given_while_its_round_is_withdrawn_is_refused_and_not_stored(
    ada, monkeypatch, others_left
):
    current = ada.start()["round"]
    ada.listen(current["id"])
    row = Round.objects.get(id=current["id"])
    retire(*(Pair.objects.filter(id=row.pair_id) if others_left else Pair.objects.all()))
    draw, replies = games._draw_one, []

    def answer_meanwhile(*args):
        replies.append(ada.answer(current["id"]))
        return draw(*args)

    monkeypatch.setattr(games, "_draw_one", answer_meanwhile)
    ada.post("games/current/", {})
    assert [(reply.status_code, reply.json()["error"]["code"]) for reply in replies] == [
        (409, "withdrawn")
    ]
    assert not Answer.objects.exists()
    assert Round.objects.get(id=row.id).pair_id == row.pair_id


def test_a_round_with_an_answer_is_never_withdrawn(ada):
    ada.start()
    number = ada.play_round()["round"]
    row = Round.objects.get(id=number)
    retire(row.pair)
    games._withdraw(row)
    ada.current()
    row.refresh_from_db()
    assert not row.withdrawn
    assert ada.stored()["reveal"]["round"] == number


def test_a_round_that_was_sent_can_be_answered_though_its_pair_was_retired_since(ada):
    current = ada.start()["round"]
    ada.listen(current["id"])
    row = Round.objects.get(id=current["id"])
    retire(row.pair)
    assert (
        ada.answer(current["id"]).json()["bwv"].replace(" ", "")
        == row.pair.machine.excerpt.work.bwv
    )
    assert Answer.objects.get().round_id == row.id


def test_a_withdrawn_round_takes_no_plays_no_answer_and_gives_no_clips(ada):
    current = ada.start()["round"]
    retire(Round.objects.get(id=current["id"]).pair)
    ada.current()
    for response in (
        ada.post(f"rounds/{current['id']}/plays/", {"side": "left"}),
        ada.answer(current["id"]),
        ada.post(f"rounds/{current['id']}/knew/", {"knew": "yes"}),
    ):
        assert (response.status_code, response.json()["error"]["code"]) == (409, "withdrawn")
    assert ada.client.get(current["clips"][0]["url"]).status_code == 404
