"""Text that cannot be written down again is refused, wherever it comes in."""

from __future__ import annotations

from io import BytesIO
from wsgiref.util import setup_testing_defaults

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.test import Client

from bachtest.lib.incoming.content_types import only_utf_8

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
LONE = "\\ud800"


@pytest.fixture
def browser(db) -> Client:
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(
    "body",
    [
        *(f'{{"{name}": "\\ud800"}}' for name in ("consent", "experience", "age_group", "study")),
        '{"experience": "\\udfff"}',
        '{"experience": ["\\ud800"]}',
        '{"experience": {"\\ud800": 1}}',
        '{"\\ud800": "x"}',
        '["\\ud800"]',
        '"\\ud800"',
        '{"consent": "\\ud800\\ud800\\udc00"}',
    ],
)
@pytest.mark.parametrize("path", ["games/", "games/current/"])
def test_half_a_character_in_json_is_refused(browser, path, body):
    response = browser.post(f"/api/v1/{path}", body, JSON)
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "parse_error"


def test_a_whole_character_in_two_halves_is_a_character(browser):
    response = browser.post("/api/v1/games/", '{"experience": "\\ud83c\\udfb9"}', JSON)
    assert response.status_code == 400
    assert "🎹" in response.json()["error"]["fields"]["experience"][0]


@pytest.mark.parametrize(
    "page", ["/?", "/play/?study=", "/results/?by=", "/account/login/?next=", "/admin/login/?next="]
)
def test_an_address_may_hold_any_bytes(browser, page):
    text = f"%ed%a0%80%ff%00{LONE}"
    assert browser.get(page + text).status_code in (200, 302)
    assert browser.get(f"/api/v1/games/current/?study={text}").status_code == 400
    assert browser.get(f"/{text}/").status_code == 404


@pytest.mark.parametrize("text", ["%ed%a0%80", "%ff", "%00", LONE])
def test_a_form_may_hold_any_bytes(browser, text):
    fields = "&".join(f"{name}={text}" for name in ("consent", "experience", "study", text))
    assert browser.post("/start/", fields, FORM).status_code == 400
    tried = browser.post("/account/login/", f"username={text}&password={text}", FORM)
    assert tried.status_code == 200


@pytest.mark.parametrize("name", ["listener", "sessionid", "csrftoken", "messages"])
@pytest.mark.parametrize("text", ["\xed\xa0\x80", '"\\355\\240\\200"', "\xff:x:y", LONE])
def test_a_cookie_may_hold_any_bytes(browser, name, text):
    for page, status in (("/", 200), ("/api/v1/games/current/", 404), ("/uploads/", 302)):
        assert browser.get(page, HTTP_COOKIE=f"{name}={text}").status_code == status


@pytest.mark.parametrize("text", ["\xed\xa0\x80", "http://[", "a;b*=hex''%00"])
@pytest.mark.parametrize("header", ["ACCEPT", "ACCEPT_LANGUAGE", "ORIGIN", "REFERER", "RANGE"])
def test_a_header_may_hold_any_bytes(browser, header, text):
    assert browser.get("/", **{f"HTTP_{header}": text}).status_code == 200
    response = browser.post("/api/v1/games/", "{}", JSON, **{f"HTTP_{header}": text})
    assert response.status_code == (406 if header == "ACCEPT" else 400)


@pytest.mark.parametrize("token", ["\xff", "\xed\xa0\x80", LONE, "a b", "bot-" + "é" * 20])
def test_a_token_may_hold_any_bytes(browser, token):
    response = browser.get("/api/v1/uploads/", HTTP_AUTHORIZATION=f"Bearer {token}")
    assert response.status_code == 401


def read(content_type: str, body: bytes) -> tuple[str, dict[str, list[str]]]:
    """What Django makes of a body."""
    read = []

    def application(environ: dict, start_response: object) -> list[bytes]:
        request = WSGIRequest(environ)
        read.append((request.content_type, dict(request.POST)))
        return []

    environ = {"REQUEST_METHOD": "POST", "CONTENT_TYPE": content_type}
    environ |= {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))}
    setup_testing_defaults(environ)
    only_utf_8(application)(environ, print)
    return read[0]


@pytest.mark.parametrize("charset", ["utf-16", "utf-7", "raw_unicode_escape", "hex", "x", "\0", ""])
def test_a_body_in_another_encoding_is_not_read(charset):
    assert read(f"{FORM}; charset={charset}", b"a=\\ud800") == ("application/octet-stream", {})


@pytest.mark.parametrize("parameter", ["charset*=x''y", "a*=x''y", "charset*=hex''00", "a*=\0''y"])
def test_parameters_that_django_fails_on_are_not_read(parameter):
    assert read(f"{FORM}; {parameter}", b"a=b") == ("application/octet-stream", {})


@pytest.mark.parametrize(
    "parameters", ["", "; charset=utf-8", "; charset=UTF-8", "; a*=utf-8''%e4"]
)
def test_utf_8_is_read(parameters):
    assert read(f"{FORM}{parameters}", b"a=%c3%a4") == (FORM, {"a": ["ä"]})
