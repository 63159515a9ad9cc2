"""A reveal is shown until "did you know this piece?" is answered or passed, whatever gets lost."""

from __future__ import annotations

import json

import pytest

from bachtest.game.models import Answer, Game


def knew(player, round_id: str, value: str) -> None:
    assert player.post(f"rounds/{round_id}/knew/", {"knew": value}).status_code == 200


def page_data(player) -> dict:
    page = player.client.get("/play/").content.decode()
    return json.loads(page.split('id="round-data" type="application/json">')[1].split("<")[0])


def test_a_reload_shows_the_reveal_with_clips_that_play(ada):
    answered = ada.play_round() if ada.start() else {}
    stored = ada.stored()
    reveal = stored["reveal"]
    assert {name: reveal[name] for name in answered} == answered
    assert (reveal["knew"], stored["round"], stored["answered"]) == ("", None, 1)
    assert page_data(ada)["reveal"] == reveal
    for clip in reveal["clips"]:
        assert ada.client.get(clip["url"]).status_code == 200


@pytest.mark.parametrize("value", ["yes", "no", "unsure", "passed"])
def test_once_it_is_answered_or_passed_the_next_round_comes(ada, value):
    ada.start()
    knew(ada, ada.play_round()["round"], value)
    assert ada.stored()["reveal"] is None
    assert page_data(ada)["reveal"] is None
    assert ada.current()["round"]["number"] == 2


def test_the_next_round_can_be_fetched_while_the_reveal_is_read(ada):
    ada.start()
    answered = ada.play_round()
    fetched = ada.current()
    assert fetched["round"]["number"] == 2
    for clip in fetched["round"]["clips"]:
        assert ada.client.get(clip["url"]).status_code == 200
    assert ada.stored()["reveal"]["round"] == page_data(ada)["reveal"]["round"] == answered["round"]
    knew(ada, answered["round"], "passed")
    assert ada.stored()["reveal"] is None
    assert ada.current()["round"] == fetched["round"]


def test_whoever_never_says_can_still_play_on(ada):
    ada.start()
    assert [ada.play_round()["number"] for _ in range(5)] == [1, 2, 3, 4, 5]


def test_the_reveal_of_the_last_round_is_shown_again_too(ada):
    ada.start()
    last = ada.play_game()[-1]
    stored = ada.stored()
    assert (stored["finished"], stored["round"]) == (True, None)
    assert stored["reveal"]["round"] == last["round"]
    assert page_data(ada)["reveal"]["result_url"] == f"/games/{Game.objects.get().id}/"
    knew(ada, last["round"], "passed")
    assert ada.get("games/current/").status_code == 404
    assert ada.client.get("/play/").status_code == 302


def test_a_new_game_goes_before_an_old_reveal(ada):
    ada.play_game()
    assert ada.start()["reveal"] is None
    assert ada.stored()["round"]["number"] == 1


def test_a_pass_replaces_no_answer_but_an_answer_replaces_a_pass(ada):
    ada.start()
    number = ada.play_round()["round"]
    for value, stored in [("passed", "passed"), ("yes", "yes"), ("passed", "yes"), ("no", "no")]:
        response = ada.post(f"rounds/{number}/knew/", {"knew": value})
        assert response.json() == {"knew": stored}
        assert Answer.objects.get().knew == stored


def test_nobody_else_sees_it(ada, ben):
    ada.start()
    ada.play_round()
    ben.start()
    assert ben.stored()["reveal"] is None
