"""What anybody may send is refused with the right status, and leaves one line in the log."""

from __future__ import annotations

import logging

import pytest
from django.conf import settings as site

from bachtest.lib.incoming.small_json import MAX_BYTES
from bachtest.lib.one_line import OneLine
from bachtest.lib.serving.few_threads import MAX_BODY


@pytest.mark.parametrize("host", ["evil.example", "a b", "127.0.0.1:x", "\x1b[2J"])
def test_a_foreign_host_gets_400_and_one_line(client, caplog, host):
    caplog.handler.addFilter(OneLine())
    reply = client.get("/about/", headers={"host": host})
    assert reply.status_code == 400
    lines = [row for row in caplog.records if row.name == "django.security.DisallowedHost"]
    assert len(lines) == 1
    assert caplog.handler.format(lines[0]).count("\n") == 0
    assert lines[0].getMessage().isprintable()


def test_the_site_logs_what_django_refuses_through_that_filter():
    assert site.LOGGING["loggers"]["django.security"]["handlers"] == ["one_line"]
    assert site.LOGGING["handlers"]["one_line"]["filters"] == ["one_line"]
    assert not logging.getLogger("django.security").propagate


@pytest.mark.parametrize(
    ("path", "size"),
    [
        ("/start/", MAX_BODY + 1),
        ("/account/login/", 10**15),
        ("/api/v1/games/", MAX_BODY + 1),
        ("/api/v1/games/", MAX_BYTES + 1),
        ("/admin/login/", MAX_BODY + 1),
    ],
)
@pytest.mark.django_db
def test_a_body_over_the_limit_gets_413_and_one_line(client, caplog, path, size):
    body = {"data": b" " * size} if size < 10**6 else {"data": b"", "CONTENT_LENGTH": str(size)}
    reply = client.post(path, content_type="application/json", **body)
    assert reply.status_code == 413
    lines = [row for row in caplog.records if row.name.startswith("bachtest.lib")]
    assert len(lines) == 1
    assert "refused" in lines[0].getMessage()


@pytest.mark.django_db
def test_a_body_within_the_limit_is_read(client):
    body = "consent=2026-11&filler=" + "a" * (MAX_BODY - 100)
    reply = client.post("/start/", body, content_type="application/x-www-form-urlencoded")
    assert reply.status_code in (302, 400)
