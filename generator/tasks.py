"""The only door to the queue: what a worker runs, and how pieces are ordered."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial

from django.conf import settings as site_settings
from django.db import transaction
from django_tasks import TaskResultStatus, task, task_backends
from django_tasks.backends.base import BaseTaskBackend
from django_tasks.backends.immediate import ImmediateBackend
from django_tasks_db import DatabaseBackend
from django_tasks_db.models import DBTaskResult

from generator.collecting.importing import CollectionOrder, Imported, import_collection
from generator.families.fill_run import Budget
from generator.families.settings import Choices
from generator.models import Composer, Excerpt, Piece, PieceQuerySet, Version
from generator.services.claims import cancel, expect_task, expire_leases, retry, without_task
from generator.services.outages import Backoff, outage_behind
from generator.services.pieces import bach_piece, new_piece, produce_piece
from generator.services.pool import choose_excerpts
from generator.services.rendered.clips import delete_stale_temp_files
from generator.services.rendered.masters import make_missing_masters
from generator.services.rendered.missing_clips import make_missing_clips

logger = logging.getLogger(__name__)

# A queue that cannot be read is trusted with a task for so many leases.
BLIND_LEASES = 60

# What else is recovered, by what is counted; apps add theirs when they are ready.
recoveries: dict[str, Callable[[], int]] = {}
# What workers do while nothing waits, by what is counted; apps add theirs in the same way.
quiet_work: dict[str, Callable[[], int]] = {
    "clips made in a profile that came into use": make_missing_clips
}


@task()
def generate_piece(piece_id: int) -> str:
    status = produce_piece(piece_id)
    if status == Piece.Status.QUEUED:
        enqueue([piece_id])  # another try may succeed; after an outage it waits first
    return status


def order_piece(
    excerpt: Excerpt,
    composer: Composer,
    condition: str,
    *,
    seed: int,
    settings: Choices | None = None,
    budget: Budget | None = None,
    version: Version | None = None,
) -> Piece:
    """The row of the piece, queued together with Bach's piece of the same excerpt."""
    with transaction.atomic():
        piece, is_new = new_piece(
            excerpt,
            composer,
            condition,
            seed=seed,
            settings=settings,
            budget=budget,
            version=version,
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
    settings: Choices | None = None,
    budget: Budget | None = None,
) -> list[Piece]:
    """This many pieces by the composer, of the excerpts with the fewest pieces."""
    return [
        order_piece(
            choice.excerpt,
            composer,
            condition,
            seed=choice.seed,
            settings=settings,
            budget=budget,
        )
        for choice in choose_excerpts(composer, condition, count, seed=seed)
    ]


def collect(order: CollectionOrder, before_rows: Callable[[], object] = lambda: None) -> Imported:
    """Import a collection, and queue its pieces to be rendered."""
    imported = import_collection(order, before_rows)
    enqueue(imported.waiting)
    return imported


def enqueue(piece_ids: Iterable[int]) -> int:
    """Queue those of the pieces that wait and were not queued yet; how many they are."""
    return sum(_enqueue(piece_id, seen_lease=None) for piece_id in piece_ids)


def _enqueue(piece_id: int, *, seen_lease: datetime | None) -> bool:
    if not expect_task(piece_id, seen_lease, _patience()):
        return False
    generate_piece.enqueue(piece_id)
    return True


def recover() -> dict[str, int]:
    """Take up what dead workers and lost tasks left; how many of each kind.

    The rows say what is to be done, so any queue will do. Each row is taken by a conditional
    update: whoever recovers at the same time takes another.
    """
    counts = {
        "pieces of dead workers queued again": enqueue(expire_leases()),
        "pieces without a task queued again": enqueue_forgotten(),
        "masters made of older clips": make_missing_masters(),
    }
    counts |= {what: recover_others() for what, recover_others in recoveries.items()}
    delete_stale_temp_files()
    return counts


def enqueue_forgotten() -> int:
    """Queue waiting pieces whose tasks were lost, or that were put back some time ago.

    A piece that is queued twice is made once: the second task finds nothing to claim.
    """
    waiting = list(without_task().values_list("id", "lease_until"))
    queued = _pieces_in_queue() if waiting and _queue_can_be_read() else set()
    lost = [(piece_id, lease) for piece_id, lease in waiting if piece_id not in queued]
    return sum(_enqueue(piece_id, seen_lease=lease) for piece_id, lease in lost)


def _queue_can_be_read() -> bool:
    return isinstance(task_backends["default"], DatabaseBackend)


def _patience() -> float:
    """Seconds until a piece that nobody has claimed is looked at again.

    A queue that cannot be read may be long, and the task may well be in it.
    """
    return site_settings.LEASE_SECONDS * (1 if _queue_can_be_read() else BLIND_LEASES)


def _pieces_in_queue() -> set[int]:
    tasks = DBTaskResult.objects.filter(
        status=TaskResultStatus.READY, task_path=generate_piece.module_path
    )
    return {task["args"][0] for task in tasks.values_list("args_kwargs", flat=True)}


class RecoveryTimer:
    """Recovers now and then, when it is asked."""

    def __init__(self) -> None:
        self.due = 0.0
        self.backoff = Backoff("recovery")

    def recover_when_due(self) -> None:
        if time.monotonic() < self.due:
            return
        self.due = time.monotonic() + site_settings.LEASE_SECONDS / 4
        try:
            counts = recover()
        except Exception as error:
            # The job that ended before has nothing to do with it.
            if outage := outage_behind(error):
                self.backoff.failed(outage)
                self.postpone()
            else:
                logger.exception("recovery")
            return
        self.backoff.worked()
        for what, count in counts.items():
            if count:
                logger.warning("%s: %d", what, count)

    def postpone(self) -> None:
        """After an outage the living need time to renew their claims."""
        self.due = time.monotonic() + site_settings.LEASE_SECONDS


recovery_timer = RecoveryTimer()


def recover_between_jobs(sender: BaseTaskBackend | type[BaseTaskBackend], **kwargs: object) -> None:
    """Called in the process that did a job, a worker of whatever queue."""
    # The immediate backend does a job in the middle of what queued it.
    if ImmediateBackend not in (sender, type(sender)):
        recovery_timer.recover_when_due()


def use_quiet_time() -> dict[str, int]:
    """Do what apps have for the time in which nothing waits for a worker; how much of each kind."""
    if not _is_quiet():
        return {}
    counts = {}
    for what, do in quiet_work.items():
        try:
            counts[what] = do()
        except Exception as error:
            if outage_behind(error):
                raise
            # The jobs that will come have nothing to do with it.
            logger.exception("%s", what)
    return counts


def _is_quiet() -> bool:
    if Piece.objects.filter(status=Piece.Status.QUEUED).exists():
        return False
    if not _queue_can_be_read():
        return True
    return not DBTaskResult.objects.filter(status=TaskResultStatus.READY).exists()


def retry_pieces(pieces: PieceQuerySet) -> int:
    """Queue failed pieces again."""
    piece_ids = retry(pieces)
    enqueue(piece_ids)
    return len(piece_ids)


def cancel_pieces(pieces: PieceQuerySet) -> int:
    """Fail pieces that wait or are being made."""
    return cancel(pieces)
