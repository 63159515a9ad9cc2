"""A listener on a train: few bytes a second, tunnels, silence."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser.listening import (
    SIDES,
    await_round,
    card,
    choose,
    go_on,
    hear_both,
    start_game,
)

pytestmark = pytest.mark.browser

SHARE = re.compile(r"^Loading \d+%")
MINUTES_MS = 3 * 60_000
FETCHED_CLIPS = """
  performance.getEntriesByType("resource").filter((entry) => entry.name.includes("/clips/")).length
"""


def narrow(page: Page, bytes_a_second: int) -> None:
    page.context.new_cdp_session(page).send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": 100,
            "downloadThroughput": bytes_a_second,
            "uploadThroughput": bytes_a_second,
        },
    )


def clip_requests(page: Page) -> list[Request]:
    requests: list[Request] = []
    page.on("request", lambda request: "/clips/" in request.url and requests.append(request))
    return requests


def choose_and_wait_for_the_next_clips(page: Page) -> None:
    """Not by Playwright's events: it may call a request failed whose body was read to its end."""
    fetched = page.evaluate(FETCHED_CLIPS)
    choose(page, "left")
    page.wait_for_function(f"() => {FETCHED_CLIPS.strip()} >= {fetched + len(SIDES)}")


def begin(page: Page, bytes_a_second: int) -> None:
    """A game whose first round is fetched so slowly."""
    start_game(page)
    narrow(page, bytes_a_second)
    page.reload()


@pytest.mark.slow
def test_the_next_rounds_clips_come_while_the_reveal_is_read(page: Page) -> None:
    start_game(page)
    hear_both(page)
    choose_and_wait_for_the_next_clips(page)
    requests = clip_requests(page)
    go_on(page)
    await_round(page, 2)
    assert requests == []
    page.reload()
    await_round(page, 2)


@pytest.mark.slow
def test_a_reveal_is_shown_again_even_when_the_next_round_was_fetched(page: Page) -> None:
    start_game(page)
    hear_both(page)
    with page.expect_response("**/games/current/"):
        choose(page, "left")
    page.reload()
    expect(page.locator("[data-reveal]")).to_be_visible()
    go_on(page)
    await_round(page, 2)


@pytest.mark.slow
def test_the_next_round_comes_up_in_a_tunnel(page: Page) -> None:
    start_game(page)
    hear_both(page)
    choose_and_wait_for_the_next_clips(page)
    page.context.set_offline(True)
    go_on(page)
    await_round(page, 2)
    hear_both(page)
    card(page, "right").locator("[data-choose]").click()
    expect(page.locator("[data-problem-text]")).to_contain_text("You are offline")
    page.context.set_offline(False)
    expect(page.locator("[data-reveal]")).to_be_visible()


@pytest.mark.slow
def test_both_cards_say_alike_how_far_the_clips_are(page: Page) -> None:
    begin(page, 100_000)
    expect(card(page, "left").locator("[data-heard]")).to_have_text(SHARE)
    lines = page.evaluate("[...document.querySelectorAll('[data-heard]')].map(e => e.textContent)")
    assert lines[0] == lines[1]
    await_round(page, 1)


CUT = """
  const whole = window.fetch;
  let cuts = 2;
  window.fetch = async (url, options) => {
    const response = await whole(url, options);
    if (!String(url).includes("/clips/") || cuts-- <= 0) return response;
    const reader = response.body.getReader();
    let isFirst = true;
    const pull = async (controller) => {
      const { value } = await reader.read();
      if (isFirst) controller.enqueue(value.slice(0, 1000));
      else controller.error(new TypeError("cut"));
      isFirst = false;
    };
    return new Response(new ReadableStream({ pull }), { headers: response.headers });
  };
"""


@pytest.mark.slow
def test_what_broke_off_goes_on_where_it_stopped(page: Page) -> None:
    page.context.add_init_script(CUT)
    requests = clip_requests(page)
    start_game(page)
    expect(page.locator("[data-problem]")).to_be_hidden()
    ranges = [request.headers.get("range", "") for request in requests]
    assert ranges == ["", "", "bytes=1000-", "bytes=1000-"]
    assert [request.response().status for request in requests] == [200, 200, 206, 206]
    hear_both(page)


@pytest.mark.slow
def test_a_round_loads_at_eight_kilobytes_a_second_and_says_how_long_it_takes(page: Page) -> None:
    begin(page, 8_000)
    heard = card(page, "right").locator("[data-heard]")
    expect(heard).to_have_text(re.compile(r"about (\d+ seconds|\d minutes?) left"))
    expect(page.locator("[data-problem]")).to_be_hidden()
    expect(card(page, "left").locator("[data-play]")).to_be_enabled(timeout=MINUTES_MS)
    hear_both(page)
    choose(page, "left")
