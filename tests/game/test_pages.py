"""The pages: where each leads, and who may see it."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client

from bachtest.game.models import Answer, Game, Listener
from bachtest.studies.models import Study
from generator.models import Pair


@pytest.mark.parametrize("path", ["/", "/privacy/", "/about/", "/heard-all/"])
def test_a_page_opens(db, client, path):
    assert client.get(path).status_code == 200


def test_play_without_a_game_leads_to_the_start(ada):
    assert ada.client.get("/play/")["Location"] == "/?unknown=1"


def test_whoever_has_lost_the_cookie_is_told_what_happened(client, ada):
    ada.start()
    del ada.client.cookies["listener"]
    page = ada.client.get("/play/", follow=True)
    assert "its cookie is gone" in page.content.decode()
    assert "its cookie is gone" not in client.get("/").content.decode()


def test_play_after_the_last_answer_leads_to_the_result(ada):
    last = ada.play_game()[-1]
    ada.post(f"rounds/{last['round']}/knew/", {"knew": "no"})
    assert ada.client.get("/play/")["Location"] == f"/games/{Game.objects.get().id}/"


def test_the_result_page_is_ones_own_and_of_a_finished_game(ada, ben):
    ada.start()
    path = f"/games/{Game.objects.get().id}/"
    assert ada.client.get(path).status_code == 404
    for _ in range(5):
        ada.play_round()
    assert ada.client.get(path).status_code == 200
    assert ben.client.get(path).status_code == 404
    assert ada.client.get(f"/games/{uuid.uuid4()}/").status_code == 404


def test_the_result_page_names_each_work(ada):
    reveals = ada.play_game()
    page = ada.client.get(reveals[-1]["result_url"]).content.decode()
    for reveal in reveals:
        assert reveal["bwv"] in page


def test_while_clips_are_prepared_a_page_says_so_and_leads_back_when_they_are(client, pool):
    Pair.objects.update(excluded_reason="not ready")
    response = client.post("/start/", {"consent": "2026-11"})
    assert response["Location"] == "/waiting/"
    waiting = client.get("/waiting/")
    assert (waiting.status_code, waiting["Retry-After"]) == (503, "10")
    Pair.objects.update(excluded_reason="")
    assert client.get("/waiting/")["Location"] == "/"
    assert client.post("/start/")["Location"] == "/play/"


def test_a_listener_who_has_heard_all_gets_a_page_of_thanks(ada):
    ada.play_game()
    Pair.objects.filter(rounds=None).update(excluded_reason="to be short of pairs")
    assert ada.client.post("/start/")["Location"] == "/heard-all/"


def test_the_start_is_safe_from_other_sites(pool):
    browser = Client(enforce_csrf_checks=True)
    assert browser.post("/start/", {"consent": "2026-11"}).status_code == 403
    assert not Game.objects.exists()


def test_the_start_page_goes_on_with_an_unfinished_game(ada):
    ada.start()
    response = ada.client.get("/")
    assert response.context["unfinished"] is True
    assert response.context["returning"] is True


def test_a_closed_quiz_starts_no_game_and_says_so(pool, client):
    Study.objects.update(is_open=False)
    page = client.get("/")
    assert "The quiz is closed" in page.content.decode()
    assert 'id="start"' not in page.content.decode()
    assert client.post("/start/", {"consent": "2026-11"})["Location"] == "/"
    assert client.get("/waiting/")["Location"] == "/"
    assert not Game.objects.exists()


def test_with_the_quiz_closed_a_game_can_be_finished_and_all_be_deleted(ada):
    ada.start()
    Study.objects.update(is_open=False)
    assert "Continue your game" in ada.client.get("/").content.decode()
    for _ in range(5):
        ada.play_round()
    assert ada.client.get("/privacy/").context["has_data"] is True
    ada.client.post("/privacy/delete/")
    assert not Listener.objects.exists()


def test_a_start_in_a_study_that_does_not_exist_leads_to_the_front_page(pool, client):
    response = client.post("/start/", {"consent": "2026-11", "study": "none"})
    assert response["Location"] == "/"
    assert not Listener.objects.exists()


def test_a_result_with_a_deleted_answer_shows_the_others(ada):
    reveals = ada.play_game()
    Answer.objects.filter(round__number=2).delete()
    page = ada.client.get(reveals[-1]["result_url"])
    assert [line["number"] for line in page.context["rounds"]] == [1, 3, 4, 5]
