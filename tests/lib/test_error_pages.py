"""Whoever is refused by a page sees a page of the site that says what to do; programs get JSON."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.test import Client

from bachtest.lib import errors

BACK = re.compile(r'<a class="button" href="([^"]*)">Open the page again</a>')


@pytest.fixture
def browser(db) -> Client:
    return Client(enforce_csrf_checks=True, HTTP_HOST="localhost")


def secret_of(page) -> str:
    return re.search(r'csrfmiddlewaretoken" value="(\w+)"', page.text)[1]


@pytest.fixture
def send(browser) -> Callable[..., str]:
    """Sends the form of the sign-in page, and returns the page that comes back."""
    secret = secret_of(browser.get("/account/login/?next=/uploads/"))

    def post(**headers: str) -> str:
        form = {"username": "x", "password": "y", "csrfmiddlewaretoken": secret}
        response = browser.post("/account/login/", form, **headers)
        assert response.status_code == 403
        assert 'class="site-header"' in response.text
        return response.text

    return post


def test_without_cookies_the_page_says_that_they_are_blocked_or_cleared(browser, send):
    browser.cookies.clear()
    page = send(HTTP_REFERER="http://localhost/account/login/?next=/uploads/")
    assert "Your browser sent no cookie" in page
    assert BACK.search(page)[1] == "/account/login/?next=/uploads/"


@pytest.mark.parametrize(
    "origin", ["null", "https://evil.example", "https://localhost", "http://["]
)
def test_a_form_of_no_known_sender_is_explained(send, origin):
    page = send(HTTP_ORIGIN=origin)
    assert "did not say that the form came from this site" in page
    assert "Referrer-Policy: no-referrer" in page


@pytest.mark.parametrize(
    "headers", [{}, {"HTTP_REFERER": "https://evil.example/"}, {"HTTP_REFERER": "x"}]
)
def test_so_it_is_behind_tls_where_the_page_before_has_to_be_named(send, settings, headers):
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_TEST", "https")
    page = send(HTTP_X_TEST="https", **headers)
    assert "did not say that the form came from this site" in page


def test_a_cookie_that_was_renewed_makes_the_form_stale(browser, send):
    browser.cookies["csrftoken"] = "a" * 32
    page = send()
    assert "its form went stale" in page


@pytest.mark.parametrize(
    "referer",
    ["https://evil.example/x", "http://localhost.evil.example/", "javascript:alert(1)", "", "//x"],
)
def test_the_way_back_leads_nowhere_else(browser, send, referer):
    browser.cookies.clear()
    assert BACK.search(send(HTTP_REFERER=referer))[1] == "/"


def test_it_is_the_same_at_the_start_of_a_game_and_in_the_admin(browser):
    for path in ("/start/", "/privacy/delete/", "/admin/login/"):
        response = browser.post(path, {})
        assert response.status_code == 403
        assert "Your browser sent no cookie" in response.text


@pytest.mark.parametrize("path", ["/start/", "/privacy/delete/", "/account/logout/"])
def test_the_address_of_a_form_is_no_blank_page(browser, path):
    response = browser.get(path)
    assert response.status_code == 405
    assert "POST" in response["Allow"]
    assert "cannot be opened or reloaded as a page" in response.text


def test_who_lacks_a_permission_sees_a_page_of_the_site(db, client):
    nobody = User.objects.create_user("ada", is_staff=True)
    client.force_login(nobody)
    response = client.get("/admin/studies/study/")
    assert response.status_code == 403
    assert "Your account, ada, may not do this" in response.text
    assert 'class="site-header"' in response.text


def test_programs_get_json(db, rf, client):
    for path in ("/api/v1/games/", "/api/v1/rounds/x/"):
        request = rf.post(path)
        for response in (
            errors.form_refused(request),
            errors.permission_denied(request, PermissionDenied()),
        ):
            assert response.status_code == 403
            assert b'{"error": {"code": ' in response.content
    assert "error" in client.get("/api/v1/games/").json()


@pytest.mark.parametrize(
    ("path", "host", "status"), [("/none/", "localhost", 404), ("/", "evil.example", 400)]
)
def test_other_refusals_have_the_looks_of_the_site(db, client, path, host, status):
    response = client.get(path, HTTP_HOST=host)
    assert response.status_code == status
    assert 'class="site-header"' in response.text
