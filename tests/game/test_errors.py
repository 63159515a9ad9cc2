"""Every error of the API in one shape, and the headers that every response carries."""

from __future__ import annotations

import uuid

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.test import Client

from bachtest.game.services import enrolment, games
from bachtest.lib.env import env_float, env_int

SHAPE = ["code", "message", "fields"]
JSON = "application/json"
ROUND = f"/api/v1/rounds/{uuid.UUID(int=7)}/answer/"


@pytest.mark.parametrize(
    ("method", "path", "body", "kind", "status", "code"),
    [
        ("get", "/api/v1/nothing/", "", "application/json", 404, "not_found"),
        ("post", "/api/v1/rounds/not-an-id/answer/", "{}", "application/json", 404, "not_found"),
        ("post", ROUND, "{}", "application/json", 404, "not_found"),
        ("get", "/api/v1/games/", "", "application/json", 405, "method_not_allowed"),
        ("post", "/api/v1/games/", "{broken", "application/json", 400, "parse_error"),
        ("post", "/api/v1/games/", "consent=x", "text/plain", 415, "unsupported_media_type"),
        ("post", "/api/v1/games/", '{"experience": "god"}', "application/json", 400, "invalid"),
        ("post", "/api/v1/games/", "[1]", "application/json", 400, "invalid"),
        ("post", "/api/v1/games/", '{"study": "none"}', "application/json", 404, "study"),
        ("post", "/api/v1/games/", f'{{"study": "{"a" * 51}"}}', JSON, 400, "invalid"),
        ("post", "/api/v1/games/", "[" * 4000, JSON, 400, "parse_error"),
        ("post", "/api/v1/games/", " " * 5000 + "{}", JSON, 413, "too_large"),
        ("post", "/api/v1/games/", "9" * 4096, JSON, 400, "invalid"),
        ("post", "/api/v1/games/", "null", JSON, 400, "invalid"),
        ("get", "/api/v1/games/current/", "", "application/json", 404, "no_listener"),
    ],
)
def test_an_error_has_one_shape(db, client, method, path, body, kind, status, code):
    response = client.generic(method.upper(), path, body, content_type=kind)
    assert response.status_code == status
    assert list(response.json()) == ["error"]
    assert list(response.json()["error"]) == SHAPE
    assert response.json()["error"]["code"] == code


def test_the_field_that_is_wrong_is_named(db, client):
    response = client.post("/api/v1/games/", {"experience": "god"}, "application/json")
    assert "experience" in response.json()["error"]["fields"]
    assert "god" in str(response.json()["error"]["fields"])


@pytest.mark.parametrize(
    "heard",
    [None, {}, {"left": -1, "right": 6}, {"left": "x", "right": 6}, {"left": 1e9, "right": 6}],
)
def test_seconds_heard_must_make_sense(ada, heard):
    current = ada.start()["round"]
    ada.listen(current["id"])
    response = ada.answer(current["id"], heard=heard)
    assert response.status_code == 400
    assert "heard" in response.json()["error"]["fields"]


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("plays", '{"side": "\\ud800"}'),
        ("answer", '{"chosen": "\\ud800", "heard": {"left": 1, "right": 1}}'),
        ("answer", '{"chosen": "left", "heard": {"left": "\\ud800", "right": 1}}'),
        ("answer", '{"chosen": "left", "heard": {"\\ud800": 1}}'),
        ("knew", '{"knew": "\\ud800"}'),
    ],
)
def test_half_a_character_is_refused_in_every_operation_of_a_round(ada, operation, body):
    number = ada.start()["round"]["id"]
    response = ada.client.post(f"/api/v1/rounds/{number}/{operation}/", body, JSON)
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "parse_error"


def test_the_schema_is_written_without_a_warning(db, client, tmp_path):
    call_command("spectacular", fail_on_warn=True, validate=True, file=str(tmp_path / "schema"))
    assert client.get("/api/v1/schema/").status_code == 200


@pytest.mark.parametrize("path", ["/", "/privacy/", "/about/", "/api/v1/games/current/", "/none/"])
def test_every_response_carries_strict_headers(db, client, path):
    response = client.get(path)
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert response["Referrer-Policy"] == "same-origin"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in response["Cache-Control"]


@pytest.fixture
def broken(db, monkeypatch) -> Client:
    """A browser at a site with a bug in it."""

    def bug(*args: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(games, "unfinished_game", bug)
    monkeypatch.setattr(enrolment, "open_study", bug)
    return Client(raise_request_exception=False)


def test_a_bug_under_the_api_answers_in_the_shape_of_an_error(broken):
    response = broken.post("/api/v1/games/", {}, "application/json")
    assert response.status_code == 500
    assert list(response.json()["error"]) == SHAPE
    assert response.json()["error"]["code"] == "server"
    assert "a bug" not in response.content.decode()


def test_a_bug_on_a_page_answers_with_a_page(broken):
    response = broken.post("/start/")
    assert response.status_code == 500
    assert "Something broke on our side" in response.content.decode()


def test_what_django_itself_refuses_has_the_shape_too(db, client):
    for path, host, status in (
        ("/api/v1/games/current/", "evil.example", 400),
        ("/api/v2/games/", "localhost", 404),
    ):
        response = client.get(path, HTTP_HOST=host)
        assert response.status_code == status
        assert list(response.json()["error"]) == SHAPE


def test_the_schema_repeats_nothing_from_the_address(db, client):
    response = client.get("/api/v1/schema/?version=1%0d%0aSet-Cookie:x")
    assert response.status_code == 200
    assert "Set-Cookie" not in response["Content-Disposition"]


@pytest.mark.parametrize("value", ["five", "nan", "inf", "-1"])
def test_a_setting_that_is_no_number_is_named(monkeypatch, value):
    monkeypatch.setenv("LISTEN_SECONDS", value)
    with pytest.raises(ImproperlyConfigured, match=f"LISTEN_SECONDS='{value}'"):
        env_float("LISTEN_SECONDS", 5.0)


@pytest.mark.parametrize("value", ["ten", "-1", "1.5", "1_0", ""])
def test_a_setting_that_is_no_whole_number_is_named(monkeypatch, value):
    monkeypatch.setenv("EXPORTS_PER_DAY", value)
    with pytest.raises(ImproperlyConfigured, match=f"EXPORTS_PER_DAY='{value}'; use a whole"):
        env_int("EXPORTS_PER_DAY", 10)
