"""A separate site with pieces in its queue, for workers that are real processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from django.conf import settings

from tests.databases import new_database, rows_in

LEASE_SECONDS = 2
PATIENCE = 180  # of a machine that has other things to do
PIECES = 3
TASKS = "django_tasks_database_dbtaskresult"
ROWS = f"""
import django; django.setup()
from pathlib import Path
from typing import IO
from generator.tasks import order_piece
from tests.builders import make_excerpt, make_miniature, make_work
mini = make_miniature(Path({{folder!r}}))
excerpt = make_excerpt(make_work("BWV269"), 0, 96)
for seed in range({PIECES}):
    order_piece(excerpt, mini, "ATB", seed=seed)
"""


def make_site(folder: Path) -> dict[str, str]:
    """The environment of a separate site, with pieces in its queue."""
    (folder / "corpus.npz").symlink_to(settings.CORPUS_FILE)
    environment = {
        **os.environ,
        **new_database(folder),
        "LEASE_SECONDS": str(LEASE_SECONDS),
        "REFILL_PER_DAY": "0",
        "DJANGO_SETTINGS_MODULE": "bachtest.settings",
    }
    environment.pop("TASKS_BACKEND", None)
    run(environment, "-c", ROWS.format(folder=str(folder)))
    return environment


def run(environment: dict[str, str], *arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], env=environment, cwd=settings.BASE_DIR, check=True)


def start(
    environment: dict[str, str], *arguments: str, stderr: int | IO[bytes] = subprocess.DEVNULL
) -> subprocess.Popen[bytes]:
    command = [sys.executable, *arguments]
    return subprocess.Popen(
        command, env=environment, cwd=settings.BASE_DIR, stdout=subprocess.PIPE, stderr=stderr
    )


@contextmanager
def worker(
    environment: dict[str, str], *command: str, stderr: int | IO[bytes] = subprocess.DEVNULL
) -> Iterator[subprocess.Popen[bytes]]:
    """A worker, or what else the command says, until the end of the block."""
    command = command or ("manage.py", "work", "--interval=0.1")
    with start(environment, *command, stderr=stderr) as process:
        try:
            yield process
        finally:
            process.kill()


def rows(site: dict[str, str]) -> list[tuple[int, str, int, str]]:
    """Id, status and tries of each piece, and its clip; empty while it has none."""
    return rows_in(
        site,
        """
        SELECT piece.id, status, tries, COALESCE(file, '') FROM generator_piece piece
        LEFT JOIN generator_rendering clip ON clip.piece_id = piece.id AND clip.kind = 'clip'
        """,
    )


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)
