"""Progress of pieces on the terminal, until they are made."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.core.management.base import CommandError
from tqdm import tqdm

from generator.families.fill_run import Progress
from generator.models import Piece, PieceQuerySet
from generator.services.composers import find_composer
from generator.services.pool import FIRST_GAME, missing_for_game
from generator.tasks import order_pieces

POLL_SECONDS = 0.5
# Excluded pairs are replaced; if this often is not enough, something is wrong with all of them.
MAX_ORDERS = 5


@contextmanager
def fill_progress() -> Iterator[Progress]:
    """A bar for the steps of one fill, where somebody looks on."""
    with tqdm(desc="writing", unit=" steps", disable=not sys.stderr.isatty(), leave=False) as bar:

        def show(done: int, planned: int) -> None:
            bar.total = planned
            bar.update(done - bar.n)

        yield show


def stage_progress(*, shown: bool) -> Callable[[str, int, int], None]:
    """A bar for each stage of an evaluation, which goes when the stage is done."""
    bars: dict[str, tqdm] = {}

    def show(stage: str, done: int, of: int) -> None:
        if stage not in bars:
            bars[stage] = tqdm(desc=stage, total=of, leave=False, disable=not shown)
        bars[stage].update(done - bars[stage].n)
        if done == of:
            bars[stage].close()

    return show


def wait_for_pieces(pieces: PieceQuerySet) -> None:
    """Wait until none of the pieces is in the queue or in the making."""
    total = pieces.count()
    with tqdm(total=total, desc="made", unit=" pieces") as bar:
        while pending := pieces.pending().count():
            bar.update(total - pending - bar.n)
            time.sleep(POLL_SECONDS)
        bar.update(total - bar.n)


def order_each(slug: str, conditions: list[str]) -> None:
    """Order one piece by the composer for each of the conditions."""
    composer = find_composer(slug)
    for condition in conditions:
        order_pieces(composer, condition, 1)


def wait_for_first_game(slug: str, worker: subprocess.Popen[bytes]) -> None:
    """Wait for the pairs of a first game, and order again what came to nothing."""
    orders = 0
    with tqdm(total=len(FIRST_GAME), desc="Pairs for a first game", unit=" pairs") as bar:
        while missing := missing_for_game(slug, count_pending=False):
            bar.update(len(FIRST_GAME) - len(missing) - bar.n)
            if worker.poll() is not None:
                raise CommandError("the worker stopped; its last lines are above")
            if not_pending := missing_for_game(slug, count_pending=True):
                orders += 1
                if orders > MAX_ORDERS:
                    raise CommandError(f"no pairs for a first game: {_last_error()}")
                order_each(slug, not_pending)
            time.sleep(POLL_SECONDS)
        bar.update(len(FIRST_GAME) - bar.n)


def _last_error() -> str:
    failed = Piece.objects.filter(status=Piece.Status.FAILED).order_by("-id").first()
    return failed.error if failed else "all were excluded; the admin pages say why"
