"""What a worker does while nothing waits."""

from __future__ import annotations

import pytest

from generator import tasks
from generator.management import piece_worker
from generator.management.piece_worker import PieceWorker
from generator.tasks import use_quiet_time
from tests.builders import make_piece

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("recorded_queue")]


@pytest.fixture
def counts(monkeypatch) -> list[int]:
    """What the only kind of quiet work did, call by call; at first it has three things to do."""
    done: list[int] = []

    def work() -> int:
        done.append(max(0, 3 - len(done)))
        return done[-1]

    monkeypatch.setattr(tasks, "quiet_work", {"things": work})
    return done


def test_it_goes_on_until_there_is_nothing_to_do_and_then_waits_for_a_lease(counts, settings):
    settings.LEASE_SECONDS = 1_000.0
    worker = PieceWorker(interval=1.0)
    for _ in range(10):
        worker.order_more()
    assert counts == [3, 2, 1, 0]


def test_a_worker_that_stops_orders_nothing(counts):
    worker = PieceWorker(interval=1.0)
    worker.running = False
    worker.order_more()
    assert counts == []


def test_a_worker_that_ends_with_the_queue_orders_nothing(counts, monkeypatch):
    """Otherwise `work --batch` would fill the pool of any site that it is started on."""
    monkeypatch.setattr(PieceWorker, "configure_signals", lambda self: None)
    monkeypatch.setattr(PieceWorker, "prune", lambda self: None)
    monkeypatch.setattr(PieceWorker, "run", lambda self: None)
    monkeypatch.setattr(piece_worker.os, "nice", lambda by: 0)
    PieceWorker(interval=1.0).work(until_empty=True)
    assert counts == []


@pytest.mark.parametrize(("status", "is_quiet"), [("queued", False), ("running", True)])
def test_time_is_quiet_while_no_piece_waits(counts, status, is_quiet):
    make_piece(status=status)
    assert (use_quiet_time() == {"things": 3}) is is_quiet


def test_a_bug_in_quiet_work_ends_no_worker(monkeypatch, caplog):
    monkeypatch.setattr(tasks, "quiet_work", {"things": lambda: 1 // 0, "others": lambda: 2})
    assert use_quiet_time() == {"others": 2}
    assert "ZeroDivisionError" in caplog.text


def test_an_outage_is_left_to_the_worker_which_waits(monkeypatch):
    def full() -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tasks, "quiet_work", {"things": full})
    with pytest.raises(OSError, match="No space"):
        use_quiet_time()
