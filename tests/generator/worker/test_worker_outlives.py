"""A real worker process and a database that another program keeps locked: every piece is made."""

from __future__ import annotations

import signal
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.databases import connect
from tests.generator.worker.processes import (
    PATIENCE,
    PIECES,
    rows,
    wait_until,
    worker,
)

TIMEOUT = 0.5  # 20 in the product; only to save time
LOCKED = 6 * TIMEOUT
WORK = f"""
import django; django.setup()
from django.conf import settings
from django.core.management import call_command
settings.DATABASES["default"]["OPTIONS"]["timeout"] = {TIMEOUT}
call_command("work", interval=0.1)
"""


def status_of_each(site: dict[str, str]) -> list[str]:
    return [status for _, status, *_ in rows(site)]


def lock(site: dict[str, str]) -> None:
    with closing(connect(site)) as other:
        other.execute("BEGIN IMMEDIATE")
        time.sleep(LOCKED)
        other.execute("ROLLBACK")


@pytest.mark.slow
def test_a_worker_outlives_a_locked_database(site, tmp_path: Path):
    log = tmp_path / "worker.log"
    with log.open("wb") as stderr, worker(site, "-c", WORK, stderr=stderr) as process:
        wait_until(lambda: "running" in status_of_each(site))
        lock(site)  # while it makes a piece
        wait_until(lambda: "done" in status_of_each(site))
        lock(site)  # in the middle of the next, or between two
        wait_until(lambda: set(status_of_each(site)) == {"done"})
        lock(site)  # while it looks for work
        time.sleep(2 * TIMEOUT)
        assert process.poll() is None, log.read_text()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENCE) == 0
    assert len(rows(site)) == PIECES + 1
    assert {tries for _, _, tries, _ in rows(site)} == {1}, "an outage costs no try"
    media = Path(site["VAR_DIR"], "media")
    files = {str(path.relative_to(media)) for path in media.rglob("*.mp3")}
    assert files == {clip for *_, clip in rows(site)}
    assert list(Path(site["VAR_DIR"], "temp_clips").iterdir()) == []
    assert "database is locked" in log.read_text()
