"""Who makes an export: a worker claims its row for a while, and renews the claim as it goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Event, Thread
from typing import Any

from django.conf import settings
from django.db import Error, connection
from django.db.models import F, Q, QuerySet
from django.utils.timezone import now

from bachtest.results.export.export_orders import PATIENCE
from bachtest.results.export.sorted_rows import RowProgress
from bachtest.results.models import ExportJob
from generator.services.outages import Backoff, outage_behind, until_it_works

MAX_TRIES = 3
BEAT_SECONDS = 1.0
_Status = ExportJob.Status


class ExportLost(Exception):
    """Another worker took the export over, or its row is gone: this worker's file is dropped."""


def claim_export(job_id: int) -> ExportJob | None:
    """The export, if it was waiting and no other worker took it."""
    waiting = ExportJob.objects.filter(id=job_id, status=_Status.QUEUED)
    job = waiting.select_related("study").first()
    if job is None:
        return None
    # The number of the claim tells it from any other.
    taken = waiting.filter(claims=job.claims).update(
        status=_Status.RUNNING,
        done=0,
        total=0,
        reason="",
        tries=F("tries") + 1,
        claims=job.claims + 1,
        lease_until=_lease_end(),
    )
    if not taken:
        return None
    job.status, job.claims = _Status.RUNNING, job.claims + 1
    return job


def claimed_export(job: ExportJob) -> QuerySet[ExportJob]:
    """The row, while the claim stands: an update that changes no row means that it was lost."""
    return ExportJob.objects.filter(id=job.pk, status=_Status.RUNNING, claims=job.claims)


class ClaimedProgress(RowProgress):
    """Progress that a thread writes to the row, which renews the claim."""

    def __init__(self, job: ExportJob) -> None:
        super().__init__()
        self.job = job
        self.ended = Event()
        self.lost = Event()

    def advance(self) -> None:
        super().advance()
        if self.lost.is_set():
            raise ExportLost

    def keep_writing(self) -> None:
        """In its own thread and connection: the worker's reads a moment that is past."""
        backoff = Backoff(f"renewing the claim on {self.job}")
        third = settings.LEASE_SECONDS / 3
        try:
            while not self.ended.wait(min(backoff.seconds or BEAT_SECONDS, third)):
                try:
                    values = {"done": self.done, "total": self.total, "lease_until": _lease_end()}
                    if not claimed_export(self.job).update(**values):
                        self.lost.set()
                except Error as error:
                    if not outage_behind(error):
                        raise
                    backoff.failed(error)
                else:
                    backoff.worked()
        finally:
            connection.close()


@contextmanager
def written_progress(job: ExportJob) -> Iterator[ClaimedProgress]:
    progress = ClaimedProgress(job)
    thread = Thread(target=progress.keep_writing, daemon=True)
    thread.start()
    try:
        yield progress
    finally:
        progress.ended.set()
        thread.join()


def end_export(job: ExportJob, **values: Any) -> bool:
    """Write how it ended; False if the claim was lost before."""
    changed: list[int] = []
    # If it were not recorded, the try would look like a worker's death.
    until_it_works(
        f"recording the end of {job}",
        lambda: changed.append(claimed_export(job).update(**{"lease_until": None} | values)),
    )
    return bool(changed[-1])


def fail_export(job: ExportJob, reason: str) -> None:
    end_export(job, status=_Status.FAILED, reason=reason, finished=now())


def put_export_back(job: ExportJob, reason: str) -> None:
    """Let it wait for a lease: an outage is not its fault, so the try is free."""
    free = {"tries": F("tries") - 1, "lease_until": _lease_end()}
    end_export(job, status=_Status.QUEUED, reason=reason, **free)


def _lease_end() -> datetime:
    return now() + timedelta(seconds=settings.LEASE_SECONDS)


def expire_exports() -> None:
    """Take exports back from dead workers. After the last try they fail."""
    expired = ExportJob.objects.filter(status=_Status.RUNNING, lease_until__lt=now())
    expired.filter(tries__gte=MAX_TRIES).update(
        status=_Status.FAILED,
        lease_until=None,
        finished=now(),
        reason=f"given up: {MAX_TRIES} workers died or were stopped while making it",
    )
    expired.update(status=_Status.QUEUED, lease_until=None)


def exports_without_task() -> list[int]:
    """Waiting exports that no task is expected for; each is given to one caller alone."""
    due = Q(lease_until=None) | Q(lease_until__lt=now())
    waiting = ExportJob.objects.filter(due, status=_Status.QUEUED)
    return [
        job_id
        for job_id in waiting.values_list("id", flat=True)
        if waiting.filter(id=job_id).update(lease_until=now() + PATIENCE)
    ]
