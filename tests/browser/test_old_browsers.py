"""Safari 14.1 and the WebViews of its time: Chromium with what they lack taken away."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.listening import choose, go_on, hear_both, play_round, start_game

STATIC = Path(__file__).resolve().parent.parent.parent / "static"
# What browsers have learnt since: methods, and signs that an old parser stumbles over.
YOUNGER = re.compile(
    r"AbortSignal|\.at\(|\.findLast|\.toSorted|\.toSpliced|\.with\(|\.replaceChildren"
    r"|structuredClone|randomUUID|Object\.(hasOwn|groupBy)|Promise\.(any|withResolvers)"
    r"|\?\?=|\|\|=|&&=|\(\?<[=!]"
    r"|static \{|\.showModal|\.checkVisibility|\.requestIdleCallback"
)
TAKEN_AWAY = """
  delete AbortSignal.timeout;
  delete AbortSignal.any;
  for (const type of [Array, String, Uint8Array]) delete type.prototype.at;
  for (const name of ["findLast", "toSorted", "with"]) delete Array.prototype[name];
  for (const name of ["structuredClone", "requestIdleCallback"]) delete window[name];
  delete Crypto.prototype.randomUUID;
  delete Object.hasOwn;
  delete Object.groupBy;
  delete Promise.any;
  delete Promise.withResolvers;
  delete Element.prototype.replaceChildren;
  delete Element.prototype.checkVisibility;
"""
POORER = """
  delete window.AbortController;
  Object.defineProperty(Response.prototype, "body", { get: () => undefined });
  Object.defineProperty(window, "sessionStorage", { get: () => { throw new Error("forbidden"); } });
"""


@pytest.mark.parametrize("path", sorted(STATIC.rglob("*.js")), ids=lambda path: path.name)
def test_no_script_uses_what_is_too_young(path: Path) -> None:
    assert YOUNGER.findall(path.read_text()) == []


@pytest.mark.parametrize("path", sorted(STATIC.rglob("*.css")), ids=lambda path: path.name)
def test_widths_are_asked_for_in_words_that_old_browsers_know(path: Path) -> None:
    assert re.findall(r"@media[^{]*[<>]=?[^{]*", path.read_text()) == []


@pytest.mark.browser
@pytest.mark.slow
def test_a_game_in_a_browser_of_2021(visitor: Callable[..., BrowserContext]) -> None:
    context = visitor()
    context.add_init_script(TAKEN_AWAY)
    page = context.new_page()
    start_game(page)
    assert page.evaluate("'timeout' in AbortSignal || 'at' in Array.prototype") is False
    for number in range(1, 6):
        play_round(page, number)
    expect(page).to_have_url(re.compile("/games/"))
    page.get_by_role("button", name="Play clip 2 of round 3").click()
    expect(page.get_by_role("button", name="Pause clip 2 of round 3")).to_be_visible()


@pytest.mark.browser
@pytest.mark.slow
def test_a_round_without_streams_storage_and_breaking_off(
    visitor: Callable[..., BrowserContext],
) -> None:
    context = visitor()
    context.add_init_script(TAKEN_AWAY + POORER)
    page = context.new_page()
    start_game(page)
    hear_both(page)
    choose(page, "left")
    go_on(page)
    play_round(page, 2)


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("script", ["voice_lines.js", "play.js"])
def test_a_player_that_cannot_start_says_so(
    visitor: Callable[..., BrowserContext], script: str
) -> None:
    """A module that does not come, or that the browser cannot read, stops the whole player."""
    page = visitor().new_page()
    start_game(page)
    notice = page.locator("[data-not-started]")
    expect(notice).to_be_hidden()
    page.route(f"**/{Path(script).stem}.*", lambda route: route.abort())
    page.reload()
    expect(notice).to_be_visible()
    page.unroute_all()
    page.reload()
    expect(page.locator("html[data-started]")).to_have_count(1)
    expect(notice).to_be_hidden()
