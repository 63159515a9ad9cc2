"""A real worker process, really killed: no file is half written, and the piece is made again."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from django.conf import settings

LEASE_SECONDS = 2
PATIENCE = 180  # of a machine that has other things to do
PIECES = 3
ROWS = f"""
import django; django.setup()
from pathlib import Path
from generator.tasks import order_piece
from tests.builders import make_excerpt, make_miniature, make_work
mini = make_miniature(Path({{folder!r}}))
excerpt = make_excerpt(make_work("BWV269"), 0, 96)
for seed in range({PIECES}):
    order_piece(excerpt, mini, "ATB", seed=seed)
"""


@pytest.fixture
def site(tmp_path: Path, corpus: object) -> dict[str, str]:
    """The environment of a separate site, with pieces in its queue."""
    (tmp_path / "corpus.npz").symlink_to(settings.CORPUS_FILE)
    environment = {
        **os.environ,
        "VAR_DIR": str(tmp_path),
        "LEASE_SECONDS": str(LEASE_SECONDS),
        "DJANGO_SETTINGS_MODULE": "bachtest.settings",
    }
    environment.pop("TASKS_BACKEND", None)
    run(environment, "manage.py", "migrate", "--verbosity=0")
    run(environment, "-c", ROWS.format(folder=str(tmp_path)))
    return environment


def run(environment: dict[str, str], *arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], env=environment, cwd=settings.BASE_DIR, check=True)


@contextmanager
def worker(environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "manage.py", "work", "--interval=0.1"]
    with subprocess.Popen(
        command, env=environment, cwd=settings.BASE_DIR, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def rows(site: dict[str, str]) -> list[tuple[int, str, int, str]]:
    with closing(sqlite3.connect(Path(site["VAR_DIR"], "db.sqlite3"), timeout=20)) as database:
        return database.execute("SELECT id, status, tries, clip FROM generator_piece").fetchall()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.005)


def kill_in_the_middle(site: dict[str, str]) -> int:
    """The id of the piece whose worker was killed while it made it."""
    while True:
        with worker(site) as process:
            wait_until(lambda: any(status == "running" for _, status, *_ in rows(site)))
            process.kill()
            process.wait()
        running = [piece for piece, status, *_ in rows(site) if status == "running"]
        if running:
            return running[0]
        assert any(status == "queued" for _, status, *_ in rows(site)), "never hit the middle"


def test_a_killed_workers_piece_is_made_again_and_nothing_is_left_half_written(site):
    killed = kill_in_the_middle(site)
    media = Path(site["VAR_DIR"], "media")
    done = {clip for _, status, _, clip in rows(site) if status == "done"}
    reserved = {clip for piece, *_, clip in rows(site) if piece == killed}
    assert {str(path.relative_to(media)) for path in media.rglob("*.mp3")} <= done | reserved

    with worker(site) as process:
        wait_until(lambda: not {"queued", "running"} & {status for _, status, *_ in rows(site)})
        time.sleep(LEASE_SECONDS / 2)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENCE) == 0

    assert {status for _, status, *_ in rows(site)} == {"done"}
    tries = {piece: count for piece, _, count, _ in rows(site)}
    assert len(tries) == PIECES + 1
    assert tries[killed] == 2
    files = {str(path.relative_to(media)): path.stat().st_size for path in media.rglob("*.mp3")}
    assert set(files) == {clip for *_, clip in rows(site)}
    assert len(set(files.values())) == 1, "each clip is whole"


def test_sigterm_lets_the_current_piece_finish(site):
    with worker(site) as process:
        wait_until(lambda: any(status == "running" for _, status, *_ in rows(site)))
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENCE) == 0
    statuses = [status for _, status, *_ in rows(site)]
    assert "running" not in statuses
    assert 1 <= statuses.count("done") <= PIECES
