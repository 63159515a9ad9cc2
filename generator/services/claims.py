"""Who works on a piece: a row is claimed for a while, renewed, given up, or taken from the dead."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from datetime import timedelta as td
from threading import Event, Thread

from django.conf import settings
from django.db import connection
from django.utils.timezone import now

from generator.models import Piece, PieceQuerySet

MAX_TRIES = 3


class ClaimLost(Exception):
    """Another worker took the piece over: this one's result must not be kept."""


def claim(piece_id: int) -> Piece | None:
    """The piece, if it waited and nobody else took it."""
    waiting = Piece.objects.filter(id=piece_id, status=Piece.Status.QUEUED)
    piece = waiting.select_related("excerpt__work", "composer").first()
    if piece is None:
        return None
    tries = piece.tries + 1
    # The number of the try tells this claim from any later one.
    changed = waiting.filter(tries=piece.tries).update(
        status=Piece.Status.RUNNING, tries=tries, lease_until=_lease_end(), error=""
    )
    if changed != 1:
        return None
    piece.status, piece.tries = Piece.Status.RUNNING, tries
    return piece


def held(piece: Piece) -> PieceQuerySet:
    """The row, as long as the claim stands: to be updated, and the changed rows counted."""
    return Piece.objects.filter(id=piece.id, status=Piece.Status.RUNNING, tries=piece.tries)


@contextmanager
def kept_lease(piece: Piece) -> Iterator[None]:
    """Renew the lease while the body runs; a thread, since one fill may outlast a lease."""
    over = Event()
    thread = Thread(target=_renew, args=(piece, over), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _renew(piece: Piece, over: Event) -> None:
    try:
        while not over.wait(settings.LEASE_SECONDS / 3):
            held(piece).update(lease_until=_lease_end())
    finally:
        connection.close()


def _lease_end() -> datetime:
    return now() + td(seconds=settings.LEASE_SECONDS)


def give_up(piece: Piece, reason: str, *, permanent: bool) -> None:
    """Back into the queue, or failed where trying again cannot help or was tried enough."""
    final = permanent or piece.tries >= MAX_TRIES
    held(piece).update(
        status=Piece.Status.FAILED if final else Piece.Status.QUEUED,
        lease_until=None,
        error=reason,
    )


def expire_leases() -> list[int]:
    """Put pieces of dead workers back; ids to queue again. Those tried too often are failed."""
    lost = Piece.objects.filter(status=Piece.Status.RUNNING, lease_until__lt=now())
    lost.filter(tries__gte=MAX_TRIES).update(
        status=Piece.Status.FAILED,
        lease_until=None,
        error=f"set aside: {MAX_TRIES} workers died, or were stopped, while they made it",
    )
    return [
        piece_id
        for piece_id in lost.values_list("id", flat=True)
        if lost.filter(id=piece_id).update(status=Piece.Status.QUEUED, lease_until=None)
    ]


def reopen(pieces: PieceQuerySet) -> list[int]:
    """Failed pieces wait again, with all their tries; ids to queue."""
    return [
        piece_id
        for piece_id in pieces.filter(status=Piece.Status.FAILED).values_list("id", flat=True)
        if pieces.filter(id=piece_id, status=Piece.Status.FAILED).update(
            status=Piece.Status.QUEUED, tries=0, error=""
        )
    ]
