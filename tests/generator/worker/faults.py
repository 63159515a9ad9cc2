"""Databases and disks in trouble, for as long as a block lasts."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import pytest
from django.core.files.storage import InMemoryStorage
from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from generator.services.rendered import clips


@contextmanager
def locked_database() -> Iterator[None]:
    """Another connection holds the lock that every write to a piece needs."""
    held, done = Event(), Event()

    def hold() -> None:
        with transaction.atomic():
            if connection.vendor == "postgresql":
                connection.cursor().execute("LOCK TABLE generator_piece IN EXCLUSIVE MODE")
            held.set()
            done.wait(60)
        connection.close()

    thread = Thread(target=hold)
    thread.start()
    assert held.wait(60)
    connection_created.connect(do_not_wait)
    do_not_wait(connection)
    try:
        yield
    finally:
        connection_created.disconnect(do_not_wait)
        done.set()
        thread.join()


def do_not_wait(connection: BaseDatabaseWrapper, **kwargs: object) -> None:
    """PostgreSQL waits for a lock for ever; SQLite gives up at once in a test's database."""
    if connection.vendor == "postgresql":
        connection.cursor().execute("SET lock_timeout = '100ms'")


@contextmanager
def full_database() -> Iterator[None]:
    """Not one page more fits into the database; only SQLite can be told so."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")
        cursor.execute("PRAGMA max_page_count = 1")  # taken as: no more than now
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA max_page_count = 1073741823")


@contextmanager
def read_only_database() -> Iterator[None]:
    set_read_only(True)
    try:
        yield
    finally:
        set_read_only(False)


def set_read_only(on: bool) -> None:
    option = (
        "PRAGMA query_only"
        if connection.vendor == "sqlite"
        else "SET default_transaction_read_only"
    )
    connection.cursor().execute(f"{option} = {'on' if on else 'off'}")


@contextmanager
def storage_with(error: OSError) -> Iterator[None]:
    """Half of a clip is written, then the disk fails."""

    def half(self: InMemoryStorage, name: str, content: clips.TempClip) -> str:
        real(self, name, clips.File(content.file, content.name))
        raise error

    real = InMemoryStorage._save
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(InMemoryStorage, "_save", half)
        yield


@contextmanager
def full_temp_folder() -> Iterator[None]:
    def full(*args: object, **kwargs: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clips, "NamedTemporaryFile", full)
        yield


DATABASE_FAULTS = [
    locked_database,
    pytest.param(full_database, marks=pytest.mark.only_sqlite),
    read_only_database,
]
DISK_FAULTS = {
    "temporary folder full": full_temp_folder,
    "disk full": lambda: storage_with(OSError(errno.ENOSPC, "No space left on device")),
    "disk read-only": lambda: storage_with(OSError(errno.EROFS, "Read-only file system")),
    "disk failing": lambda: storage_with(OSError(errno.EIO, "Input/output error")),
}
