"""Who works on a piece: a worker claims its row for a while, renews the claim, or gives it up."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from datetime import timedelta as td
from threading import Event, Thread
from time import monotonic
from typing import Any

from django.conf import settings
from django.db import Error, connection
from django.db.models import Q
from django.utils.timezone import now

from generator.models import Piece, PieceQuerySet
from generator.services.outages import Backoff, describe, outage_behind, until_it_works

MAX_TRIES = 3


class ClaimLost(Exception):
    """Another worker took the piece over, so this worker's result is dropped."""


def claim(piece_id: int) -> Piece | None:
    """The piece, if it was waiting and no other worker took it."""
    waiting = Piece.objects.filter(id=piece_id, status=Piece.Status.QUEUED)
    piece = waiting.select_related("excerpt__work", "version__composer").first()
    if piece is None:
        return None
    tries, claims = piece.tries + 1, piece.claims + 1
    # Tries may be given back. The number of the claim tells it from any other.
    changed = waiting.filter(claims=piece.claims).update(
        status=Piece.Status.RUNNING,
        tries=tries,
        claims=claims,
        lease_until=_lease_end(),
        error="",
    )
    if changed != 1:
        return None
    piece.status, piece.tries, piece.claims = Piece.Status.RUNNING, tries, claims
    return piece


def claimed(piece: Piece) -> PieceQuerySet:
    """The row, while the claim stands: an update that changes no row means that it was lost."""
    return Piece.objects.filter(id=piece.id, status=Piece.Status.RUNNING, claims=piece.claims)


class Lease:
    """A claim that a thread renews, but not for a family that works beyond its budget."""

    def __init__(self, piece: Piece) -> None:
        self.piece = piece
        self.done = Event()
        self.lost = Event()
        self.until = math.inf

    @contextmanager
    def at_most(self, seconds: float) -> Iterator[None]:
        """Within, the claim is renewed for so long and no longer."""
        self.until = monotonic() + seconds
        try:
            yield
        finally:
            self.until = math.inf

    def renew(self) -> None:
        """In its own thread: renew until `done`."""
        backoff = Backoff(f"renewing the claim on {self.piece}")
        third = settings.LEASE_SECONDS / 3
        try:
            while not self.done.wait(min(backoff.seconds or third, third)):
                if monotonic() > self.until:
                    continue
                try:
                    if not claimed(self.piece).update(lease_until=_lease_end()):
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
def renewed_lease(piece: Piece) -> Iterator[Lease]:
    """Renew the lease while the body runs, in a thread, since one fill may outlast a lease."""
    lease = Lease(piece)
    thread = Thread(target=lease.renew, daemon=True)
    thread.start()
    try:
        yield lease
    finally:
        lease.done.set()
        thread.join()


def _lease_end() -> datetime:
    return now() + td(seconds=settings.LEASE_SECONDS)


def give_up(piece: Piece, reason: str, *, permanent: bool) -> None:
    """Queue the piece again; or fail it, if another try cannot help or it had its last."""
    final = permanent or piece.tries >= MAX_TRIES
    _end_claim(
        piece,
        status=Piece.Status.FAILED if final else Piece.Status.QUEUED,
        lease_until=None,
        error=reason,
    )


def put_back(piece: Piece, outage: BaseException) -> None:
    """Let the piece wait for a while; an outage is not the piece's fault, so the try is free."""
    _end_claim(
        piece,
        status=Piece.Status.QUEUED,
        tries=piece.tries - 1,
        lease_until=_lease_end(),
        error=describe(outage),
    )


def _end_claim(piece: Piece, **values: Any) -> None:
    # If it were not recorded, the try would look like a worker's death.
    until_it_works(f"letting go of {piece}", lambda: claimed(piece).update(**values))


def expire_leases() -> list[int]:
    """Take pieces back from dead workers; the ids to queue again. After the last try they fail."""
    expired = Piece.objects.filter(status=Piece.Status.RUNNING, lease_until__lt=now())
    expired.filter(tries__gte=MAX_TRIES).update(
        status=Piece.Status.FAILED,
        lease_until=None,
        error=f"given up: {MAX_TRIES} workers died or were stopped while making it",
    )
    return [
        piece_id
        for piece_id in expired.values_list("id", flat=True)
        if expired.filter(id=piece_id).update(status=Piece.Status.QUEUED, lease_until=None)
    ]


def without_task() -> PieceQuerySet:
    """Waiting pieces that no task is expected for: never queued, put back, or forgotten."""
    due = Q(lease_until=None) | Q(lease_until__lt=now())
    return Piece.objects.filter(due, status=Piece.Status.QUEUED).order_by("id")


def expect_task(piece_id: int, seen_lease: datetime | None, seconds: float) -> bool:
    """True for the one caller that is to queue the piece; a task is expected for so long.

    Whoever recovers at the same time finds another lease than was seen, and leaves the piece.
    """
    waiting = Piece.objects.filter(id=piece_id, status=Piece.Status.QUEUED, lease_until=seen_lease)
    return bool(waiting.update(lease_until=now() + td(seconds=seconds)))


def cancel(pieces: PieceQuerySet) -> int:
    """Fail pieces that wait or are being made; a worker drops what it is making. How many."""
    return pieces.pending().update(
        status=Piece.Status.FAILED, lease_until=None, error="cancelled by an admin"
    )


def retry(pieces: PieceQuerySet) -> list[int]:
    """Let failed pieces wait again, with all their tries; the ids to queue."""
    return [
        piece_id
        for piece_id in pieces.filter(status=Piece.Status.FAILED).values_list("id", flat=True)
        if pieces.filter(id=piece_id, status=Piece.Status.FAILED).update(
            status=Piece.Status.QUEUED, tries=0, error=""
        )
    ]
