"""What is drawn and said after the answer: the real lines of both clips."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect

from tests.browser.listening import (
    await_round,
    choose,
    go_on,
    hear_both,
    play_round,
    sound,
    start_game,
)
from tests.browser.test_looks import stays_inside

pytestmark = pytest.mark.browser

VOICES = ["soprano", "alto", "tenor", "bass"]
PHONE = {"viewport": {"width": 375, "height": 667}, "is_mobile": True, "has_touch": True}


def reveal_of(page: Page, side: str = "left") -> dict[str, object]:
    """The reply to the answer, once it is on the page."""
    hear_both(page)
    with page.expect_response("**/answer/") as response:
        choose(page, side)
    body: dict[str, object] = response.value.json()
    return body


def lanes(page: Page) -> Locator:
    return page.locator("[data-reveal] .voice")


@pytest.mark.slow
def test_before_the_answer_nothing_is_drawn(page: Page) -> None:
    start_game(page)
    hear_both(page)
    for name in ("data-lanes", "data-voices-sum", "data-marks", "data-who"):
        assert {each.inner_html() for each in page.locator(f"[{name}]").all()} == {""}, name
    choose(page, "left")
    expect(lanes(page)).to_have_count(4)
    go_on(page)
    await_round(page, 2)
    emptied = page.locator("[data-lanes], [data-marks], [data-who]").all()
    assert {each.inner_html() for each in emptied} == {""}


@pytest.mark.slow
def test_the_lines_are_those_of_both_clips_and_differ_where_the_machine_wrote(page: Page) -> None:
    start_game(page)
    for number in (1, 2, 3):
        await_round(page, number)
        written = reveal_of(page)["written"]
        assert [row.get_attribute("data-voice") for row in lanes(page).all()] == VOICES
        for row in lanes(page).all():
            by_bot = row.get_attribute("data-voice") in written  # type: ignore[operator]
            words = row.locator("svg").get_attribute("aria-label") or ""
            differs = row.locator(".voice-differs").count() > 0
            assert differs == bool(re.search(r"\d+ of the \d+ notes of clip [12] differ", words))
            assert by_bot or not differs
            hollow, solid = (row.locator(f"path.line-notes.line-{who}") for who in ("bot", "bach"))
            assert (hollow.count() + solid.count() > 0) == differs
            expect(row.locator(".voice-author")).to_have_text("Markov" if by_bot else "Bach")
        go_on(page)


def test_the_picture_stands_above_the_button_that_leads_on(page: Page) -> None:
    start_game(page)
    reveal_of(page)
    below = page.locator("[data-next]").bounding_box()
    drawn = page.locator("[data-lanes]").bounding_box()
    assert below is not None
    assert drawn is not None
    assert drawn["height"] > 150
    assert drawn["y"] + drawn["height"] <= below["y"]


@pytest.mark.slow
def test_a_line_moves_through_the_music_as_it_plays(page: Page) -> None:
    start_game(page)
    reveal_of(page)
    page.locator("[data-voices-clip=right]").click()
    cursor = lanes(page).first.locator(".voice-cursor")
    expect(cursor).to_have_attribute("visibility", "visible")
    before = cursor.get_attribute("d") or ""
    expect(cursor).not_to_have_attribute("d", before)
    assert not sound(page, "right")["paused"]
    expect(page.locator("[data-voices-clip=right]")).to_have_attribute("aria-pressed", "true")
    page.locator("[data-voices-clip=right]").click()
    expect(page.locator("[data-voices-clip=right]")).to_have_attribute("aria-pressed", "false")
    assert sound(page, "right")["paused"]


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_small_phone_shows_lines_and_the_way_on(
    visitor: Callable[..., BrowserContext], scheme: str
) -> None:
    page = visitor(**PHONE, color_scheme=scheme).new_page()
    start_game(page)
    reveal_of(page)
    assert stays_inside(page)
    expect(page.locator("[data-next]")).to_be_in_viewport()
    widths = [row.locator("svg").bounding_box() for row in lanes(page).all()]
    assert all(box is not None and box["width"] > 200 and box["height"] > 40 for box in widths)


@pytest.mark.slow
def test_the_machine_is_named_with_a_sentence(page: Page) -> None:
    start_game(page)
    added = {"about": "It hums.", "title_english": "Awake, my heart", "occasion": "for Easter"}

    def describe(route: Route) -> None:
        route.fulfill(json=route.fetch().json() | added)

    page.route("**/answer/", describe)
    hear_both(page)
    choose(page, "left")
    expect(page.locator("[data-about]")).to_have_text("It hums.")
    expect(page.locator("[data-piece-english]")).to_have_text("Awake, my heart")
    expect(page.locator("[data-piece-occasion]")).to_have_text("for Easter")


@pytest.mark.slow
def test_both_clips_are_marked_in_the_lines_and_in_words(page: Page) -> None:
    start_game(page)
    marks = [
        {"kind": "leap", "voices": ["bass"], "step": step, "bar": 1, "sentence": f"Bar 1: {step}"}
        for step in range(5)
    ]

    def mark(route: Route) -> None:
        reveal = route.fetch().json()
        for notes, count in zip(reveal["notes"], (1, 5), strict=True):
            notes["marks"] = marks[:count]
        route.fulfill(json=reveal)

    page.route("**/answer/", mark)
    reveal = reveal_of(page)
    first, second = page.locator(".marks-clip").all()
    expect(first.locator("li")).to_have_text(["Bar 1: 0"])
    expect(second.locator("li:visible")).to_have_text(["Bar 1: 0", "Bar 1: 1", "Bar 1: 2"])
    second.get_by_text("2 more").click()
    expect(second.locator("li:visible")).to_have_count(5)
    rings = page.locator("[data-voice=bass] path.voice-ring")
    drawn = {ring.get_attribute("class"): ring.get_attribute("d") or "" for ring in rings.all()}
    styles = ["line-bach", "line-bot"] if reveal["bach"] == "left" else ["line-bot", "line-bach"]
    assert [drawn[f"voice-ring {style}"].count("M") for style in styles] == [1, 5]
    expect(page.locator("[data-voice=alto] path.voice-ring")).to_have_count(0)
    assert stays_inside(page)


@pytest.mark.slow
def test_the_result_draws_every_round(page: Page) -> None:
    start_game(page)
    for number in range(1, 6):
        play_round(page, number)
    expect(page.get_by_role("article")).to_have_count(5)
    for article in page.get_by_role("article").all():
        expect(article.locator(".voice")).to_have_count(4)
    first = page.get_by_role("article").first
    first.locator("[data-voices-clip=left]").click()
    expect(first.locator(".voice-cursor").first).to_have_attribute("visibility", "visible")
    expect(first.locator("[data-position]").first).to_have_text("0:01")
