"""What can go wrong during a game, and how the page recovers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.listening import await_round, card, choose, go_on, hear_both, start_game

pytestmark = pytest.mark.browser


def problem(page: Page) -> str:
    expect(page.locator("[data-problem]")).to_be_visible()
    return page.locator("[data-problem-text]").inner_text()


def lose_the_reply(route: Route) -> None:
    """The server gets the request, and the page no answer."""
    assert route.fetch().ok
    route.abort()


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


def test_the_other_answer_after_a_lost_reply_leads_to_the_reveal(page: Page) -> None:
    start_game(page)
    hear_both(page)
    page.route("**/answer/", lose_the_reply)
    card(page, "left").locator("[data-choose]").click()
    assert "did not reach" in problem(page)
    page.unroute("**/answer/")
    card(page, "right").locator("[data-choose]").click()
    expect(page.locator("[data-problem-text]")).to_contain_text("already")
    page.get_by_role("button", name="Continue").click()
    expect(card(page, "left").locator("[data-author]")).to_contain_text("your choice")


def test_an_answer_lost_on_the_way_is_sent_again(page: Page) -> None:
    start_game(page)
    hear_both(page)
    page.route("**/answer/", lambda route: route.abort())
    card(page, "left").locator("[data-choose]").click()
    assert "did not reach" in problem(page)
    page.unroute("**/answer/")
    page.get_by_role("button", name="Send it again").click()
    expect(page.locator("[data-reveal]")).to_be_visible()
    expect(card(page, "left").locator("[data-author]")).to_contain_text("your choice")


def test_a_reply_lost_on_the_way_costs_no_reveal(page: Page) -> None:
    start_game(page)
    hear_both(page)
    page.route("**/answer/", lose_the_reply)
    card(page, "left").locator("[data-choose]").click()
    assert "did not reach" in problem(page)
    page.unroute("**/answer/")
    page.get_by_role("button", name="Send it again").click()
    expect(page.locator("[data-reveal]")).to_be_visible()
    expect(card(page, "left").locator("[data-author]")).to_contain_text("your choice")


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
    page.goto("/")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Start the game").click()
    assert "could not be loaded" in problem(page)
    page.unroute("**/clips/*")
    page.get_by_role("button", name="Try again").click()
    await_round(page, 1)


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


def test_a_game_deleted_elsewhere_leads_back_to_the_front_page(page: Page) -> None:
    start_game(page)
    hear_both(page)
    choose(page, "left")
    page.evaluate("fetch('/api/v1/listener/', {method: 'DELETE'})")
    go_on(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Bach or bot?")


def test_data_can_be_deleted_without_a_script(visitor: Callable[..., BrowserContext]) -> None:
    context = visitor()
    page = context.new_page()
    start_game(page)
    plain = visitor(java_script_enabled=False, storage_state=context.storage_state()).new_page()
    plain.goto("/privacy/")
    plain.get_by_role("button", name="Delete all my data").click()
    expect(plain.get_by_role("status")).to_contain_text("deleted")
    plain.goto("/privacy/")
    expect(plain.get_by_text("Nothing is stored for this browser.")).to_be_visible()
