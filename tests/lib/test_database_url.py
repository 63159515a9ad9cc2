"""DATABASE_URL: what it chooses, and what is refused, in one line and without the password."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from bachtest.lib.database_url import database_of, masked


def chosen(url: str, base: Path = Path("/checkout")) -> dict:
    return database_of(url, default=Path("/var/db.sqlite3"), base=base)


def parts(url: str) -> list[str]:
    return [chosen(url)[name] for name in ("USER", "PASSWORD", "HOST", "PORT", "NAME")]


def test_without_a_url_it_is_the_sqlite_file_with_durable_commits():
    database = chosen("")
    assert database["ENGINE"] == "django.db.backends.sqlite3"
    assert database["NAME"] == Path("/var/db.sqlite3")
    assert database["OPTIONS"] == {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }


def test_a_sqlite_file_of_ones_own_has_the_same_options(tmp_path):
    database = chosen(f"sqlite:///{tmp_path}/my%20quiz.sqlite3")
    assert database["NAME"] == tmp_path / "my quiz.sqlite3"
    assert database["OPTIONS"] == chosen("")["OPTIONS"]


def test_a_relative_sqlite_file_lies_in_the_checkout(tmp_path):
    (tmp_path / "data").mkdir()
    assert chosen("sqlite:///data/db", tmp_path)["NAME"] == tmp_path / "data/db"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "postgres://bach:s%40cret%2F@db.example.org:5433/quiz",
            ["bach", "s@cret/", "db.example.org", "5433", "quiz"],
        ),
        ("postgresql://bach@localhost/quiz", ["bach", "", "localhost", "", "quiz"]),
        ("postgres://bach@[::1]:5433/quiz", ["bach", "", "::1", "5433", "quiz"]),
        ("postgres:///quiz", ["", "", "", "", "quiz"]),
        ("postgres:///quiz?host=/run/Sockets&user=bach", ["bach", "", "/run/Sockets", "", "quiz"]),
        (
            "postgres://bach@%2Frun%2FSockets:5433/quiz",
            ["bach", "", "/run/Sockets", "5433", "quiz"],
        ),
    ],
)
def test_postgresql_by_host_or_socket(url, expected):
    assert chosen(url)["ENGINE"] == "django.db.backends.postgresql"
    assert parts(url) == expected


def test_options_of_the_connection_are_passed_on():
    options = chosen("postgres://db/quiz?sslmode=require&connect_timeout=3")["OPTIONS"]
    assert options == {"sslmode": "require", "connect_timeout": "3"}


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("mysql://bach:secret@db/quiz", "'mysql://bach:***@db/quiz': this names no database"),
        ("bach:secret@db/quiz", "'bach:***@db/quiz': this names no database"),
        ("/var/db.sqlite3", "'/var/db.sqlite3': this names no database"),
        ("postgres://bach:secret@db", "'postgres://bach:***@db': the name of the database is miss"),
        ("postgres://bach:secret/quiz", "'postgres://bach:***/quiz': a port is a number"),
        ("postgres://bach:sec@ret@db:x/quiz", "'postgres://bach:***@db:x/quiz': "),
        ("postgres://bach:se#cret/@db/quiz", "'postgres://bach:***@db/quiz': a port is a number"),
        ("postgres://bach:secret%zz@db/quiz", "'postgres://bach:***@db/quiz': this cannot be read"),
        ("postgres://bach@db:70000/quiz", "'postgres://bach@db:70000/quiz': a port is a number"),
        (
            "postgres://bach@db/quiz?password=secret&flavour=1",
            "'postgres://bach@db/quiz?password=***&flavour=1': "
            'invalid URI query parameter: "flavour"',
        ),
        ("sqlite://", "'sqlite://': this names no file"),
        ("sqlite:///:memory:", "'sqlite:///:memory:': this names no file"),
        ("sqlite:///db?timeout=5", "'sqlite:///db?timeout=5': this names no file"),
        ("sqlite:////no/db", "'sqlite:////no/db': there is no folder /no; create it"),
        ("sqlite:////tmp", "'sqlite:////tmp': /tmp is a folder"),
    ],
)
def test_what_is_wrong_is_refused_in_one_line_with_the_way_out(url, shown):
    with pytest.raises(ImproperlyConfigured) as refused:
        chosen(url)
    message = str(refused.value)
    assert message.startswith(f"DATABASE_URL={shown}")
    assert "use sqlite:///PATH, postgres://USER:PASSWORD@HOST:PORT/NAME" in message
    assert "secret" not in message
    assert "\n" not in message


def test_a_host_and_a_port_are_no_password():
    assert masked("postgres://db:5432/quiz") == "postgres://db:5432/quiz"
    assert masked("postgres://one:5432,two:5433/quiz") == "postgres://one:5432,two:5433/quiz"


def started_with(url: str, tmp_path: Path) -> str:
    """What `manage.py` says to somebody who starts it."""
    environment = os.environ | {"DATABASE_URL": url, "VAR_DIR": str(tmp_path)}
    command = [sys.executable, "manage.py", "migrate"]
    done = subprocess.run(
        command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 1
    return done.stderr


def test_a_command_refuses_it_in_one_line(tmp_path):
    [line] = started_with("mysql://bach:secret@db/quiz", tmp_path).splitlines()
    assert line.startswith("DATABASE_URL='mysql://bach:***@db/quiz': ")


def test_a_server_that_cannot_be_reached_is_named_in_one_line(tmp_path):
    url = f"postgres://bach:secret@/quiz?host={tmp_path}"
    [line] = started_with(url, tmp_path).splitlines()
    assert line.startswith("no connection to the database: ")
    assert str(tmp_path) in line
    assert line.endswith("; check DATABASE_URL and VAR_DIR")
    assert "secret" not in line
