"""Seeking by the pipes, and from one clip to the other at the same place."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.listening import card, choose, hear_both, sound, start_game

pytestmark = pytest.mark.browser

HEARD_NOTHING = "Heard 0 of 1 seconds"


def slider(page: Page, side: str) -> Locator:
    return card(page, side).get_by_role("slider")


def tap(page: Page, side: str, share: float) -> None:
    box = slider(page, side).bounding_box()
    assert box is not None
    slider(page, side).click(position={"x": share * box["width"], "y": box["height"] / 2})


def share_of(page: Page, side: str) -> float:
    now = sound(page, side)
    return float(now["at"] / now["length"])


def test_a_tap_on_the_pipes_goes_there_and_is_not_heard(page: Page) -> None:
    start_game(page)
    tap(page, "left", 0.5)
    assert share_of(page, "left") == pytest.approx(0.5, abs=0.05)
    assert sound(page, "left")["paused"]
    expect(card(page, "left").locator("[data-heard]")).to_have_text(HEARD_NOTHING)
    expect(card(page, "left").locator("[data-choose]")).to_be_disabled()


def test_the_pipes_can_be_dragged(page: Page) -> None:
    start_game(page)
    box = slider(page, "left").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 5, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 60, steps=4)
    page.mouse.up()
    assert share_of(page, "left") == pytest.approx(0.7, abs=0.05)


def test_the_keys_of_a_slider_belong_to_it(page: Page) -> None:
    start_game(page)
    slider(page, "right").focus()
    for key in ("ArrowRight", "ArrowRight", "PageUp", "ArrowLeft"):
        page.keyboard.press(key)
    assert sound(page, "right")["at"] == pytest.approx(6, abs=0.1)
    assert sound(page, "right")["paused"]
    expect(slider(page, "right")).to_have_attribute("aria-valuenow", "6")
    page.keyboard.press("Home")
    assert sound(page, "right")["at"] == 0


def test_a_jump_to_the_end_is_no_listening(page: Page) -> None:
    start_game(page)
    for side in ("left", "right"):
        tap(page, side, 0.999)
        card(page, side).locator("[data-play]").click()
        expect(card(page, side).locator("[data-play]")).to_have_accessible_name(
            f"Play clip {1 if side == 'left' else 2}"
        )
        page.wait_for_function(
            "side => document.querySelector(`[data-clip=${side}] audio`).ended", arg=side
        )
        expect(card(page, side).locator("[data-heard]")).to_have_text(HEARD_NOTHING)
    expect(card(page, "left").locator("[data-choose]")).to_be_disabled()


@pytest.mark.slow
def test_one_button_leads_to_the_other_clip_at_the_same_place(page: Page) -> None:
    start_game(page)
    switch = page.locator("[data-switch]")
    expect(switch).to_have_accessible_name("Switch to clip 2, at the same place")
    tap(page, "left", 0.3)
    card(page, "left").locator("[data-play]").click()
    expect(card(page, "left").locator("[data-heard]")).to_have_text("Heard enough to answer")
    switch.click()
    left, right = sound(page, "left"), sound(page, "right")
    assert left["paused"]
    assert not right["paused"]
    assert right["at"] >= left["at"] - 0.1
    expect(switch).to_have_accessible_name("Switch to clip 1, at the same place")
    expect(card(page, "right").locator("[data-heard]")).to_have_text("Heard enough to answer")
    choose(page, "left")
    expect(page.locator("[data-reveal]")).to_be_visible()


@pytest.mark.slow
def test_after_the_answer_the_button_still_switches(page: Page) -> None:
    start_game(page)
    hear_both(page)
    choose(page, "left")
    tap(page, "right", 0.6)
    page.locator("[data-switch]").click()
    assert share_of(page, "left") == pytest.approx(0.6, abs=0.1)
    assert not sound(page, "left")["paused"]
