"""How much waits, since when, and whether any worker is alive."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from datetime import timedelta as td

from django.conf import settings
from django.db.models import Count, Max, Min, Q
from django.utils.timezone import now
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from bachtest.composers.models import Upload
from generator.models import Piece

# Each job gives signs more often: a claim is renewed three times a lease.
SILENT = td(minutes=5)
NO_WORKER = "No worker is running: start one with manage.py work"


@dataclass(frozen=True)
class WorkerHealth:
    tasks: int
    pieces: int
    making: int
    uploads: int
    oldest: datetime | None
    last_sign: datetime | None
    failed_tasks: int

    @property
    def alarm(self) -> str:
        """In words, if something has waited for long and no worker has shown itself since."""
        limit = now() - SILENT
        if self.oldest is None or self.oldest > limit:
            return ""
        return NO_WORKER if self.last_sign is None or self.last_sign < limit else ""


def worker_health() -> WorkerHealth:
    tasks = DBTaskResult.objects.aggregate(
        started=Max("started_at"),
        finished=Max("finished_at"),
        failed=Count("id", filter=Q(status=TaskResultStatus.FAILED)),
    )
    ready = DBTaskResult.objects.ready().aggregate(n=Count("id"), oldest=Min("enqueued_at"))
    queued = Q(status=Piece.Status.QUEUED)
    running = Q(status=Piece.Status.RUNNING)
    # A piece that expects no task has been forgotten, or its queue is no table of ours.
    forgotten = queued & (Q(lease_until=None) | Q(lease_until__lt=now()))
    pieces = Piece.objects.aggregate(
        queued=Count("id", filter=queued),
        running=Count("id", filter=running),
        oldest=Min("created", filter=forgotten),
        lease=Max("lease_until", filter=running),
        done=Max("done", filter=Q(status=Piece.Status.DONE)),
    )
    waiting = Q(status__in=[Upload.Status.QUARANTINED, Upload.Status.CHECKED], failure="")
    waiting &= Q(lease_until=None) | Q(lease_until__lt=now())
    uploads = Upload.objects.aggregate(
        n=Count("id", filter=waiting),
        oldest=Min("changed", filter=waiting),
        heartbeat=Max("heartbeat"),
    )
    renewed = pieces["lease"] and pieces["lease"] - td(seconds=settings.LEASE_SECONDS)
    return WorkerHealth(
        tasks=ready["n"],
        pieces=pieces["queued"],
        making=pieces["running"],
        uploads=uploads["n"],
        oldest=min(_times(ready["oldest"], pieces["oldest"], uploads["oldest"]), default=None),
        last_sign=max(
            _times(
                *(tasks["started"], tasks["finished"], pieces["done"]),
                *(renewed, uploads["heartbeat"]),
            ),
            default=None,
        ),
        failed_tasks=tasks["failed"],
    )


def _times(*times: datetime | None) -> list[datetime]:
    return [time for time in times if time is not None]
