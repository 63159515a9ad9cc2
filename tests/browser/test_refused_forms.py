"""A form that the server cannot accept: the visitor learns why, and gets on."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.listening import await_round, choose_experience

pytestmark = pytest.mark.browser


def test_cookies_that_were_cleared_in_an_open_tab_cost_one_more_click(page: Page) -> None:
    page.goto("/")
    page.context.clear_cookies()
    choose_experience(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("The form was not accepted")
    expect(page.get_by_text("Please allow cookies for this site")).to_be_visible()
    page.get_by_role("link", name="Open the page again").click()
    choose_experience(page)
    await_round(page, 1)


@pytest.mark.slow
def test_a_browser_that_hides_where_a_form_comes_from_is_told_what_to_do(page: Page) -> None:
    page.route("http://*/", hide_the_sender)
    page.goto("/")
    choose_experience(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("The form was not accepted")
    expect(page.get_by_text("did not say that the form came from this site")).to_be_visible()
    page.unroute_all()
    page.get_by_role("link", name="Open the page again").click()
    choose_experience(page)
    await_round(page, 1)


def hide_the_sender(route: Route) -> None:
    response = route.fetch()
    route.fulfill(response=response, headers=response.headers | {"referrer-policy": "no-referrer"})
