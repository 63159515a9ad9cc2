"""What screen readers get: names, reasons and announcements; and axe finds nothing on any page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.template.loader import render_to_string
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.listening import (
    SIDES,
    await_round,
    card,
    choose,
    go_on,
    hear,
    hear_both,
    play_round,
    start_game,
)

pytestmark = pytest.mark.browser

LOOKS = [(width, scheme) for width in (375, 1440) for scheme in ("light", "dark")]
PAGES = [
    *("/", "/about/", "/privacy/", "/heard-all/", "/waiting/", "/account/login/"),
    *("/results/", "/results/methods/", "/composers/", "/composers/markov/", "/nothing-here/"),
]
AXE = Axe()


def faults(page: Page, looks: list[tuple[int, str]] = LOOKS) -> list[tuple[Any, ...]]:
    """What axe finds, in each of the looks."""
    found = []
    for width, scheme in looks:
        page.set_viewport_size({"width": width, "height": 812})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        violations = AXE.run(page).response["violations"]
        found += [
            (width, scheme, each["id"], [node["target"] for node in each["nodes"][:3]])
            for each in violations
        ]
    return found


def show_waiting(page: Page) -> None:
    """The page of a site without pieces, on a site that has some."""
    html = render_to_string("game/waiting.html", {"refresh_seconds": 10})
    page.route("**/waiting/", lambda route: route.fulfill(body=html, content_type="text/html"))


@pytest.mark.slow
@pytest.mark.parametrize("address", PAGES)
def test_axe_finds_nothing_on_a_page(page: Page, address: str) -> None:
    show_waiting(page)
    page.goto(address)
    assert faults(page) == []


@pytest.mark.slow
def test_axe_finds_nothing_in_a_game(page: Page) -> None:
    start_game(page)
    assert faults(page) == []
    hear_both(page)
    page.route("**/answer/", lambda route: route.abort())
    card(page, "left").locator("[data-choose]").click()
    expect(page.locator("[data-problem]")).to_be_visible()
    assert faults(page) == []
    page.unroute("**/answer/")
    expect(page.locator("[data-reveal]")).to_be_visible()
    assert faults(page) == []
    go_on(page)
    for number in range(2, 6):
        play_round(page, number)
    page.wait_for_url("**/games/**")
    assert faults(page) == []
    page.goto("/privacy/")
    page.get_by_text("Delete all my data").click()
    assert faults(page) == []


@pytest.mark.slow
def test_axe_finds_nothing_in_a_round(page: Page) -> None:
    start_game(page)
    assert faults(page, [(375, "dark")]) == []
    hear_both(page)
    choose(page, "left")
    assert faults(page, [(1440, "light")]) == []


def test_answering_is_announced_once_and_its_lock_has_a_reason(page: Page) -> None:
    start_game(page)
    button = page.get_by_role("button", name="Clip 1 is Bach")
    expect(button).to_have_accessible_description("Listen to 1 second of each clip, then choose.")
    button.focus()
    expect(button).to_be_focused()
    button.press("Enter")
    announced = page.locator("[data-announce]")
    expect(announced).to_have_text("Listen to 1 second of each clip, then choose.")
    hear(page, "left")
    expect(button).to_have_accessible_description("Listen to 1 second of clip 2 too, then choose.")
    hear(page, "right")
    expect(announced).to_have_text("You can answer now.")
    page.evaluate("document.querySelector('[data-announce]').textContent = ''")
    card(page, "left").locator("[data-play]").click()
    expect(page.get_by_role("button", name="Pause clip 1")).to_be_visible()
    expect(announced).to_have_text("")


@pytest.mark.slow
def test_each_button_of_the_result_says_which_clip_it_plays(page: Page) -> None:
    start_game(page)
    for number in range(1, 6):
        play_round(page, number)
    page.wait_for_url("**/games/**")
    for number in range(1, 6):
        for clip in (1, 2):
            name = f"clip {clip} of round {number}"
            expect(page.get_by_role("button", name=f"Play {name}", exact=True)).to_be_enabled()
            start = page.get_by_role("button", name=f"Clip {clip} of round {number} from the start")
            expect(start).to_have_count(1)
    names = page.locator("button").evaluate_all("all => all.map(b => b.ariaLabel || b.textContent)")
    assert all(name.strip() for name in names)


@pytest.mark.slow
def test_a_round_fits_a_phone_in_landscape(visitor: Callable[..., BrowserContext]) -> None:
    for width, height in ((844, 390), (667, 375)):
        phone = {"width": width, "height": height}
        page = visitor(viewport=phone, is_mobile=True, has_touch=True).new_page()
        start_game(page)
        await_round(page, 1)
        card(page, "left").scroll_into_view_if_needed()
        page.locator("[data-title]").evaluate("title => title.scrollIntoView()")
        for side in SIDES:
            expect(card(page, side).locator("[data-play]")).to_be_in_viewport(ratio=1)
            expect(card(page, side).locator("[data-choose]")).to_be_in_viewport(ratio=1)
