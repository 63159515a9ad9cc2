"""The site as it really runs (threads, a database, HTTP): races, simulated listeners."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from bachtest.game.management.simulated_listener import chance_right
from tests.game.site import Browser, Site, make_site, query, serve, stop
from tests.races import several_writers

THREADS = 8


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Iterator[Site]:
    site = make_site(tmp_path_factory.mktemp("site"))
    process = serve(site)
    yield site
    stop(process)


@pytest.fixture
def browser(site) -> Browser:
    return Browser(site)


@pytest.mark.database
def test_rule_07_of_answers_that_race_one_counts_and_those_that_differ_get_409(site, browser):
    _, started = browser.post("games/", {"consent": "2026-11"})
    number = started["game"]["round"]["id"]
    browser.listen(number)

    def answer(turn: int) -> tuple[int, dict]:
        return browser.answer(number, ("left", "right")[turn % 2])

    with ThreadPoolExecutor(THREADS) as threads:
        replies = list(threads.map(answer, range(2 * THREADS)))
    assert Counter(status for status, _ in replies) == {200: THREADS, 409: THREADS}
    stored = f"SELECT response FROM game_answer WHERE round_id = '{number.replace('-', '')}'"
    chosen = {"1": "left", "2": "right"}[query(site, stored)[0][0]]
    reveals = [body for status, body in replies if status == 200]
    assert reveals == [reveals[0]] * THREADS
    assert reveals[0]["chosen"] == chosen


@several_writers
@pytest.mark.database
def test_connections_that_the_database_dropped_cost_no_request(site):
    def status(_: int) -> int:
        try:
            with urlopen(site.url, timeout=60) as page:
                return page.status
        except HTTPError as error:
            with error:
                return error.code

    def statuses() -> set[int]:
        with ThreadPoolExecutor(THREADS) as threads:
            return set(threads.map(status, range(2 * THREADS)))

    assert statuses() == {200}
    others = "datname = current_database() AND pid <> pg_backend_pid()"
    dropped = query(site, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")
    assert len(dropped) > 1
    assert statuses() == {200}


@pytest.mark.database
def test_play_pressed_in_many_tabs_starts_one_game(site, browser):
    browser.post("games/", {"consent": "2026-11"})
    before = query(site, "SELECT count(*) FROM game_game")
    with ThreadPoolExecutor(THREADS) as threads:
        games = list(threads.map(lambda _: browser.post("games/", {}), range(2 * THREADS)))
    assert {status for status, _ in games} == {200}
    assert len({body["game"]["id"] for _, body in games}) == 1
    assert query(site, "SELECT count(*) FROM game_game") == before


@pytest.mark.parametrize(("skill", "low", "high"), [("0", 0.3, 0.7), ("9", 1.0, 1.0)])
def test_simulated_listeners_play_whole_games_with_the_skill_asked_for(site, skill, low, high):
    before = query(site, "SELECT count(*) FROM game_answer")[0][0]
    output = site.manage(
        "simulate_listeners", "--count", "8", "--skill", skill, "--url", site.url, "--seed", "1"
    )
    rate = float(re.search(r"of 40 rounds right \(([\d.]+)\)", output)[1])
    assert low <= rate <= high
    assert query(site, "SELECT count(*) FROM game_answer")[0][0] == before + 40


def test_the_chance_to_be_right_is_that_of_two_clips_heard():
    assert chance_right(0) == 0.5
    assert chance_right(0.67) == pytest.approx(0.682, abs=0.001)
    assert chance_right(-9) == pytest.approx(0, abs=1e-6)


def test_without_a_site_simulated_listeners_say_so_in_one_line(site):
    done = site.run(
        "manage.py", "simulate_listeners", "--count=1", "--skill=1", "--url=http://127.0.0.1:9"
    )
    assert done.returncode == 1
    assert "http://127.0.0.1:9 does not answer" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_listeners_is_refused_with_the_value(site):
    done = site.run("manage.py", "simulate_listeners", "--count=0", "--skill=1")
    assert done.returncode == 1
    assert "--count 0" in done.stderr
