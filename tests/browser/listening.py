"""What a listener does on the play page."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, Page, expect

SIDES = ("left", "right")


def start_game(page: Page, experience: str = "advanced") -> None:
    press_start(page, experience)
    await_round(page, 1)


def press_start(page: Page, experience: str = "advanced") -> None:
    page.goto("/")
    choose_experience(page, experience)


def choose_experience(page: Page, experience: str = "advanced") -> None:
    """The one choice of the front page, which starts a game."""
    page.locator(f"button[name=experience][value={experience}]").click()


def await_round(page: Page, number: int) -> None:
    expect(page.locator("[data-progress]")).to_have_text(f"Round {number} of 5")
    for side in SIDES:
        expect(card(page, side).locator("[data-play]")).to_be_enabled()


def card(page: Page, side: str) -> Locator:
    return page.locator(f"[data-clip={side}]")


def sound(page: Page, side: str) -> dict[str, Any]:
    """The current state of a side's audio element."""
    state = (
        card(page, side)
        .locator("audio")
        .evaluate(
            "audio => ({at: audio.currentTime, paused: audio.paused, length: audio.duration})"
        )
    )
    assert isinstance(state, dict)
    return state


def hear(page: Page, side: str) -> None:
    card(page, side).locator("[data-play]").click()
    expect(card(page, side).locator("[data-heard]")).to_have_text("Heard enough to answer")


def hear_both(page: Page) -> None:
    for side in SIDES:
        hear(page, side)


def choose(page: Page, side: str) -> None:
    card(page, side).locator("[data-choose]").click()
    expect(page.locator("[data-reveal]")).to_be_visible()


def go_on(page: Page) -> None:
    page.locator("[data-next]").click()


def play_round(page: Page, number: int, side: str = "left") -> None:
    await_round(page, number)
    hear_both(page)
    choose(page, side)
    go_on(page)
