"""The admin on phones and desktops: nothing overflows, and the content policy blocks nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.pool import ADMIN
from tests.browser.test_looks import PHONE, SPREADS, stays_inside

pytestmark = pytest.mark.browser
PAGES = [
    *("/admin/", "/admin/generator/piece/", "/admin/generator/pair/1/change/"),
    *("/admin/game/answer/", "/admin/composers/upload/", "/admin/auditlog/logentry/"),
]


def sign_in(page: Page) -> None:
    page.goto("/admin/")
    page.get_by_label("Username").fill(ADMIN[0])
    page.get_by_label("Password").fill(ADMIN[1])
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Queue and workers")).to_be_visible()


@pytest.mark.slow
@pytest.mark.parametrize("options", [PHONE, {}], ids=["390", "desktop"])
def test_no_page_of_the_admin_scrolls_sideways(
    visitor: Callable[..., BrowserContext], options: dict[str, object]
) -> None:
    page = visitor(**options).new_page()
    sign_in(page)
    for address in PAGES:
        page.goto(address)
        assert stays_inside(page), (address, page.evaluate(SPREADS))
        assert page.locator("style, script:not([src])").count() == 0, address


def test_a_pair_is_heard_in_the_admin(page: Page) -> None:
    sign_in(page)
    page.goto("/admin/generator/pair/1/change/")
    expect(page.locator("svg.piano-roll")).to_have_count(2)
    seconds = page.locator("audio").first.evaluate(
        "audio => audio.play().then(() => { audio.pause(); return audio.duration; })"
    )
    assert seconds > 5


def test_the_dashboard_brings_itself_up_to_date(page: Page) -> None:
    page.clock.install()
    sign_in(page)
    with page.expect_response("**/admin/live/") as response:
        page.clock.fast_forward(11_000)
    assert response.value.ok
    expect(page.get_by_role("heading", name="Queue and workers")).to_be_visible()


def test_a_bulk_action_asks_first(page: Page) -> None:
    sign_in(page)
    page.goto("/admin/generator/pair/")
    page.locator("input.action-select").first.check()
    page.locator("select[name=action]").select_option("exclude_from_play")
    page.get_by_role("button", name="Go").click()
    expect(page.get_by_role("heading", name="Exclude 1 of 1 pairs?")).to_be_visible()
    page.get_by_role("link", name="No, go back").click()
    expect(page.get_by_role("heading", name="Select pair to view")).to_be_visible()
