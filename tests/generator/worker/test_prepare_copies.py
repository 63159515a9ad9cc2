"""Before answers move to other tables: workers stop, and a copy of the database is kept."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db.migrations import Migration

from generator.management import database_upgrade
from generator.management.commands import prepare
from tests.migration.old_site import load

PATIENCE = 120  # of a machine that has other things to do
MIGRATIONS = "SELECT app, name FROM django_migrations ORDER BY app, name"
# Ignores SIGTERM.
DEAF = "import signal, time; signal.signal(15, signal.SIG_IGN); print(flush=True); time.sleep(600)"
PREPARE = ["manage.py", "prepare"]
# Without the composers, each of which is tried out.
OF_THE_DATABASE = """
import django; django.setup()
from django.core.management import call_command
from generator.management.commands.prepare import Command
Command._install = lambda self: None
call_command("prepare")
"""
IMPATIENT = """
import sys
from generator.management import running_workers
running_workers.STOP_SECONDS = 1
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", "prepare"])
"""


@pytest.fixture
def empty(tmp_path: Path, corpus: object) -> dict[str, str]:
    """The environment of a site without a database."""
    (tmp_path / "corpus.npz").symlink_to(settings.CORPUS_FILE)
    environment = {
        **os.environ,
        "VAR_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "bachtest.settings",
        # All is compiled already, by the set-up.
        "NUMBA_CACHE_DIR": os.environ["NUMBA_CACHE_DIR"],
        # An idle worker looks at the pieces once.
        "LEASE_SECONDS": "100000",
    }
    for name in ("TASKS_BACKEND", "DATABASE_URL", "DATABASE_URL_FILE"):
        environment.pop(name, None)
    return environment


@pytest.fixture
def site(empty: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """A site with the database of an earlier version."""
    load(tmp_path / "db.sqlite3")
    return empty


def run(site: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, env=site, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False
    )


def python(site: dict[str, str], *arguments: str) -> str:
    done = run(site, sys.executable, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def manage(site: dict[str, str], *arguments: str) -> str:
    return python(site, "manage.py", *arguments)


@contextmanager
def running(site: dict[str, str], *arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, *arguments]
    with subprocess.Popen(
        command,
        env=site,
        cwd=settings.BASE_DIR,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def rows(path: Path, sql: str) -> list[tuple]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute(sql).fetchall()


def copies(folder: Path) -> list[Path]:
    return sorted(folder.glob("db-before-*"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "program", [["-c", OF_THE_DATABASE], PREPARE], ids=["of the database", "whole"]
)
def test_a_copy_is_kept_before_answers_move_and_the_way_back_works(site, tmp_path, program):
    file = tmp_path / "db.sqlite3"
    before = {sql: rows(file, sql) for sql in (MIGRATIONS, "SELECT * FROM game_answer")}
    prepared = python(site, *program)
    [copy] = copies(tmp_path)
    assert f"a copy of the database from before is {copy} " in prepared
    assert f"({copy.stat().st_size / 1e6:.1f} MB)" in prepared
    assert {sql: rows(copy, sql) for sql in before} == before
    assert set(rows(file, MIGRATIONS)) > set(before[MIGRATIONS])

    [way_back] = [line for line in prepared.splitlines() if "to go back" in line]
    subprocess.run(way_back.partition("then: ")[2], shell=True, check=True)
    assert {sql: rows(file, sql) for sql in before} == before
    assert "a copy of the database" in python(site, *program)
    assert len(copies(tmp_path)) == 2  # the first is not overwritten


def test_the_copy_is_of_one_moment_while_others_write(tmp_path, monkeypatch):
    file = tmp_path / "db.sqlite3"
    load(file)
    before = rows(file, "SELECT count(*) FROM game_answer")
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode=WAL")
        other.execute("BEGIN IMMEDIATE")
        other.execute("DELETE FROM game_answer WHERE id % 2")

        class Database:
            vendor = "sqlite"
            settings_dict = {"NAME": file}

        monkeypatch.setattr(database_upgrade, "connection", Database)
        database_upgrade.keep_copy(Migration("0099_moved", "game"))
        other.execute("COMMIT")
    [copy] = copies(tmp_path)
    assert rows(copy, "SELECT count(*) FROM game_answer") == before
    assert rows(copy, "PRAGMA integrity_check") == [("ok",)]
    assert rows(file, "SELECT count(*) FROM game_answer") != before


@pytest.mark.slow
def test_a_new_site_has_no_copy(empty, tmp_path):
    assert "copy" not in manage(empty, "prepare")
    assert rows(tmp_path / "db.sqlite3", MIGRATIONS)
    assert copies(tmp_path) == []


def test_a_full_disk_is_told_with_the_way_out_and_nothing_is_changed(site, tmp_path):
    before = (tmp_path / "db.sqlite3").read_bytes()
    # No file may grow beyond half of the database, which is what a full disk comes to.
    limit = f"ulimit -f {len(before) // 2048}"
    refused = run(site, "bash", "-c", f"{limit} && exec {sys.executable} manage.py prepare")
    assert refused.returncode == 1
    [line] = refused.stderr.splitlines()
    assert "no copy of" in line
    assert f"it needs {len(before) / 1e6:.1f} MB in {tmp_path}" in line
    assert "manage.py prepare --copied" in line
    assert rows(tmp_path / "db.sqlite3", "PRAGMA integrity_check") == [("ok",)]
    assert (tmp_path / "db.sqlite3").read_bytes()[100:] == before[100:]
    assert copies(tmp_path) == []
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.slow
def test_a_running_worker_stops_before_tables_change_and_only_then(empty, tmp_path):
    manage(empty, "migrate", "-v0")
    elsewhere = empty | {"VAR_DIR": str(tmp_path / "elsewhere")}
    with (
        running(empty, "manage.py", "work") as worker,
        running(elsewhere, "-c", DEAF, "manage.py", "work") as of_another_site,
        running(empty, "-c", DEAF, "manage.py", "serve") as no_worker,
    ):
        assert "worker started" in worker.stdout.readline()
        for process in (of_another_site, no_worker):
            process.stdout.readline()
        assert "worker" not in manage(empty, "prepare")
        assert worker.poll() is None

        manage(empty, "migrate", "game", "0001", "-v0")
        prepared = manage(empty, "prepare")
        assert f"worker {worker.pid} has stopped" in prepared
        assert prepared.index("has stopped") < prepared.index("a copy of the database")
        assert worker.wait(timeout=PATIENCE) == 0
        assert of_another_site.poll() is None
        assert no_worker.poll() is None


def test_a_worker_that_goes_on_is_named_and_nothing_is_changed(site, tmp_path):
    before = rows(tmp_path / "db.sqlite3", MIGRATIONS)
    with running(site, "-c", DEAF, "manage.py", "work") as worker:
        worker.stdout.readline()
        refused = run(site, sys.executable, "-c", IMPATIENT)
        assert refused.returncode == 1
        assert f"worker {worker.pid} did not stop within 1 s" in refused.stderr
        assert f"kill -9 {worker.pid}" in refused.stderr
        assert worker.poll() is None
    assert rows(tmp_path / "db.sqlite3", MIGRATIONS) == before
    assert copies(tmp_path) == []


def test_no_worker_starts_before_the_database_is_up_to_date(site):
    refused = run(site, sys.executable, "manage.py", "work", "--batch")
    assert refused.returncode == 1
    assert "the database is not up to date" in refused.stderr
    assert "manage.py prepare" in refused.stderr


@pytest.mark.slow
def test_an_admin_who_has_a_copy_says_so(site, tmp_path):
    assert "copy" not in manage(site, "prepare", "--copied")
    assert copies(tmp_path) == []


@pytest.mark.django_db
def test_on_postgresql_the_admin_keeps_the_copy_and_nothing_is_changed(monkeypatch):
    class Server:
        vendor = "postgresql"

    class Moving(Migration):
        moves_answers = True

    pending = [Moving("0099_moved", "game")]
    monkeypatch.setattr(database_upgrade, "connection", Server)
    monkeypatch.setattr(prepare, "pending_migrations", lambda: pending)
    monkeypatch.setattr(prepare, "is_new_database", lambda: False)
    monkeypatch.setattr(prepare, "stop_workers", lambda: pytest.fail("a worker was stopped"))
    with pytest.raises(CommandError, match=r"game\.0099_moved .* pg_dump .*prepare --copied$"):
        call_command("prepare")
