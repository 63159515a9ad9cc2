"""Nothing is stored before consent, and deleted data are really gone."""

from __future__ import annotations

import pytest

from bachtest.game.models import Answer, Game, Listener, Participation, Round, RoundClip
from bachtest.studies.models import Study
from tests.builders import add_to_study

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
    assert Participation.objects.get().consent_version == "2027-01"


def test_the_pages_form_asks_for_consent_too(ada, client):
    assert client.post("/start/", {"experience": "novice"}).status_code == 400
    assert not Listener.objects.exists()
    response = client.post("/start/", {"consent": "2026-11", "experience": "novice"})
    assert response["Location"] == "/play/"
    assert Participation.objects.get().experience == "novice"


def test_experience_and_age_may_be_skipped(ada):
    ada.post("games/", {"consent": "2026-11"})
    stated = Participation.objects.get()
    assert (stated.experience, stated.age_group) == ("unstated", "unstated")


def test_what_was_stated_once_stays_and_the_rest_may_be_added(ada):
    ada.start(experience="expert")
    ada.start(experience="novice", age_group="30-44")
    stated = Participation.objects.get()
    assert (stated.experience, stated.age_group) == ("expert", "30-44")


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
        field.name
        for model in (Listener, Participation, Game, Round, RoundClip, Answer)
        for field in model._meta.fields
    }
    assert not {name for name in fields if "ip" in name.split("_") or "address" in name}
    assert not fields & {"name", "email", "agent", "user_agent", "referrer"}


@pytest.mark.parametrize("way", ["api", "page"])
def test_deleting_ones_data_leaves_no_row_and_no_cookie(ada, ben, way):
    ada.play_game()
    ada.start()
    ben.start()
    ben_listener = Listener.objects.exclude(participations__games__finished_at__isnull=False).get()
    if way == "api":
        response = ada.client.delete("/api/v1/listener/")
        assert response.status_code == 204
    else:
        response = ada.client.post("/privacy/delete/")
        assert response["Location"] == "/?deleted=1"
    assert response.cookies[COOKIE]["max-age"] == 0
    assert list(Listener.objects.all()) == [ben_listener]
    for model, path in (
        (Participation, "listener"),
        (Game, "participation__listener"),
        (Round, "game__participation__listener"),
        (RoundClip, "round__game__participation__listener"),
    ):
        assert set(model.objects.values_list(path, flat=True)) == {ben_listener.id}
    assert not Answer.objects.exists()


def test_deleting_twice_is_no_error(ada):
    assert ada.client.delete("/api/v1/listener/").status_code == 204


def second_study() -> Study:
    quiz = Study.objects.get(slug="quiz")
    study = Study.objects.create(
        slug="second", title="Second", is_open=True, rounds=quiz.rounds, consent_version="2"
    )
    for row in quiz.composers.all():
        add_to_study(study, row.version)
    return study


def test_a_second_study_has_a_consent_and_a_game_of_its_own(ada):
    second_study()
    first = ada.start(experience="expert")
    assert ada.post("games/", {"study": "second"}).status_code == 400
    second = ada.start(study="second", consent="2", experience="novice")
    assert second["id"] != first["id"]
    assert ada.start(study="quiz")["id"] == first["id"]
    assert {
        (each.study.slug, each.consent_version, each.experience)
        for each in Participation.objects.all()
    } == {("quiz", "2026-11", "expert"), ("second", "2", "novice")}
    assert Listener.objects.count() == 1


def test_each_study_has_its_own_game_in_progress(ada):
    second_study()
    first = ada.start()
    second = ada.start(study="second", consent="2")
    current = {study: ada.get(f"games/current/?study={study}") for study in ("quiz", "second")}
    assert {study: body.json()["game"]["id"] for study, body in current.items()} == {
        "quiz": first["id"],
        "second": second["id"],
    }
    assert ada.stored()["id"] == second["id"]
    for path, game in (("/play/", first), ("/play/?study=second", second)):
        assert ada.client.get(path).context["data"]["id"] == game["id"]


def test_the_tunes_of_one_study_are_not_heard_again_in_another(ada):
    second_study()
    ada.play_game()
    ada.start(study="second", consent="2")
    tunes = [row.pair.machine.excerpt.work.tune for row in Round.objects.all()]
    assert len(set(tunes)) == len(tunes) == 10
