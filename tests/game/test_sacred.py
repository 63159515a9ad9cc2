"""An acknowledged answer is kept, whatever happens: retired pairs, and kill -9 in mid-answer."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from http.client import HTTPException
from random import Random
from threading import Event
from typing import Any

import pytest

from tests.databases import connect
from tests.game.site import Browser, Site, kill, make_site, query, serve, stop

pytestmark = pytest.mark.database
logger = logging.getLogger(__name__)
PATIENCE = 60.0

STORED = """
    SELECT work.bwv, machine.condition, answer.correct,
        CASE answer.response WHEN '1' THEN 'left' ELSE 'right' END
    FROM game_answer answer
    JOIN game_round round ON round.id = answer.round_id
    JOIN generator_pair pair ON pair.id = round.pair_id
    JOIN generator_piece machine ON machine.id = pair.machine_id
    JOIN generator_excerpt excerpt ON excerpt.id = machine.excerpt_id
    JOIN generator_work work ON work.id = excerpt.work_id
    WHERE round.id = '{}'
"""

UNFINISHED_WITH_ANSWERS = """
    SELECT count(*) FROM game_game game WHERE finished_at IS NULL AND EXISTS (
        SELECT 1 FROM game_answer JOIN game_round round ON round.id = round_id
        WHERE round.game_id = game.id
    )
"""
RETIRE = """
    UPDATE generator_pair SET excluded_reason = 'retired'
    WHERE id = (SELECT pair_id FROM game_round WHERE id = '{}')
"""


@pytest.fixture
def site(tmp_path) -> Site:
    return make_site(tmp_path)


def stored(site: Site, round_id: str) -> list[tuple]:
    return query(site, STORED.format(round_id.replace("-", "")))


def told(reveal: dict[str, Any]) -> tuple:
    """What a listener was told about an answer, as it should be stored."""
    return (
        reveal["bwv"].replace(" ", ""),
        reveal["condition"],
        int(reveal["correct"]),
        reveal["chosen"],
    )


class Persistent(Browser):
    """As the page does: it sends the same again until the server has answered."""

    def post(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                status, reply = super().post(path, body)
                if status < 500:
                    return status, reply
            except (OSError, HTTPException, json.JSONDecodeError):
                pass
            assert time.monotonic() < deadline, "the site did not come back"
            time.sleep(0.05)


def play_game(browser: Browser, choice: Random) -> dict[str, dict[str, Any]]:
    """The reveal of every round, by the round."""
    reveals = {}
    _, body = browser.post("games/", {"consent": "2026-11"})
    while current := body["game"]["round"]:
        number, chosen = current["id"], choice.choice(["left", "right"])
        browser.listen(number)
        status, reveal = browser.answer(number, chosen)
        assert (status, reveal["chosen"]) == (200, chosen)
        reveals[number] = reveal
        _, body = browser.post("games/current/", {})
    return reveals


@pytest.mark.parametrize(
    ("listeners", "kills"), [(12, 2), pytest.param(20, 3, marks=pytest.mark.slow)]
)
def test_kill_9_in_mid_answer_loses_nothing_and_doubles_nothing(site, listeners, kills):
    process = serve(site)
    rng = Random(1)
    with ThreadPoolExecutor(listeners) as threads:
        games = [
            threads.submit(play_game, Persistent(site), Random(seed)) for seed in range(listeners)
        ]
        for _ in range(kills):
            time.sleep(0.5 + rng.random())
            kill(process)
            process = serve(site)
        reveals = [game.result() for game in games]
    stop(process)
    assert [len(each) for each in reveals] == [5] * listeners
    for each in reveals:
        for number, reveal in each.items():
            assert stored(site, number) == [told(reveal)]
    assert query(site, "SELECT count(*) FROM game_answer") == [(5 * listeners,)]
    # A start whose reply was lost leaves a game that nobody has the cookie for.
    assert query(site, UNFINISHED_WITH_ANSWERS) == [(0,)]


def play_while_pairs_are_retired(site: Site, rng: Random) -> list[tuple[str, dict[str, Any]]]:
    """One game in two tabs; what was acknowledged, by the round."""
    browser, acknowledged = Browser(site), []
    status, body = browser.post("games/", {"consent": "2026-11"})
    with second_tab(browser), closing(connect(site.env)) as admin:
        while status in (200, 201) and (current := body["game"]["round"]):
            number = current["id"]
            for side in ("left", "right"):
                browser.post(f"rounds/{number}/plays/", {"side": side, "number": 1})
            if rng.random() < 0.5:
                admin.execute(RETIRE.format(number.replace("-", "")))
            answered, reveal = browser.answer(number)
            if answered == 200:
                acknowledged.append((number, reveal))
            else:
                assert (answered, reveal["error"]["code"]) == (409, "withdrawn")
            status, body = browser.post("games/current/", {})
        admin.execute("UPDATE generator_pair SET excluded_reason = ''")
    return acknowledged


@contextmanager
def second_tab(browser: Browser) -> Iterator[None]:
    """A tab that fetches the round of the same game all the time."""
    closed = Event()

    def fetch() -> None:
        while not closed.is_set():
            browser.post("games/current/", {})

    with ThreadPoolExecutor(1) as tabs:
        tab = tabs.submit(fetch)
        try:
            yield
        finally:
            closed.set()
            tab.result()


@pytest.mark.parametrize(
    ("count", "answers", "rounds"), [(6, 6, 1), pytest.param(18, 20, 5, marks=pytest.mark.slow)]
)
def test_no_answer_is_lost_or_moves_to_another_pair_while_pairs_are_retired(
    site, count, answers, rounds
):
    process = serve(site)
    with ThreadPoolExecutor(6) as threads:
        games = threads.map(
            lambda seed: play_while_pairs_are_retired(site, Random(seed)), range(count)
        )
        acknowledged = [each for game in games for each in game]
    stop(process)
    [[withdrawn]] = query(site, "SELECT count(*) FROM game_round WHERE withdrawn")
    logger.info("%d answers acknowledged, %d rounds withdrawn", len(acknowledged), withdrawn)
    assert len(acknowledged) > answers
    assert withdrawn > rounds
    for number, reveal in acknowledged:
        assert stored(site, number) == [told(reveal)]
