"""What dead workers and lost tasks leave is taken up again: once, and with any queue."""

from __future__ import annotations

import errno
import io
import json
import subprocess
from collections import Counter
from contextlib import closing
from datetime import timedelta as td

import pytest
from django.core.management import call_command
from django.utils.timezone import now
from django_tasks import default_task_backend
from django_tasks.backends.dummy import DummyBackend
from django_tasks.backends.immediate import ImmediateBackend
from django_tasks.signals import task_finished
from django_tasks_db.models import DBTaskResult
from pytest_django import Settings

from generator import tasks
from generator.models import Piece
from generator.services.claims import claim, expect_task, put_back
from generator.services.outages import outage_behind
from generator.tasks import RecoveryTimer, enqueue, recover
from tests.builders import make_piece
from tests.databases import connect
from tests.generator.worker.processes import TASKS, run, start

OF_DEAD = "pieces of dead workers queued again"
WITHOUT_TASK = "pieces without a task queued again"
FORGOTTEN, DEAD = 60, 20
LEFT_BEHIND = f"""
import django; django.setup()
from datetime import timedelta
from django.db import transaction
from django.utils.timezone import now
from generator.models import Piece
from tests.builders import make_piece
with transaction.atomic():
    for i in range({FORGOTTEN}):
        make_piece(status="queued", grid=None, done=None)
    for i in range({DEAD}):
        past = now() - timedelta(seconds=1)
        make_piece(status="running", tries=1, lease_until=past, grid=None, done=None)
"""


@pytest.fixture
def database_queue(db, settings: Settings) -> None:
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}


def waiting(**fields: object) -> Piece:
    return make_piece(status=Piece.Status.QUEUED, grid=None, done=None, **fields)


def queued() -> list[int]:
    return [task.args_kwargs["args"][0] for task in DBTaskResult.objects.ready()]


def later(seconds: float) -> None:
    """As if so much time had passed."""
    for piece in Piece.objects.exclude(lease_until=None):
        Piece.objects.filter(id=piece.id).update(
            lease_until=piece.lease_until - td(seconds=seconds)
        )


def test_a_lost_task_is_made_again_and_one_that_is_there_is_not(database_queue):
    lost, there = waiting(), waiting()
    enqueue([lost.id, there.id])
    DBTaskResult.objects.filter(args_kwargs__args=[lost.id]).delete()
    assert recover()[WITHOUT_TASK] == 0, "it may be on its way"
    later(61)
    assert recover()[WITHOUT_TASK] == 1
    assert sorted(queued()) == [lost.id, there.id]
    later(3600)
    assert recover()[WITHOUT_TASK] == 0


def test_a_task_that_a_dead_worker_took_is_lost(database_queue):
    """The worker died between taking the task and taking the piece."""
    piece = waiting()
    enqueue([piece.id])
    DBTaskResult.objects.update(status="RUNNING")
    later(61)
    assert recover()[WITHOUT_TASK] == 1
    assert queued() == [piece.id]


def test_a_queue_that_cannot_be_read_is_trusted_for_an_hour(db, recorded_queue):
    waiting()
    assert recover()[WITHOUT_TASK] == 1
    later(3500)
    assert recover()[WITHOUT_TASK] == 0
    later(101)
    assert recover()[WITHOUT_TASK] == 1
    assert len(default_task_backend.results) == 2


def test_a_piece_that_was_put_back_waits_for_a_while(db, recorded_queue):
    piece = claim(waiting().id)
    put_back(piece, OSError(errno.ENOSPC, "No space left on device"))
    assert recover()[WITHOUT_TASK] == enqueue([piece.id]) == 0
    later(61)
    assert recover()[WITHOUT_TASK] == 1


def test_only_one_of_two_queues_a_piece(db):
    piece = waiting()
    assert [expect_task(piece.id, None, 60) for _ in range(2)] == [True, False]
    assert not expect_task(make_piece().id, None, 60), "it is done"


