"""Every page on phones and desktops, light and dark: nothing overflows, nothing is missing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.listening import card, choose, go_on, hear_both, start_game

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
SMALL_PHONE = {"viewport": {"width": 320, "height": 568}, "is_mobile": True, "has_touch": True}
PAGES = [
    *("/", "/about/", "/privacy/", "/heard-all/"),
    *("/results/", "/results/methods/", "/nothing-here/"),
    *("/composers/", "/composers/markov/"),
]
SPREADS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def stays_inside(page: Page) -> bool:
    return page.evaluate(SPREADS) <= 0


@pytest.mark.parametrize("phone", [PHONE, SMALL_PHONE], ids=["390", "320"])
def test_no_page_scrolls_sideways_on_a_phone(
    visitor: Callable[..., BrowserContext], phone: dict[str, object]
) -> None:
    page = visitor(**phone).new_page()
    for address in PAGES:
        page.goto(address)
        assert stays_inside(page), address


def test_a_round_on_a_phone(visitor: Callable[..., BrowserContext]) -> None:
    page = visitor(**PHONE).new_page()
    start_game(page)
    assert stays_inside(page)
    for side in ("left", "right"):
        button = card(page, side).locator("[data-choose]").bounding_box()
        assert button is not None
        assert button["y"] + button["height"] <= 844, "both answers fit one screen"
        assert button["height"] >= 44, "a thumb finds it"
    hear_both(page)
    choose(page, "left")
    assert stays_inside(page)
    expect(page.locator("[data-title]")).to_be_in_viewport()
    expect(page.locator("[data-next]")).to_be_in_viewport()
    go_on(page)


def test_the_clips_stand_side_by_side_on_a_desktop(page: Page) -> None:
    start_game(page)
    left, right = (card(page, side).bounding_box() for side in ("left", "right"))
    assert left is not None
    assert right is not None
    assert left["y"] == right["y"]
    assert left["width"] == right["width"]
    assert left["height"] == right["height"]


def test_the_scheme_of_the_system_is_taken(visitor: Callable[..., BrowserContext]) -> None:
    grounds = []
    for scheme in ("light", "dark"):
        page = visitor(color_scheme=scheme).new_page()
        page.goto("/")
        grounds.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert grounds == ["rgb(243, 244, 241)", "rgb(13, 22, 27)"]


@pytest.mark.slow
def test_nothing_moves_where_less_motion_is_asked_for(
    visitor: Callable[..., BrowserContext],
) -> None:
    page = visitor(reduced_motion="reduce").new_page()
    start_game(page)
    hear_both(page)
    choose(page, "left")
    reveal = page.locator("[data-reveal]")
    assert reveal.evaluate("element => getComputedStyle(element).animationName") == "none"


def test_a_page_loads_nothing_from_other_sites(page: Page, site: str) -> None:
    urls: list[str] = []
    page.on("request", lambda request: urls.append(request.url))
    start_game(page)
    hear_both(page)
    choose(page, "left")
    assert len(urls) > 10
    assert [url for url in urls if not url.startswith((site, f"blob:{site}"))] == []


def test_no_script_or_style_stands_in_the_page(page: Page) -> None:
    start_game(page)
    assert page.locator("script:not([src]):not([type='application/json'])").count() == 0
    assert page.locator("style").count() == 0
    source = page.request.get("/play/").text()
    assert " style=" not in source
    assert " onclick=" not in source
