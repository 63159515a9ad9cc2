from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.listening import SIDES, await_round, card, sound, start_game

pytestmark = pytest.mark.browser

ARROW = {"left": "ArrowLeft", "right": "ArrowRight"}


def press_until_focused(page: Page, selector: str) -> None:
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.locator(selector).evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"Tab never reaches {selector}")


@pytest.mark.slow
def test_a_whole_game_without_a_mouse(page: Page) -> None:
    page.goto("/")
    press_until_focused(page, ".start button[value=novice]")
    page.keyboard.press("Enter")
    for number in range(1, 6):
        await_round(page, number)
        for side in SIDES:
            page.keyboard.press(ARROW[side])
            expect(card(page, side).locator("[data-heard]")).to_have_text("Heard enough to answer")
        page.keyboard.press("Shift+ArrowRight")
        expect(page.locator("[data-reveal]")).to_be_visible()
        expect(card(page, "right").locator("[data-author]")).to_contain_text("your choice")
        expect(page.locator("[data-title]")).to_be_focused()
        page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/games/"))


def test_space_pauses_and_goes_on(page: Page) -> None:
    start_game(page)
    page.keyboard.press("ArrowRight")
    expect(card(page, "right").locator("[data-play]")).to_have_attribute(
        "aria-label", "Pause clip 2"
    )
    page.keyboard.press("Space")
    expect(card(page, "right").locator("[data-play]")).to_have_attribute(
        "aria-label", "Play clip 2"
    )
    assert sound(page, "right")["paused"]
    page.keyboard.press("Space")
    expect(card(page, "right").locator("[data-play]")).to_have_attribute(
        "aria-label", "Pause clip 2"
    )


def test_the_focus_is_seen(page: Page) -> None:
    page.goto("/")
    press_until_focused(page, ".choice[value=novice]")
    outline = page.locator(".choice[value=novice]").evaluate(
        "element => getComputedStyle(element).outlineStyle + getComputedStyle(element).outlineWidth"
    )
    assert outline == "solid3px"


def test_the_first_tab_skips_to_the_content(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
