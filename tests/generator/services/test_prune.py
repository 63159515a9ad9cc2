from __future__ import annotations

from datetime import timedelta as td

import pytest
from django.utils.timezone import now
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult
from pytest_django import Settings

from generator.management.piece_worker import PieceWorker
from generator.tasks import generate_piece

pytestmark = pytest.mark.django_db


def test_a_worker_deletes_tasks_that_ended_long_ago_and_no_others(settings: Settings):
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    old, failed, recent, waiting = (generate_piece.enqueue(number).id for number in range(4))
    for name, status, days in (
        (old, TaskResultStatus.SUCCESSFUL, 15),
        (failed, TaskResultStatus.FAILED, 15),
        (recent, TaskResultStatus.SUCCESSFUL, 13),
    ):
        over = now() - td(days=days)
        DBTaskResult.objects.filter(id=name).update(status=status, finished_at=over)
    PieceWorker(interval=1.0).prune()
    left = {str(row) for row in DBTaskResult.objects.values_list("id", flat=True)}
    assert left == {recent, waiting}
