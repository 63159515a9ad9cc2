"""Faults while a worker makes a piece: outages are waited out, defects fail the piece."""

from __future__ import annotations

import errno
import sqlite3
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from datetime import timedelta as td
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.db import DatabaseError, OperationalError, ProgrammingError, connection, transaction
from django.utils.timezone import now
from pytest_django import Settings

from generator.errors import GenerationError
from generator.families.checkpoint import CheckpointError
from generator.models import Composer, Pair, Piece, PieceQuerySet
from generator.services import claims, outages, pieces
from generator.services.claims import claim, put_back, renewed_lease
from generator.services.outages import Backoff, outage_behind
from generator.services.rendered import clips
from tests.builders import clip_of, make_excerpt, make_miniature, make_piece, make_work
from tests.generator.worker.faults import (
    DATABASE_FAULTS,
    DISK_FAULTS,
    locked_database,
    read_only_database,
)


@pytest.fixture(autouse=True)
def quick(monkeypatch, settings: Settings, tmp_path: Path) -> None:
    monkeypatch.setattr(outages, "FIRST_WAIT", 0.02)
    monkeypatch.setattr(pieces, "making", Backoff("making pieces"))
    settings.TEMP_CLIPS_DIR = tmp_path / "temp_clips"


class Pause:
    """Takes the place of waiting: at the second wait the test goes on."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self.stopped = False
        self.then: Callable[[], None] = lambda: None

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        if len(self.waits) == 2:
            self.then()

    def stop(self) -> None:
        self.stopped = True

    def is_set(self) -> bool:
        return self.stopped


@pytest.fixture
def pause(monkeypatch) -> Pause:
    pause = Pause()
    monkeypatch.setattr(outages, "stopping", pause)
    return pause


@pytest.fixture
def piece(transactional_db, recorded_queue, tmp_path: Path, corpus: object) -> Piece:
    mini: Composer = make_miniature(tmp_path)
    excerpt = make_excerpt(make_work("BWV269"), 0, 96)
    return make_piece(excerpt, mini, status=Piece.Status.QUEUED, grid=None, done=None)


def stored_clips() -> list[str]:
    return default_storage.listdir("clips")[1] if default_storage.exists("clips") else []


def assert_waits_and_is_made_later(piece: Piece) -> None:
    piece.refresh_from_db()
    assert (piece.status, piece.tries) == ("queued", 0), piece.error
    assert piece.error, "the admin sees why"
    assert now() < piece.lease_until <= now() + td(seconds=60)
    temp = clips.settings.TEMP_CLIPS_DIR
    assert not temp.exists() or list(temp.iterdir()) == []
    assert not Pair.objects.exists()
    assert pieces.produce_piece(piece.id) == "done"
    piece.refresh_from_db()
    assert (piece.tries, piece.error) == (1, "")
    assert [clip_of(piece).file.name] == [f"clips/{name}" for name in stored_clips()]


@pytest.mark.parametrize("fault", DATABASE_FAULTS)
def test_an_outage_of_the_database_while_a_piece_is_stored(piece, fault, monkeypatch, pause):
    with ExitStack() as trouble, pytest.MonkeyPatch.context() as patch:
        real = pieces.store_clip

        def store(*arguments: object) -> str:
            trouble.enter_context(fault())
            return real(*arguments)

        patch.setattr(pieces, "store_clip", store)
        pause.then = trouble.close
        pieces.produce_piece(piece.id)
    assert_waits_and_is_made_later(piece)


@pytest.mark.parametrize("fault", DISK_FAULTS)
def test_an_outage_of_the_disk_while_a_clip_is_stored(piece, fault):
    with DISK_FAULTS[fault]():
        pieces.produce_piece(piece.id)
    assert_waits_and_is_made_later(piece)


def test_an_outage_while_a_piece_is_composed(piece, monkeypatch):
    """The reason may be wrapped: a checkpoint that cannot be read is an error of the composer."""

    def unreadable(*_: object, **__: object) -> None:
        raise CheckpointError("cannot read it") from OSError(errno.EIO, "Input/output error")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "_filled", unreadable)
        pieces.produce_piece(piece.id)
    assert_waits_and_is_made_later(piece)


@pytest.mark.parametrize("fault", [locked_database, read_only_database])
def test_an_outage_when_a_piece_is_taken_up_leaves_it_waiting(piece, fault):
    with fault(), pytest.raises(DatabaseError) as raised:
        pieces.produce_piece(piece.id)
    assert outage_behind(raised.value), "the worker pauses"
    piece.refresh_from_db()
    assert (piece.status, piece.tries) == ("queued", 0)
    assert pieces.produce_piece(piece.id) == "done"


def test_many_outages_fail_no_piece_and_are_logged_once(piece, caplog):
    with DISK_FAULTS["disk full"]():
        for _ in range(5):
            Piece.objects.update(lease_until=None)
            pieces.produce_piece(piece.id)
    assert caplog.text.count("No space left") == 1
    assert pieces.making.outages == 5
    assert_waits_and_is_made_later(piece)
    assert "making pieces: works again; failures: 5" in caplog.text
    assert pieces.making.seconds == 0


@pytest.mark.parametrize(
    "defect",
    [
        pytest.param(GenerationError("no such note", permanent=True), id="composer"),
        pytest.param(ZeroDivisionError("division by zero"), id="code"),
        pytest.param(FileNotFoundError(errno.ENOENT, "No such file"), id="missing file"),
        pytest.param(ProgrammingError("no such column"), id="query"),
    ],
)
def test_a_defect_fails_the_piece_with_its_reason(piece, defect, monkeypatch):
    def broken(*_: object, **__: object) -> None:
        raise defect

    monkeypatch.setattr(pieces, "_filled", broken)
    with suppress(ZeroDivisionError, OSError, ProgrammingError):
        pieces.produce_piece(piece.id)
    piece.refresh_from_db()
    assert piece.status == "failed"
    assert str(defect) in piece.error


def database_error(**codes: object) -> OperationalError:
    error = OperationalError("from the database")
    error.__cause__ = Exception("from its driver")
    for name, value in codes.items():
        setattr(error.__cause__, name, value)
    return error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (database_error(sqlite_errorcode=sqlite3.SQLITE_IOERR_WRITE), True),
        (database_error(sqlite_errorcode=sqlite3.SQLITE_ERROR), False),  # no such table
        (database_error(sqlstate="53100"), True),  # disk full
        (database_error(sqlstate="55P03"), True),  # lock not available
        (database_error(sqlstate="25006"), True),  # read-only
        (database_error(sqlstate="57P01"), True),  # shut down
        (database_error(sqlstate="42P01"), False),  # undefined table
        (database_error(), True),  # no connection
        (ConnectionRefusedError("storage"), True),
        (PermissionError(errno.EACCES, "Permission denied"), False),
    ],
)
def test_what_is_an_outage(error, expected):
    assert bool(outage_behind(error)) is expected


def test_a_missing_table_is_a_defect(db):
    with pytest.raises(DatabaseError) as raised, transaction.atomic():
        connection.cursor().execute("SELECT * FROM nowhere")
    assert outage_behind(raised.value) is None


def test_waits_grow_and_end(db, monkeypatch):
    backoff, waits = Backoff("test"), []
    for _ in range(12):
        backoff.failed(OSError(errno.ENOSPC, "full"))
        waits.append(backoff.seconds)
    assert waits[:3] == [0.02, 0.04, 0.08]
    monkeypatch.setattr(outages, "LONGEST_WAIT", 7)
    assert backoff.seconds == 7
    backoff.worked()
    assert backoff.seconds == 0


def test_a_stopped_worker_does_not_wait_for_the_end_of_an_outage(piece, monkeypatch, pause):
    claimed = claim(piece.id)
    with locked_database():
        pause.then = pause.stop
        with pytest.raises(OperationalError):
            put_back(claimed, OSError(errno.ENOSPC, "full"))


def test_the_lease_is_renewed_after_a_lock(piece, settings: Settings):
    settings.LEASE_SECONDS = 0.3
    taken = claim(piece.id)
    with renewed_lease(taken):
        with locked_database():
            time.sleep(0.5)
        wait_until(lambda: Piece.objects.get(id=piece.id).lease_until > now())


def test_the_lease_is_renewed_after_a_full_disk(piece, settings: Settings, monkeypatch):
    settings.LEASE_SECONDS = 0.3
    taken = claim(piece.id)
    failures: list[str] = []
    real = claims.claimed

    def full(piece: Piece) -> PieceQuerySet:
        if len(failures) < 3:
            failures.append("full")
            raise database_error(sqlite_errorcode=sqlite3.SQLITE_FULL)
        return real(piece)

    monkeypatch.setattr(claims, "claimed", full)
    with renewed_lease(taken):
        wait_until(lambda: len(failures) == 3)
        wait_until(lambda: Piece.objects.get(id=piece.id).lease_until > now() + td(seconds=0.2))


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)
