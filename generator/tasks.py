"""The only door to the queue: what a worker runs, and how pieces are ordered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from django.db import transaction
from django_tasks import task

from generator.models import Composer, Excerpt, Piece, PieceQuerySet
from generator.services.claims import expire_leases, retry
from generator.services.clips import delete_stale_temp_files
from generator.services.pieces import bach_piece, new_piece, produce_piece
from generator.services.pool import choose_excerpts


@task()
def generate_piece(piece_id: int) -> str:
    status = produce_piece(piece_id)
    if status == Piece.Status.QUEUED:
        enqueue([piece_id])  # another try may succeed
    return status


def order_piece(
    excerpt: Excerpt,
    composer: Composer,
    condition: str,
    *,
    seed: int,
    temperature: float = 1.0,
    settings: Mapping[str, str] | None = None,
) -> Piece:
    """The row of the piece, queued together with Bach's piece of the same excerpt."""
    with transaction.atomic():
        piece, is_new = new_piece(
            excerpt,
            composer,
            condition,
            seed=seed,
            temperature=temperature,
            settings=settings,
        )
        bach, bach_is_new = bach_piece(excerpt)
        new_ids = [bach.id] * bach_is_new + [piece.id] * is_new
        transaction.on_commit(partial(enqueue, new_ids))
    return piece


def order_pieces(
    composer: Composer,
    condition: str,
    count: int,
    *,
    seed: int = 0,
    temperature: float = 1.0,
    settings: Mapping[str, str] | None = None,
) -> list[Piece]:
    """This many pieces by the composer, of the excerpts with the fewest pieces."""
    return [
        order_piece(
            choice.excerpt,
            composer,
            condition,
            seed=choice.seed,
            temperature=temperature,
            settings=settings,
        )
        for choice in choose_excerpts(composer, condition, count, seed=seed)
    ]


def enqueue(piece_ids: Iterable[int]) -> None:
    for piece_id in piece_ids:
        generate_piece.enqueue(piece_id)


def recover_pieces() -> int:
    """Queue the pieces of dead workers again."""
    delete_stale_temp_files()
    expired = expire_leases()
    enqueue(expired)
    return len(expired)


def enqueue_forgotten() -> None:
    """Queue waiting pieces whose tasks were lost; to be called when the queue is empty.

    A piece that is queued twice is made once: the second task finds nothing to claim.
    """
    waiting = Piece.objects.filter(status=Piece.Status.QUEUED).order_by("id")
    enqueue(waiting.values_list("id", flat=True))


def retry_pieces(pieces: PieceQuerySet) -> int:
    """Queue failed pieces again."""
    piece_ids = retry(pieces)
    enqueue(piece_ids)
    return len(piece_ids)
