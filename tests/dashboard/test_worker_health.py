"""The dashboard says in words when nobody works on what waits."""

from __future__ import annotations

from datetime import timedelta as td

import pytest
from django.urls import reverse
from django.utils.timezone import now
from django_tasks_db.models import DBTaskResult

from bachtest.composers.models import Upload
from bachtest.dashboard.panels.worker_health import NO_WORKER, SILENT, worker_health
from generator.models import Piece
from tests.builders import make_piece

pytestmark = pytest.mark.django_db
LONG = SILENT + td(minutes=1)


def waiting_task(since: td) -> DBTaskResult:
    task = DBTaskResult.objects.create(
        task_path="generator.tasks.generate_piece",
        args_kwargs={"args": [1], "kwargs": {}},
        backend_name="default",
        run_after=now() - since,
    )
    DBTaskResult.objects.filter(id=task.id).update(enqueued_at=now() - since)
    return task


def waiting_upload(since: td) -> None:
    Upload.objects.create(
        slug="net", kind="checkpoint", length=1, status="quarantined", changed=now() - since
    )


def test_an_empty_queue_needs_no_worker():
    assert worker_health().alarm == ""


def test_what_has_waited_for_long_needs_one(root):
    waiting_task(LONG)
    assert worker_health().alarm == NO_WORKER
    assert (
        "No worker is running: start one with manage.py work"
        in root.get(reverse("admin:index")).text
    )
    assert NO_WORKER in root.get(reverse("admin:live")).text


def test_what_has_just_come_may_wait_a_moment():
    waiting_task(td(minutes=1))
    assert worker_health().alarm == ""


def test_a_long_queue_is_no_alarm_while_a_worker_makes_something():
    waiting_task(LONG)
    make_piece(status="running", lease_until=now() + td(seconds=30))
    health = worker_health()
    assert (health.tasks, health.making, health.alarm) == (1, 1, "")


def test_a_worker_that_died_gives_no_sign():
    waiting_task(LONG)
    make_piece(status="running", lease_until=now() - LONG)
    assert worker_health().alarm == NO_WORKER


def test_an_upload_that_nobody_checks_is_an_alarm_and_one_with_a_heartbeat_is_none():
    waiting_upload(LONG)
    assert worker_health().alarm == NO_WORKER
    Upload.objects.create(
        slug="b",
        kind="checkpoint",
        length=1,
        status="checked",
        lease_until=now() + td(seconds=9),
        heartbeat=now(),
    )
    health = worker_health()
    assert (health.uploads, health.alarm) == (1, "")


def test_a_piece_that_no_task_is_expected_for_counts_as_waiting():
    piece = make_piece(status="queued")
    assert worker_health().alarm == ""
    Piece.objects.filter(id=piece.id).update(created=now() - LONG)
    assert worker_health().alarm == NO_WORKER
    Piece.objects.filter(id=piece.id).update(lease_until=now() + LONG)
    assert worker_health().alarm == "", "its task is expected, and the queue says how long it waits"
