"""Nothing is stored before consent, and deleted data are really gone."""

from __future__ import annotations

import pytest

from bachtest.game.models import Answer, Game, Listener, Round
from bachtest.studies.models import Study

COOKIE = "listener"


@pytest.mark.parametrize("body", [{}, {"consent": ""}, {"consent": "2019-01"}])
def test_without_the_consent_of_today_nothing_begins_and_nothing_is_stored(ada, body):
    response = ada.post("games/", body)
    assert response.status_code == 400
    assert not Listener.objects.exists()
    assert COOKIE not in ada.client.cookies


def test_a_valid_consent_is_not_asked_for_again(ada):
    ada.play_game()
    assert ada.post("games/", {}).status_code == 201
    assert Listener.objects.count() == 1


def test_a_new_consent_is_asked_for_when_its_text_changes(ada):
    ada.play_game()
    Study.objects.update(consent_version="2027-01")
    assert ada.post("games/", {}).json()["error"]["code"] == "consent"
    assert ada.post("games/", {"consent": "2027-01"}).status_code == 201
    assert Listener.objects.get().consent_version == "2027-01"


def test_the_pages_form_asks_for_consent_too(ada, client):
    assert client.post("/start/", {"experience": "novice"}).status_code == 400
    assert not Listener.objects.exists()
    response = client.post("/start/", {"consent": "2026-11", "experience": "novice"})
    assert response["Location"] == "/play/"
    assert Listener.objects.get().experience == "novice"


def test_experience_and_age_may_be_skipped(ada):
    ada.post("games/", {"consent": "2026-11"})
    listener = Listener.objects.get()
    assert (listener.experience, listener.age_group) == ("unstated", "unstated")


def test_what_was_stated_once_stays_and_the_rest_may_be_added(ada):
    ada.start(experience="expert")
    ada.start(experience="novice", age_group="30-44")
    listener = Listener.objects.get()
    assert (listener.experience, listener.age_group) == ("expert", "30-44")


def test_the_cookie_is_signed_and_out_of_reach_of_scripts(ada):
    ada.start()
    cookie = ada.client.cookies[COOKIE]
    assert cookie["httponly"] is True
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] == 365 * 24 * 3600
    ada.client.cookies[COOKIE] = str(Listener.objects.get().id)
    assert ada.get("games/current/").status_code == 404


def test_no_field_could_hold_an_address_or_a_name():
    fields = {
        field.name for model in (Listener, Game, Round, Answer) for field in model._meta.fields
    }
    assert not {name for name in fields if "ip" in name.split("_") or "address" in name}
    assert not fields & {"name", "email", "agent", "user_agent", "referrer"}


@pytest.mark.parametrize("way", ["api", "page"])
def test_deleting_ones_data_leaves_no_row_and_no_cookie(ada, ben, way):
    ada.play_game()
    ada.start()
    ben.start()
    ben_listener = Listener.objects.exclude(games__finished_at__isnull=False).get()
    if way == "api":
        response = ada.client.delete("/api/v1/listener/")
        assert response.status_code == 204
    else:
        response = ada.client.post("/privacy/delete/")
        assert response["Location"] == "/?deleted=1"
    assert response.cookies[COOKIE]["max-age"] == 0
    assert list(Listener.objects.all()) == [ben_listener]
    assert set(Game.objects.values_list("listener", flat=True)) == {ben_listener.id}
    assert set(Round.objects.values_list("game__listener", flat=True)) == {ben_listener.id}
    assert not Answer.objects.exists()


def test_deleting_twice_is_no_error(ada):
    assert ada.client.delete("/api/v1/listener/").status_code == 204
