"""What a curious listener can find in the browser before the answer: nothing that gives it away."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, Response

from tests.browser.listening import SIDES, card, choose, hear_both, start_game

pytestmark = pytest.mark.browser

ROUND_KEYS = ["id", "number", "listen_seconds", "clips", "heard"]
CLIP_KEYS = ["side", "url", "seconds"]
# Page and scripts speak about Bach and the bot in general. These words are about one pair.
TELLING = re.compile(r"BWV|markov|flagship|\bbot-1|\bATB\b|seed", re.IGNORECASE)


def test_the_page_and_its_data_hold_nothing_about_the_pieces(page: Page) -> None:
    responses: list[Response] = []
    page.on("response", lambda response: responses.append(response))
    start_game(page)
    hear_both(page)
    texts = [r.text() for r in responses if "/api/" in r.url or r.url.endswith("/play/")]
    assert len(texts) >= 3
    assert [TELLING.findall(text) for text in texts if TELLING.search(text)] == []
    assert not TELLING.search(page.content())


def test_both_sides_have_the_same_keys_in_the_same_order(page: Page) -> None:
    start_game(page)
    page.reload()
    data = json.loads(page.locator("#round-data").inner_text())["round"]
    assert list(data) == ROUND_KEYS
    assert [clip["side"] for clip in data["clips"]] == list(SIDES)
    assert [list(clip) for clip in data["clips"]] == [CLIP_KEYS, CLIP_KEYS]


def test_both_cards_are_the_same_but_for_their_side(page: Page) -> None:
    start_game(page)
    left, right = (card(page, side).evaluate("card => card.outerHTML") for side in SIDES)
    as_left = right.replace("right", "left").replace("lip 2", "lip 1")
    neutral = re.compile(r"blob:[^\"]+")
    assert neutral.sub("", as_left) == neutral.sub("", left)


def test_both_clips_are_requested_and_served_alike(page: Page) -> None:
    clips: list[Response] = []
    page.on("response", lambda response: "/clips/" in response.url and clips.append(response))
    start_game(page)
    assert len(clips) == 2
    requests = [response.request.headers for response in clips]
    assert requests[0] == requests[1]
    headers = [{k: v for k, v in r.headers.items() if k != "date"} for r in clips]
    assert headers[0] == headers[1]
    assert [r.status for r in clips] == [200, 200]


@pytest.mark.slow
def test_the_next_round_keeps_nothing_of_the_last(page: Page) -> None:
    start_game(page)
    hear_both(page)
    choose(page, "left")
    title = page.locator("[data-piece-title]").inner_text()
    page.locator("[data-next]").click()
    page.get_by_text("Round 2 of 5").wait_for()
    assert title not in page.content()
    assert not TELLING.search(page.content())
