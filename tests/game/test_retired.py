"""Pairs that leave the pool during a game: no game may hang for ever."""

from __future__ import annotations

from bachtest.game.models import Game, Round
from generator.models import Composer, Pair


def retire(*pairs):
    Pair.objects.filter(id__in=[pair.id for pair in pairs]).update(excluded_reason="a wrong note")


def test_another_condition_of_the_design_takes_its_place(ada):
    row = Round.objects.get(id=ada.start()["round"]["id"])
    condition = row.pair.machine.condition
    retire(*Pair.objects.filter(machine__condition=condition))
    after = Round.objects.get(id=ada.current()["round"]["id"])
    assert after.id == row.id
    assert after.pair.machine.condition != condition
    assert after.bach_side == row.bach_side


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
    ada.play_round()
    retire(*Pair.objects.exclude(rounds__answer__isnull=False))
    response = ada.client.get("/play/")
    assert response.status_code == 302
    assert response.url == f"/games/{game['id']}/"


def test_a_game_in_which_nothing_was_played_is_deleted(ada):
    ada.play_game()
    ada.start()
    retire(*Pair.objects.exclude(rounds__answer__isnull=False))
    response = ada.get("games/current/")
    assert (response.status_code, response.json()["error"]["code"]) == (409, "heard_all")
    assert Game.objects.count() == 1
    again = ada.post("games/", {})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "heard_all")


def test_the_game_waits_while_a_new_pool_is_made(ada):
    game = ada.start()
    ada.play_round()
    Composer.objects.update(in_quiz=False)
    response = ada.get("games/current/")
    assert (response.status_code, response.json()["error"]["code"]) == (503, "no_pairs")
    Composer.objects.update(in_quiz=True)
    assert ada.current()["id"] == game["id"]
    assert ada.current()["round"]["number"] == 2
