"""What listeners were told, against rows and counts, while locks and workers get in the way."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bachtest.game.management.simulated_listener import SimulatedListener
from tests.game.player import CONSENT
from tests.game.site import Site, make_site, serve, stop

LISTENERS, ROUNDS = 5, 5


class LoggingListener(SimulatedListener):
    """Notes every answer that the site acknowledged, as it was sent and as it was revealed."""

    def __init__(self, url: str, number: int) -> None:
        super().__init__(url, CONSENT, skill=1.0, rng=Random(number))
        self.acknowledged: dict[str, tuple[str, bool]] = {}

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        reply = super()._ask(method, path, body)
        if path.endswith("/answer/"):
            round_id = path.split("/")[1].replace("-", "")
            assert round_id not in self.acknowledged, "answered twice"
            self.acknowledged[round_id] = (body["chosen"], reply["correct"])
        return reply


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = make_site(tmp_path)
    process = serve(site)
    try:
        yield site
    finally:
        stop(process)


@pytest.mark.slow
def test_every_acknowledged_answer_is_stored_once_and_counted_once(site):
    listeners = [LoggingListener(site.url, number) for number in range(LISTENERS)]
    path = Path(site.env["VAR_DIR"], "db.sqlite3")
    with ThreadPoolExecutor(LISTENERS + 1) as pool:
        games = [pool.submit(listener.play_game, lambda _: "left") for listener in listeners]
        busy = pool.submit(keep_busy, site, path)
        for game in games:
            assert game.result()[1] == ROUNDS
        busy.result()
    told = {k: v for listener in listeners for k, v in listener.acknowledged.items()}
    assert len(told) == LISTENERS * ROUNDS
    for _ in range(2):  # the changes as they came, and added up by a worker
        with closing(sqlite3.connect(path)) as database:
            assert_reconciled(database, told)
        site.manage("refresh_results")


def keep_busy(site: Site, path: Path) -> None:
    """Merge the counts and recover while answers come; lock the database in between."""
    with closing(sqlite3.connect(path, timeout=20, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        time.sleep(1)
        other.execute("ROLLBACK")
    site.manage("refresh_results")
    site.manage("recover")


def assert_reconciled(database: sqlite3.Connection, told: dict[str, tuple[str, bool]]) -> None:
    def rows(sql: str) -> list[Any]:
        return database.execute(sql).fetchall()

    answers = rows("SELECT round_id, response, correct FROM game_answer")
    stored = {
        round_id: ({"1": "left", "2": "right"}[response], bool(correct))
        for round_id, response, correct in answers
    }
    assert stored == told
    assert len(answers) == len(stored), "none doubled"
    counted = rows('SELECT SUM(n), SUM(correct) FROM results_tally GROUP BY "table"')
    assert set(counted) == {(len(told), sum(correct for _, correct in told.values()))}
    assert len(counted) == 6, "every table counts every answer"
    answered = rows(
        "SELECT finished_at IS NOT NULL, COUNT(game_answer.id) FROM game_game "
        "JOIN game_round ON game_id = game_game.id "
        "LEFT JOIN game_answer ON round_id = game_round.id GROUP BY game_game.id"
    )
    assert answered == [(1, ROUNDS)] * LISTENERS, "a game is finished when all is answered"
    assert rows("PRAGMA integrity_check") == [("ok",)]
