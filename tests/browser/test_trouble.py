"""What can go wrong during a game, and how the page recovers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.listening import (
    await_round,
    card,
    choose,
    go_on,
    hear,
    hear_both,
    press_start,
    start_game,
)

pytestmark = pytest.mark.browser


def problem(page: Page) -> str:
    expect(page.locator("[data-problem]")).to_be_visible()
    return page.locator("[data-problem-text]").inner_text()


def lose_the_reply(route: Route) -> None:
    """The server gets the request, and the page no answer."""
    assert route.fetch().ok
    route.abort()


@pytest.mark.slow
def test_a_second_answer_from_another_tab_is_refused_kindly(page: Page) -> None:
    start_game(page)
    second = page.context.new_page()
    second.goto("/play/")
    await_round(second, 1)
    hear_both(second)
    hear_both(page)
    choose(page, "left")
    card(second, "right").locator("[data-choose]").click()
    assert "already" in problem(second)
    second.get_by_role("button", name="Continue").click()
    expect(second.locator("[data-reveal]")).to_be_visible()
    expect(card(second, "left").locator("[data-author]")).to_contain_text("your choice")
    expect(second.locator("[data-problem]")).to_be_hidden()
    go_on(second)
    await_round(second, 2)


@pytest.mark.slow
def test_a_tab_that_comes_back_shows_the_present_round(page: Page) -> None:
    start_game(page)
    second = page.context.new_page()
    second.goto("/play/")
    await_round(second, 1)
    hear_both(page)
    choose(page, "left")
    second.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(second.locator("[data-reveal]")).to_be_visible()
    go_on(page)
    await_round(page, 2)
    go_on(second)
    await_round(second, 2)


@pytest.mark.slow
def test_a_note_that_comes_late_does_not_cover_the_reveal(page: Page) -> None:
    start_game(page)
    hear_both(page)
    refusal = {"error": {"code": "answered", "message": "", "fields": {}}}

    def too_late(route: Route) -> None:
        page.wait_for_timeout(1500)
        route.fulfill(status=409, json=refusal)

    page.route("**/plays/", too_late)
    card(page, "left").locator("[data-restart]").click()
    choose(page, "left")
    page.wait_for_timeout(2500)
    expect(page.locator("[data-problem]")).to_be_hidden()
    expect(page.locator("[data-reveal]")).to_be_visible()


def test_an_answer_lost_on_the_way_is_sent_again_by_itself(page: Page) -> None:
    start_game(page)
    hear_both(page)
    page.route("**/answer/", lambda route: route.abort())
    card(page, "left").locator("[data-choose]").click()
    assert "kept here" in problem(page)
    page.unroute("**/answer/")
    expect(page.locator("[data-reveal]")).to_be_visible()
    expect(card(page, "left").locator("[data-author]")).to_contain_text("your choice")
    expect(page.locator("[data-problem]")).to_be_hidden()


@pytest.mark.slow
def test_a_reply_lost_on_the_way_costs_no_reveal(page: Page) -> None:
    start_game(page)
    hear_both(page)
    page.route("**/answer/", lose_the_reply, times=1)
    card(page, "left").locator("[data-choose]").click()
    expect(page.locator("[data-reveal]")).to_be_visible()
    expect(card(page, "left").locator("[data-author]")).to_contain_text("your choice")


@pytest.mark.slow
@pytest.mark.parametrize(
    "answer", [{"status": 502, "body": "<html>"}, {"status": 200, "body": "<p>Log in"}]
)
def test_a_server_that_breaks_gets_the_answer_when_it_is_back(
    page: Page, answer: dict[str, Any]
) -> None:
    start_game(page)
    hear_both(page)
    page.route("**/answer/", lambda route: route.fulfill(**answer))
    card(page, "right").locator("[data-choose]").click()
    assert "cannot save" in problem(page)
    page.unroute("**/answer/")
    page.get_by_role("button", name="Send it now").click()
    expect(card(page, "right").locator("[data-author]")).to_contain_text("your choice")


@pytest.mark.slow
def test_a_choice_is_kept_through_a_reload_until_the_server_has_it(page: Page) -> None:
    start_game(page)
    hear_both(page)
    page.route("**/answer/", lambda route: route.abort())
    card(page, "right").locator("[data-choose]").click()
    problem(page)
    page.reload()
    assert "kept here" in problem(page)
    page.unroute("**/answer/")
    expect(page.locator("[data-reveal]")).to_be_visible()
    expect(card(page, "right").locator("[data-author]")).to_contain_text("your choice")


@pytest.mark.slow
def test_whoever_is_offline_is_told_so_and_goes_on_when_back(page: Page) -> None:
    start_game(page)
    hear_both(page)
    page.context.set_offline(True)
    card(page, "left").locator("[data-choose]").click()
    assert "You are offline" in problem(page)
    page.context.set_offline(False)
    expect(page.locator("[data-reveal]")).to_be_visible()


@pytest.mark.slow
def test_where_something_blocks_the_notes_the_answer_brings_them(page: Page) -> None:
    page.route("**/plays/", lambda route: route.abort())
    start_game(page)
    hear_both(page)
    choose(page, "left")
    expect(page.locator("[data-problem]")).to_be_hidden()


@pytest.mark.slow
def test_seconds_heard_survive_a_reload_without_the_server(page: Page) -> None:
    start_game(page)
    page.route("**/plays/", lambda route: route.abort())
    hear(page, "left")
    page.reload()
    await_round(page, 1)
    expect(card(page, "left").locator("[data-heard]")).to_have_text("Heard enough to answer")


@pytest.mark.slow
def test_an_answer_that_comes_too_early_can_be_given_again(page: Page) -> None:
    start_game(page)
    hear_both(page)
    refusal = {"error": {"code": "too_early", "message": "", "fields": {}}}
    page.route("**/answer/", lambda route: route.fulfill(status=400, json=refusal))
    card(page, "left").locator("[data-choose]").click()
    assert "listening" in problem(page)
    page.unroute("**/answer/")
    choose(page, "left")
    expect(page.locator("[data-problem]")).to_be_hidden()


def test_clips_that_do_not_arrive_are_requested_again(page: Page) -> None:
    page.route("**/clips/*", lambda route: route.abort())
    press_start(page)
    assert "do not get through" in problem(page)
    page.unroute("**/clips/*")
    await_round(page, 1)
    expect(page.locator("[data-problem]")).to_be_hidden()


def test_expired_clips_are_replaced_without_a_word(page: Page) -> None:
    requests: list[str] = []

    def expire_first(route: Route) -> None:
        requests.append(route.request.url)
        if len(requests) <= 2:
            route.fulfill(status=404, body="")
        else:
            route.continue_()

    page.route("**/clips/*", expire_first)
    start_game(page)
    expect(page.locator("[data-problem]")).to_be_hidden()
    assert len(requests) >= 4


def test_a_play_note_lost_on_the_way_is_sent_again(page: Page) -> None:
    sent: list[str] = []

    def lose_first(route: Route) -> None:
        sent.append(route.request.url)
        if len(sent) == 1:
            route.abort()
        else:
            route.continue_()

    start_game(page)
    page.route("**/plays/", lose_first)
    with page.expect_response("**/plays/"):
        card(page, "left").locator("[data-play]").click()
    assert len(sent) == 2


DELETE = "fetch('/api/v1/listener/', {method: 'DELETE'})"


@pytest.mark.slow
def test_a_game_deleted_while_the_reveal_is_read_is_said_to_be_gone(page: Page) -> None:
    start_game(page)
    hear_both(page)
    choose(page, "left")
    page.evaluate(DELETE)
    go_on(page)
    says_that_it_is_gone(page)


@pytest.mark.slow
def test_an_answer_to_a_game_that_was_deleted_is_not_called_safe(page: Page) -> None:
    start_game(page)
    hear_both(page)
    page.evaluate(DELETE)
    card(page, "left").locator("[data-choose]").click()
    says_that_it_is_gone(page)


@pytest.mark.slow
def test_a_browser_that_lost_its_cookie_is_told(page: Page) -> None:
    start_game(page)
    hear_both(page)
    page.context.clear_cookies()
    card(page, "left").locator("[data-choose]").click()
    says_that_it_is_gone(page)


def says_that_it_is_gone(page: Page) -> None:
    assert "does not know this game" in problem(page)
    page.get_by_role("button", name="Start a new game").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Bach or bot?")


@pytest.mark.slow
def test_data_can_be_deleted_without_a_script(visitor: Callable[..., BrowserContext]) -> None:
    context = visitor()
    page = context.new_page()
    start_game(page)
    plain = visitor(java_script_enabled=False, storage_state=context.storage_state()).new_page()
    plain.goto("/privacy/")
    delete = plain.get_by_role("button", name="Yes, delete everything")
    expect(delete).to_be_hidden()
    plain.get_by_text("Delete all my data").click()
    delete.click()
    expect(plain.get_by_role("status")).to_contain_text("deleted")
    plain.goto("/privacy/")
    expect(plain.get_by_text("Nothing is stored for this browser.")).to_be_visible()