def test_the_command_says_what_it_recovered(db, recorded_queue):
    waiting()
    waiting(tries=1)
    dead = Piece.objects.filter(tries=1)
    dead.update(status="running", lease_until=now() - td(seconds=1))
    out = io.StringIO()
    call_command("recover", stdout=out)
    assert out.getvalue().splitlines() == [
        f"{OF_DEAD}: 1",
        f"{WITHOUT_TASK}: 1",
        "masters made of older clips: 0",
        "requests for a fit made again: 0",
        "exports queued again: 0",
        "exports deleted after 7 days: 0",
        "uploads that were complete and not looked at: 0",
        "uploads without a worker queued again: 0",
        "files of old uploads deleted: 0",
        "folders of dead child processes deleted: 0",
        "composers without scores or samples: 0",
    ]


@pytest.fixture
def timer(monkeypatch) -> RecoveryTimer:
    timer = RecoveryTimer()
    monkeypatch.setattr(tasks, "recovery_timer", timer)
    return timer


@pytest.mark.parametrize("sender", [DummyBackend, DummyBackend("default", {})])
def test_a_worker_of_any_queue_recovers_between_two_jobs(db, recorded_queue, timer, sender):
    waiting()
    task_finished.send(sender, task_result=Finished())
    assert len(default_task_backend.results) == 1
    waiting()
    task_finished.send(sender, task_result=Finished())
    assert len(default_task_backend.results) == 1, "now and then, not after each job"


@pytest.mark.parametrize("sender", [ImmediateBackend, ImmediateBackend("default", {})])
def test_a_job_that_runs_at_once_recovers_nothing(db, recorded_queue, timer, sender):
    waiting()
    task_finished.send(sender, task_result=Finished())
    assert default_task_backend.results == []


class Finished:
    """What django-tasks logs of a job."""

    id, status = "1", "SUCCESSFUL"
    task = type("Task", (), {"module_path": "generator.tasks.generate_piece"})


@pytest.mark.parametrize("error", [OSError(errno.EIO, "Input/output error"), RuntimeError("bug")])
def test_a_recovery_that_fails_is_tried_again(db, timer, monkeypatch, error, caplog):
    def broken() -> None:
        raise error

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tasks, "recover", broken)
        timer.recover_when_due()
    assert str(error) in caplog.text
    assert ("Traceback" in caplog.text) is not bool(outage_behind(error)), "only bugs have one"
    monkeypatch.setattr(tasks, "recover", lambda: {"things": 3})
    timer.due = 0
    timer.recover_when_due()
    assert "things: 3" in caplog.text


@pytest.mark.slow
def test_recovery_at_the_same_time_queues_each_piece_once(site):
    run(site, "-c", LEFT_BEHIND)
    with closing(connect(site)) as database:
        database.execute(f"DELETE FROM {TASKS}")
        database.execute("UPDATE generator_piece SET lease_until = NULL WHERE status = 'queued'")
        waiting = database.execute(
            "SELECT id FROM generator_piece WHERE status != 'done'"
        ).fetchall()
    processes = [start(site, "manage.py", "recover", stderr=subprocess.PIPE) for _ in range(3)]
    outputs = [process.communicate(timeout=180) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], outputs
    counted = [int(line.split()[-1]) for out, _ in outputs for line in out.decode().splitlines()]
    assert sum(counted) == len(waiting) >= FORGOTTEN + DEAD
    with closing(connect(site)) as database:
        rows = database.execute(
            "SELECT args_kwargs FROM django_tasks_database_dbtaskresult"
        ).fetchall()
        statuses = database.execute("SELECT DISTINCT status FROM generator_piece").fetchall()
    tasks_of = Counter(json.loads(arguments)["args"][0] for (arguments,) in rows)
    assert tasks_of == Counter(piece for (piece,) in waiting)
    assert statuses == [("queued",)]
