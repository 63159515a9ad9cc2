"""Pieces that could not be made, by version and reason."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Max

from generator.models import Piece, PieceQuerySet, Version

MOST = 10


@dataclass(frozen=True)
class FailureGroup:
    version: str
    version_id: int | None
    error: str
    pieces: int
    last: int


def failure_groups() -> list[FailureGroup]:
    """The most frequent first."""
    failed = Piece.objects.filter(status=Piece.Status.FAILED)
    rows = failed.values_list("version", "version__composer__slug", "version__sha256", "error")
    groups = rows.annotate(n=Count("id"), last=Max("id")).order_by("-n", "-last")
    return [
        FailureGroup(
            f"{slug} {Version(sha256=sha256).tag}" if slug else "bach", number, error, n, last
        )
        for number, slug, sha256, error, n, last in groups[:MOST]
    ]


def failed_like(piece_id: int) -> PieceQuerySet:
    """Failed pieces of the same version and reason; none if that one does not fail any more."""
    example = Piece.objects.filter(id=piece_id, status=Piece.Status.FAILED).first()
    if example is None:
        return Piece.objects.none()
    return Piece.objects.filter(
        status=Piece.Status.FAILED, version=example.version_id, error=example.error
    )
