from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.listening import (
    SIDES,
    await_round,
    card,
    choose,
    go_on,
    hear,
    hear_both,
    play_round,
    sound,
    start_game,
)

pytestmark = pytest.mark.browser

LOUDNESS = """async (url) => {
  const bytes = await (await fetch(url)).arrayBuffer();
  const buffer = await new OfflineAudioContext(1, 44100, 44100).decodeAudioData(bytes);
  const wave = buffer.getChannelData(0);
  const power = wave.reduce((sum, value) => sum + value * value, 0) / wave.length;
  return { seconds: buffer.duration, rms: Math.sqrt(power) };
}"""


def clips_of_page(page: Page) -> list[dict[str, object]]:
    data = page.locator("#round-data").evaluate("element => JSON.parse(element.textContent)")
    clips: list[dict[str, object]] = data["round"]["clips"]
    return clips


def test_a_listener_plays_a_whole_game(page: Page) -> None:
    start_game(page)
    hear_both(page)
    choose(page, "right")
    expect(page.locator("[data-title]")).to_have_text(re.compile("You got it right|Not this time"))
    expect(page.locator("[data-piece-number]")).to_have_text(re.compile(r"BWV ?\d+"))
    expect(page.locator("[data-bach-line]")).to_have_text(re.compile(r"Clip [12] is Bach\."))
    expect(page.locator("[data-voices]")).to_be_visible()
    page.get_by_role("button", name="Not sure").click()
    expect(page.locator("[data-knew-note]")).to_have_text("Noted, thank you.")
    go_on(page)
    for number in (2, 3, 4):
        play_round(page, number)
    await_round(page, 5)
    hear_both(page)
    choose(page, "left")
    expect(page.locator("[data-next]")).to_have_text("See your result")
    go_on(page)
    expect(page).to_have_url(re.compile("/games/"))
    expect(page.get_by_role("heading", level=1)).to_have_text(
        re.compile(r"You recognised Bach in\s+[0-5] of 5")
    )
    expect(page.get_by_role("article")).to_have_count(5)
    first = page.get_by_role("article").first
    expect(first.get_by_role("button", name="Not sure")).to_have_attribute("aria-pressed", "true")
    first.get_by_role("button", name="Yes").click()
    expect(first.locator("[data-knew-note]")).to_have_text("Noted, thank you.")
    page.reload()
    expect(first.get_by_role("button", name="Yes")).to_have_attribute("aria-pressed", "true")
    hits = page.locator(".score-pipes .hit").count()
    expect(page.locator(".score-number")).to_have_text(f"{hits} of 5")


def test_the_sound_is_real_and_advances(page: Page) -> None:
    start_game(page)
    page.reload()
    await_round(page, 1)
    lengths = set()
    for clip in clips_of_page(page):
        heard = page.evaluate(LOUDNESS, clip["url"])
        assert heard["rms"] > 0.02
        assert heard["seconds"] == pytest.approx(clip["seconds"], abs=0.2)
        lengths.add(heard["seconds"])
    assert len(lengths) == 1
    card(page, "left").locator("[data-play]").click()
    expect(card(page, "left").locator("[data-position]")).to_have_text("0:01")
    before = sound(page, "left")["at"]
    page.wait_for_timeout(300)
    assert sound(page, "left")["at"] > before


def test_one_clip_sounds_at_a_time_and_goes_on_where_it_stopped(page: Page) -> None:
    start_game(page)
    hear(page, "left")
    card(page, "right").locator("[data-play]").click()
    expect(card(page, "right").locator("[data-play]")).to_have_attribute(
        "aria-label", "Pause clip 2"
    )
    left = sound(page, "left")
    assert left["paused"]
    assert not sound(page, "right")["paused"]
    card(page, "left").locator("[data-play]").click()
    expect(card(page, "left").locator("[data-play]")).to_have_attribute(
        "aria-label", "Pause clip 1"
    )
    assert sound(page, "left")["at"] >= left["at"]
    card(page, "left").locator("[data-restart]").click()
    assert sound(page, "left")["at"] < left["at"]


def test_answers_are_locked_until_both_clips_were_heard(page: Page) -> None:
    start_game(page)
    for side in SIDES:
        expect(card(page, side).locator("[data-choose]")).to_be_disabled()
    hear(page, "right")
    for side in SIDES:
        expect(card(page, side).locator("[data-choose]")).to_be_disabled()
    hear(page, "left")
    for side in SIDES:
        expect(card(page, side).locator("[data-choose]")).to_be_enabled()


@pytest.mark.slow
def test_a_reload_in_the_middle_stays_in_the_round(page: Page) -> None:
    start_game(page)
    play_round(page, 1)
    await_round(page, 2)
    hear(page, "left")
    page.reload()
    await_round(page, 2)
    expect(card(page, "right").locator("[data-heard]")).to_have_text("Heard 0 of 1 seconds")
    play_round(page, 2)
    await_round(page, 3)


@pytest.mark.slow
def test_what_was_heard_before_a_reload_counts(page: Page) -> None:
    start_game(page)
    hear(page, "left")
    page.reload()
    await_round(page, 1)
    expect(card(page, "left").locator("[data-heard]")).to_have_text("Heard enough to answer")
    hear(page, "right")
    choose(page, "left")


@pytest.mark.slow
def test_a_reload_and_the_back_button_show_the_reveal_again(page: Page) -> None:
    start_game(page)
    hear_both(page)
    choose(page, "left")
    title = page.get_by_role("heading", level=1).inner_text()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    expect(card(page, "left").locator("[data-author]")).to_contain_text("your choice")
    expect(card(page, "right").locator("[data-play]")).to_be_enabled()
    page.goto("/about/")
    page.go_back()
    expect(page.locator("[data-reveal]")).to_be_visible()
    page.locator("[data-reveal]").get_by_role("button", name="Not sure").click()
    expect(page.get_by_text("Noted, thank you.")).to_be_visible()
    page.reload()
    await_round(page, 2)


@pytest.mark.slow
def test_whoever_goes_on_without_a_word_passes_and_is_not_asked_again(page: Page) -> None:
    start_game(page)
    play_round(page, 1)
    await_round(page, 2)
    page.reload()
    await_round(page, 2)
    expect(page.locator("[data-reveal]")).to_be_hidden()


@pytest.mark.slow
def test_the_front_page_leads_back_into_the_game(page: Page) -> None:
    start_game(page)
    play_round(page, 1)
    await_round(page, 2)
    page.goto("/")
    page.get_by_role("link", name="Continue your game").click()
    await_round(page, 2)
