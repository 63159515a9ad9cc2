"""One worker at a time works on an upload, and shows that it is alive."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from datetime import timedelta as td
from threading import Event, Thread
from time import monotonic
from uuid import UUID

from django.conf import settings
from django.db import Error, connection
from django.db.models import QuerySet
from django.utils.timezone import now

from bachtest.composers.models import Upload
from bachtest.composers.steps import MAX_REASON, OF
from generator.errors import GeneratorError, in_plain_text
from generator.services.outages import outage_behind, until_it_works

MAX_TRIES = 3
BEAT_SECONDS = 1.0
STARTING = "starting"
WORK_STATUSES = [OF.QUARANTINED, OF.CHECKED]


class UploadClaimLost(Exception):
    """Another worker took the upload over, so this worker's result is dropped."""


class TooSlow(GeneratorError):
    """It would hold a worker for hours."""


def waiting() -> QuerySet[Upload]:
    """Uploads that a worker has something to do for, and none does."""
    return Upload.objects.filter(status__in=WORK_STATUSES, failure="", stage="")


def claim(upload_id: UUID) -> Upload | None:
    """The upload, if it waited and no other worker took it."""
    upload = waiting().filter(id=upload_id).first()
    if upload is None:
        return None
    changed = waiting().filter(id=upload.id, claims=upload.claims).update(
        stage=STARTING,
        done=0,
        total=0,
        tries=upload.tries + 1,
        claims=upload.claims + 1,
        lease_until=_lease_end(),
        heartbeat=now(),
    )  # fmt: skip
    if changed != 1:
        return None
    return Upload.objects.select_related("version__composer", "owner").get(id=upload.id)


def claimed(upload: Upload) -> QuerySet[Upload]:
    """The row, while the claim stands."""
    return Upload.objects.filter(
        id=upload.id, claims=upload.claims, status__in=WORK_STATUSES
    ).exclude(stage="")


class Progress:
    """What the page shows of the work; it also notices that the claim was lost."""

    def __init__(self, upload: Upload) -> None:
        self.upload = upload
        self.lost = Event()
        self.ended = Event()
        self.counts = (0, 0)
        self.started = monotonic()

    def stage(self, name: str) -> None:
        self.counts, self.started = (0, 0), monotonic()
        self._write(stage=name[:40], done=0, total=0)

    def __call__(self, done: int, total: int) -> None:
        if self.lost.is_set():
            raise UploadClaimLost
        self.counts = (done, total)
        if monotonic() - self.started > (most := settings.SCORE_SECONDS):
            raise TooSlow(
                f"one stage of its scores took more than {most:,.0f} seconds for {done} of "
                f"{total}; bring a faster one"
            )

    def renew(self) -> None:
        """In its own thread: write counts and a heartbeat until the work has ended."""
        try:
            while not self.ended.wait(min(BEAT_SECONDS, settings.LEASE_SECONDS / 3)):
                done, total = self.counts
                try:
                    self._write(done=done, total=total)
                except UploadClaimLost:
                    return
                except Error as error:
                    if not outage_behind(error):
                        raise
        finally:
            connection.close()

    def _write(self, **values: object) -> None:
        if not claimed(self.upload).update(lease_until=_lease_end(), heartbeat=now(), **values):
            self.lost.set()
            raise UploadClaimLost


@contextmanager
def heartbeat(upload: Upload) -> Iterator[Progress]:
    progress = Progress(upload)
    thread = Thread(target=progress.renew, daemon=True)
    thread.start()
    try:
        yield progress
    finally:
        progress.ended.set()
        thread.join()


def release(upload: Upload) -> None:
    """The stage is done; the next one is anybody's."""
    _end(upload, tries=0)


def fail(upload: Upload, reason: str) -> None:
    """The site failed, not the upload: an admin sees why, and can have it tried again."""
    _end(upload, failure=in_plain_text(reason, MAX_REASON))


def put_back(upload: Upload, outage: BaseException) -> None:
    """Wait for the next recovery; an outage costs no try."""
    _end(upload, tries=max(0, upload.tries - 1), lease_until=_lease_end())


def _end(upload: Upload, **values: object) -> None:
    values = {"stage": "", "done": 0, "total": 0, "lease_until": None} | values
    # Its status may have moved on, but nobody else may have claimed it.
    own = Upload.objects.filter(id=upload.id, claims=upload.claims)
    until_it_works(f"letting go of {upload}", lambda: own.update(**values))


def expire_leases() -> list[Upload]:
    """Take uploads back from dead workers; those to queue again. After the last try they fail."""
    dead = Upload.objects.filter(status__in=WORK_STATUSES, lease_until__lt=now()).exclude(stage="")
    dead.filter(tries__gte=MAX_TRIES).update(
        stage="",
        lease_until=None,
        failure=f"given up: {MAX_TRIES} workers died or were stopped while working on it",
    )
    return [each for each in dead if dead.filter(id=each.id).update(stage="", lease_until=None)]


def retry(upload: Upload) -> bool:
    """Try again what the site failed at; False if it had not failed."""
    failed = Upload.objects.filter(id=upload.id, status__in=WORK_STATUSES).exclude(failure="")
    return bool(failed.update(failure="", tries=0, stage="", lease_until=None))


def _lease_end() -> datetime:
    return now() + td(seconds=settings.LEASE_SECONDS)
