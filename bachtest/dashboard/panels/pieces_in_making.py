"""What workers make now, and what waits, by version and condition."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q

from generator.models import Piece, Version

MOST = 12


@dataclass(frozen=True)
class PiecesInMaking:
    composer: str
    condition: str
    making: int
    waiting: int


def pieces_in_making() -> list[PiecesInMaking]:
    """Those with most pieces first."""
    names = ("version__composer__slug", "version__sha256", "condition")
    rows = Piece.objects.pending().values_list(*names).order_by()
    counts = rows.annotate(
        making=Count("id", filter=Q(status=Piece.Status.RUNNING)),
        waiting=Count("id", filter=Q(status=Piece.Status.QUEUED)),
    ).order_by("-making", "-waiting", *names)
    return [
        PiecesInMaking(
            f"{slug} {Version(sha256=sha256).tag}" if slug else "bach", condition, making, waiting
        )
        for slug, sha256, condition, making, waiting in counts[:MOST]
    ]
