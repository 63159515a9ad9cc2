"""The typeface comes late on a slow line. What is being read must not jump then."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, Route

from tests.browser.listening import start_game

pytestmark = [pytest.mark.browser, pytest.mark.slow]

GOOD = 0.1  # "good" by the Web Vitals; .03 and .05 at most on these pages
SHIFT = """
  new Promise((done) => {
    let sum = 0;
    const add = (list) => list.getEntries().forEach((entry) => (sum += entry.value));
    new PerformanceObserver(add).observe({ type: "layout-shift", buffered: true });
    setTimeout(() => done(sum), 2500);
  })
"""


def come_late(route: Route) -> None:
    time.sleep(0.7)
    route.continue_()


@pytest.mark.parametrize("width", [375, 1440])
def test_a_late_typeface_moves_little(visitor: Callable[..., BrowserContext], width: int) -> None:
    page = visitor(viewport={"width": width, "height": 800}).new_page()
    page.route("**/*.woff2", come_late)
    page.goto("/")
    assert shift(page) < GOOD
    start_game(page)
    page.reload()
    assert shift(page) < GOOD


def shift(page: Page) -> float:
    value = page.evaluate(SHIFT)
    assert isinstance(value, float | int)
    return value
