"""The site of commit 4913214 as its dump has it: a database file, clips, and a connection."""

from __future__ import annotations

import gzip
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from django.apps.registry import Apps
from django.core.management import call_command
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import ConnectionHandler

from tests.builders import make_mp3

HERE = Path(__file__).parent
EXPECTED = HERE / "expected"
STUDIES = ("harmony", "later", "quiz")
OURS = ("generator", "studies", "game", "results")


def load(file: Path) -> None:
    """The database as the old code left it."""
    script = gzip.decompress((HERE / "old_database.sql.gz").read_bytes()).decode()
    with closing(sqlite3.connect(file)) as database:
        database.executescript(script)


def write_clips(database: Path, media: Path) -> None:
    """A short tone for each name, in place of the clips that the dump leaves out."""
    with closing(sqlite3.connect(database)) as old:
        names = old.execute("SELECT clip FROM generator_piece WHERE status = 'done'").fetchall()
    for number, (name,) in enumerate(names):
        clip = media / name
        clip.parent.mkdir(parents=True, exist_ok=True)
        clip.write_bytes(make_mp3(number))


@contextmanager
def connected_to(file: Path) -> Iterator[None]:
    """Everything in this thread works on this file, whatever the other tests run on."""
    handler = ConnectionHandler(
        {
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": str(file),
                # Nothing outlives the tests, so nothing has to reach the disk.
                "OPTIONS": {
                    "transaction_mode": "IMMEDIATE",
                    "init_command": "PRAGMA synchronous=OFF",
                },
            }
        }
    )
    before = connections["default"]
    connections["default"] = handler["default"]
    try:
        yield
    finally:
        handler["default"].close()
        connections["default"] = before


def newest_applied() -> dict[str, str]:
    """Of each of our apps, in the database as it is."""
    applied = sorted(MigrationExecutor(connection).loader.applied_migrations)
    return {app: name for app, name in applied if app in OURS}


def apps_now() -> Apps:
    """Models as the migrations that this database has made them."""
    executor = MigrationExecutor(connection)
    return executor.loader.project_state(list(newest_applied().items())).apps


def migrate(targets: dict[str, str] | None = None) -> None:
    for target in (targets or {}).items():
        call_command("migrate", *target, verbosity=0)
    if targets is None:
        call_command("migrate", verbosity=0)
