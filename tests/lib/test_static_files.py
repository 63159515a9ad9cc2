"""Static files have hashes in their names, and modules name each other by them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command

HASHED = {"staticfiles": {"BACKEND": "bachtest.lib.serving.static_files.HashedFiles"}}
NAME = re.compile(r"\.[0-9a-f]{12}\.\w+$")


@pytest.fixture
def hashed(settings, tmp_path) -> Path:
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = {**settings.STORAGES, **HASHED}
    return tmp_path


def test_until_they_are_collected_names_are_plain(hashed):
    assert staticfiles_storage.url("css/base.css") == "/static/css/base.css"


def test_pages_name_them_and_browsers_keep_them(hashed, client, db):
    call_command("collectstatic", interactive=False, verbosity=0)
    named = set(re.findall(r'"(/static/[^"]+)"', client.get("/about/").text))
    assert named
    assert {name for name in named if not NAME.search(name)} == set()
    for name in named:
        reply = client.get(name)
        assert reply.status_code == 200
        assert "immutable" in reply.headers["Cache-Control"]
        reply.close()
    for script in hashed.glob("js/**/*.js"):
        if NAME.search(script.name):
            for module in re.findall(r'^import .*from "(.*)";', script.read_text(), re.MULTILINE):
                assert NAME.search(module), script
                assert (script.parent / module).is_file(), script
    packed = client.get(
        staticfiles_storage.url("css/base.css"), headers={"accept-encoding": "gzip"}
    )
    assert packed.headers["Content-Encoding"] == "gzip"
    packed.close()


def test_pages_are_compressed_and_small_replies_are_not(client, db):
    page = client.get("/about/", headers={"accept-encoding": "gzip"})
    assert page.headers["Content-Encoding"] == "gzip"
    assert int(page.headers["Content-Length"]) < len(client.get("/about/").content) / 2
    small = client.get("/api/v1/nothing/", headers={"accept-encoding": "gzip"})
    assert "Content-Encoding" not in small.headers


def test_whoever_asks_for_a_favicon_is_led_to_the_icon(client):
    reply = client.get("/favicon.ico")
    assert reply.status_code == 302
    assert reply.headers["Location"] == staticfiles_storage.url("img/icon.svg")
