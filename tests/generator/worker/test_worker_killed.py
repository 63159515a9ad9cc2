"""A real worker process, really killed: no file is half written, and the piece is made again."""

from __future__ import annotations

import signal
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.databases import connect
from tests.generator.worker.processes import (
    LEASE_SECONDS,
    PATIENCE,
    PIECES,
    TASKS,
    rows,
    wait_until,
    worker,
)


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


@pytest.mark.slow
@pytest.mark.database
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
    assert len(list(media.rglob("*.flac"))) == len(tries), "each piece has its master"


def test_sigterm_lets_the_current_piece_finish(site):
    with worker(site) as process:
        wait_until(lambda: any(status == "running" for _, status, *_ in rows(site)))
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENCE) == 0
    statuses = [status for _, status, *_ in rows(site)]
    assert "running" not in statuses
    assert 1 <= statuses.count("done") <= PIECES
    with closing(connect(site)) as database:
        tasks = database.execute(f"SELECT status FROM {TASKS}").fetchall()
    assert ("SUCCESSFUL",) in tasks
    assert set(tasks) <= {("SUCCESSFUL",), ("READY",)}
