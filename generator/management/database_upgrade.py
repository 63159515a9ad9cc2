"""What the database still has to become, and a copy of it from before its answers are moved."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from django.core.management.base import CommandError
from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor


def pending_migrations() -> list[Migration]:
    executor = MigrationExecutor(connection)
    return [each for each, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())]


def is_new_database() -> bool:
    return not MigrationExecutor(connection).loader.applied_migrations


def moving_answers(migrations: Sequence[Migration]) -> Migration | None:
    """The first that is marked so: `moves_answers = True` in its class."""
    return next((each for each in migrations if getattr(each, "moves_answers", False)), None)


def check_copy_is_ours(migration: Migration) -> None:
    """An admin copies PostgreSQL's databases."""
    if connection.vendor != "sqlite":
        raise CommandError(
            f"{migration} moves the answers; keep a copy of the database first, such as by: "
            'pg_dump --format=custom --file=before.dump "$DATABASE_URL"; '
            "then run: manage.py prepare --copied"
        )


def keep_copy(migration: Migration) -> str:
    """Copy a SQLite database, and say how to go back.

    Raises
    ------
    CommandError
        If no whole copy could be made. The database is as it was.
    """
    source = Path(connection.settings_dict["NAME"])
    copy = next(path for path in _names(source, migration) if not path.exists())
    part = copy.with_suffix(".part")
    try:
        _copy(source, part)
        part.replace(copy)
    except (sqlite3.Error, OSError) as error:
        size = source.stat().st_size
        raise CommandError(
            f"{migration} moves the answers, and no copy of {source} could be made first: {error}; "
            f"it needs {_megabytes(size)} in {source.parent}. Nothing was changed: make room there "
            "and run this again, or copy it elsewhere and run: manage.py prepare --copied"
        ) from None
    finally:
        part.unlink(missing_ok=True)
    return (
        f"{migration} moves the answers; a copy of the database from before is {copy} "
        f"({_megabytes(copy.stat().st_size)})\n"
        f"to go back to it: stop the site, check out the earlier code, then: "
        f"rm -f {source}-wal {source}-shm && cp {copy} {source}"
    )


def _names(source: Path, migration: Migration) -> Iterator[Path]:
    """An earlier copy is never overwritten."""
    stem, number = f"{source.stem}-before-{migration.app_label}-{migration.name}", 1
    while True:
        yield source.with_name(f"{stem}{'' if number == 1 else f'-{number}'}.sqlite3")
        number += 1


def _copy(source: Path, copy: Path) -> None:
    """One moment of the database, whatever is read or written meanwhile; on the disk."""
    with closing(sqlite3.connect(source)) as database, closing(sqlite3.connect(copy)) as file:
        database.backup(file)
    with copy.open("rb+") as written:
        os.fsync(written.fileno())


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
