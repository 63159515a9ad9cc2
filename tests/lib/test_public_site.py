"""A site that others can reach: it starts only with a key of its own, and trusts only its proxy."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import reload

import pytest
from django.conf import settings as site_settings
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import clear_url_caches, get_resolver, reverse

import bachtest.results.urls
import bachtest.urls
from bachtest.lib.startup import public_site
from bachtest.lib.startup.public_site import KEY_OF_A_MACHINE_OF_YOUR_OWN as DEFAULT_KEY
from bachtest.lib.startup.public_site import checked_admin_path, checked_hosts, checked_key

ROOT = site_settings.BASE_DIR
GOOD_KEY = "k3y-" * 20


def checked(**environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    tests_own = {"DJANGO_SETTINGS_MODULE", "DJANGO_ALLOW_ASYNC_UNSAFE"}
    env = {name: value for name, value in os.environ.items() if name not in tests_own}
    return subprocess.run(command, cwd=ROOT, env=env | environment, capture_output=True, text=True)


def documented() -> dict[str, str]:
    page = (ROOT / "docs/settings.md").read_text()
    block = page.partition("needs at least these")[2].partition("makes a key")[0]
    return dict(re.findall(r"^    ([A-Z_]+)=(.+)$", block, flags=re.MULTILINE))


@pytest.mark.slow  # it looks at sound and corpus, too
def test_with_the_documented_settings_nothing_is_found(tmp_path):
    environment = documented()
    assert set(environment) == {"ALLOWED_HOSTS", "SECRET_KEY_FILE", "TRUSTED_PROXY"}
    (tmp_path / "key").write_text("".join(chr(33 + number) for number in range(67)))
    done = checked(**environment | {"SECRET_KEY_FILE": str(tmp_path / "key")})
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_a_public_site_with_the_key_of_everybody_does_not_start():
    done = checked(ALLOWED_HOSTS="localhost,quiz.example.org")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "ALLOWED_HOSTS names 'quiz.example.org'" in done.stderr
    assert "set SECRET_KEY to what this prints: python3 -c" in done.stderr


@pytest.mark.parametrize("host", ["*", ".example.org", "192.168.1.7", "[2001:db8::1]", "0.0.0.0"])
def test_what_others_can_reach_needs_a_key_of_its_own(host):
    for key in (DEFAULT_KEY, "short"):
        with pytest.raises(ImproperlyConfigured, match=r"SECRET_KEY (is not set|has 5 signs)"):
            checked_key(key, ["localhost", host])
    assert checked_key(GOOD_KEY, [host]) == GOOD_KEY


def test_a_machine_of_ones_own_needs_none_but_an_empty_one_is_named():
    for host in ("localhost", "quiz.localhost", "127.0.0.1", "127.1.2.3", "[::1]"):
        assert checked_key(DEFAULT_KEY, [host]) == DEFAULT_KEY
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY is empty"):
        checked_key("", ["localhost"])


@pytest.mark.parametrize("host", ["https://x.org", "x.org/", "x.org:80", "x..org", "a@b", "[x]"])
def test_a_host_is_a_name_alone(host):
    with pytest.raises(ImproperlyConfigured, match=re.escape(f"ALLOWED_HOSTS: {host!r}")):
        checked_hosts([host])
    with pytest.raises(ImproperlyConfigured, match="name at least one host"):
        checked_hosts([])


@pytest.mark.parametrize("origin", ["quiz.example.org", "ftp://x.org", "https://", "https://x/a"])
def test_an_origin_has_a_scheme_and_no_path(origin):
    with pytest.raises(ImproperlyConfigured, match="CSRF_TRUSTED_ORIGINS: "):
        public_site.checked_origins([origin])
    assert public_site.checked_origins(["https://*.x.org:8443"]) == ["https://*.x.org:8443"]


@pytest.mark.parametrize("proxy", ["True", "proxy.example.org", "10.0.0.1/8", "127.0.0.1:80"])
def test_a_proxy_is_an_address_or_a_network(proxy):
    with pytest.raises(ImproperlyConfigured, match=f"TRUSTED_PROXY: {proxy!r}"):
        public_site.checked_proxies([proxy])


@pytest.fixture
def behind_proxy(settings, db) -> Callable[..., dict[str, str]]:
    settings.TRUSTED_PROXY = public_site.checked_proxies(["10.1.0.0/16"])
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SECURE_SSL_REDIRECT = True
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    return settings


def test_behind_the_proxy_cookies_are_secure_and_no_origin_has_to_be_named(behind_proxy):
    told = {"REMOTE_ADDR": "10.1.2.3", "HTTP_X_FORWARDED_PROTO": "https"}
    browser = Client(enforce_csrf_checks=True, HTTP_HOST="testserver", **told)
    page = browser.get("/account/login/")
    assert page.status_code == 200
    token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', page.text)[1]
    form = {"username": "x", "password": "y", "csrfmiddlewaretoken": token}
    reply = browser.post("/account/login/", form, HTTP_ORIGIN="https://testserver")
    assert "do not belong together" in reply.text
    browser.post("/api/v1/games/", {"consent": "none"}, "application/json")
    assert all(cookie["secure"] for cookie in browser.cookies.values())


def test_whoever_is_no_proxy_is_not_believed(behind_proxy):
    forged = Client(REMOTE_ADDR="10.2.0.1", HTTP_X_FORWARDED_PROTO="https")
    response = forged.get("/about/")
    assert (response.status_code, response["Location"]) == (301, "https://testserver/about/")


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("10.1.2.3", "203.0.113.9", "203.0.113.9"),
        ("10.1.2.3", "1.1.1.1, 203.0.113.9", "203.0.113.9"),
        ("10.1.2.3", "", "10.1.2.3"),
        ("10.2.0.1", "203.0.113.9", "10.2.0.1"),
        ("", "203.0.113.9", ""),
    ],
)
def test_the_client_is_who_the_proxy_says(behind_proxy, rf, peer, forwarded, address):
    from bachtest.lib.incoming.trusted_proxy import forwarded_headers

    seen = []
    middleware = forwarded_headers(lambda request: seen.append(request.META["REMOTE_ADDR"]))
    middleware(rf.get("/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=forwarded))
    assert seen == [address]


@pytest.fixture
def admin_at(settings) -> Iterator[Callable[[str], None]]:
    usual = settings.ADMIN_PATH

    def move(path: str) -> None:
        settings.ADMIN_PATH = path
        reload(bachtest.results.urls)
        reload(bachtest.urls)
        clear_url_caches()

    yield move
    move(usual)


def test_the_admin_moves_with_its_pages(admin_at, admin_client):
    admin_at("staff/door")
    assert admin_client.get("/admin/").status_code == 404
    page = admin_client.get("/staff/door/")
    assert "Queue and workers" in page.text
    assert reverse("results:export", args=["quiz"]) == "/staff/door/studies/quiz/export/"
    assert admin_client.get("/staff/door/studies/quiz/export/").status_code == 200


def test_the_admin_can_be_switched_off(admin_at, admin_client):
    admin_at("")
    for path in ("/admin/", "/admin/login/", "/admin/studies/quiz/export/"):
        assert admin_client.get(path).status_code == 404
    for path in ("/", "/uploads/", "/account/tokens/", "/composers/", "/results/"):
        assert admin_client.get(path).status_code == 200, path


@pytest.mark.parametrize("path", ["/admin/", "admin/", "a b", "a//b", "..", "api", "play/x", "-"])
def test_a_path_for_the_admin_is_one_that_works(path):
    with pytest.raises(ImproperlyConfigured, match=f"ADMIN_PATH={path!r}"):
        checked_admin_path(path)


def test_no_page_of_the_site_could_be_hidden_by_the_admin():
    def first_parts(patterns: list, before: str = "") -> set[str]:
        parts: set[str] = set()
        for each in patterns:
            route = before + str(each.pattern)
            inner = getattr(each, "url_patterns", None)
            parts |= first_parts(inner, route) if inner is not None else {route.partition("/")[0]}
        return parts

    assert first_parts(get_resolver().url_patterns) - {"", "admin"} == public_site.TAKEN - {
        "static"
    }
