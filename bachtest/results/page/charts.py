"""The pictures of the results page: SVG without script or inline style.

A picture has no viewBox: places are percentages, so that type keeps the size of the page's type.
Lines through many points stand in an inner picture that is stretched.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import ceil, floor

from django.utils.safestring import SafeString, mark_safe

from bachtest.lib import svg
from bachtest.results.fit.stored_fit import FittedRate
from bachtest.results.page.published_results import PublishedRate
from bachtest.stats.rates.proportions import CHANCE, Proportion

LEFT, RIGHT, TOP, BOTTOM = 11.0, 97.0, 5.0, 84.0
# Of a rate that somebody else published, around the place where it stands.
SHAPES = {
    "circle": "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0",
    "diamond": "M0-6L6 0L0 6L-6 0z",
    "square": "M-4.5-4.5h9v9h-9z",
}
SHARES = svg.Scale(0, 1, 0, 100, "%")
Rate = Proportion | FittedRate
Places = Sequence[tuple[float, float]]


def across(low: float, high: float) -> svg.Scale:
    return svg.Scale(low, high, LEFT, RIGHT, "%")


def upwards(rates: Iterable[float]) -> svg.Scale:
    """Whole tenths around the rates; guessing and a tenth on either side are always inside."""
    known = [CHANCE - 0.1, CHANCE + 0.1, *rates]
    return svg.Scale(floor(min(known) * 10) / 10, ceil(max(known) * 10) / 10, BOTTOM, TOP, "%")


def tenths(scale: svg.Scale) -> list[int]:
    """Where a scale of rates has its lines: at every tenth, or at every second one of many."""
    every = range(round(scale.low * 10), round(scale.high * 10) + 1)
    step = 2 if len(every) > 6 else 1
    return [tenth for tenth in every if (tenth - 5) % step == 0]


def chart(
    words: str, x: svg.Scale, y: svg.Scale, labels: Mapping[float, Sequence[str]], *drawn: str
) -> SafeString:
    """Rates over values of x, whose labels may have two lines; `words` is the text alternative."""
    left, right, bottom = (f"{place:g}%" for place in (LEFT, RIGHT, BOTTOM))
    grid = [
        svg.horizontal(y.place(tenth / 10), left, right, class_="grid")
        + svg.text(f"{tenth * 10}%", "10%", y.place(tenth / 10), class_="tick side", dy="0.35em")
        for tenth in tenths(y)
    ]
    below = [
        svg.text(line, x.place(value), bottom, class_="tick", dy=f"{1.5 + 1.3 * row:g}em")
        for value, lines in labels.items()
        for row, line in enumerate(lines)
    ]
    chance = svg.horizontal(y.place(CHANCE), left, right, class_="chance")
    return _safe(svg.picture(words, *grid, chance, *below, *drawn, class_="chart"))


def line_through(places: Places) -> str:
    return _stretched(svg.element("polyline", class_="line", points=svg.points(places)))


def band_between(lower: Places, upper: Places) -> str:
    outline = svg.points([*lower, *reversed(upper)])
    return _stretched(svg.element("polygon", class_="band", points=outline))


def _stretched(line: str) -> str:
    return svg.element("svg", line, viewBox="0 0 100 100", preserveAspectRatio="none")


def error_bar(x: str, y: svg.Scale, rate: Rate) -> str:
    if rate.estimate is None:
        return ""
    line = svg.vertical(x, y.place(rate.low), y.place(rate.high))
    return svg.dot_on_line((x, y.place(rate.estimate)), line, 5, class_="error")


def interval_picture(
    words: str,
    rate: Rate | None = None,
    *,
    raw: Rate | None = None,
    published: PublishedRate | None = None,
) -> SafeString:
    """A row of the forest: the rate, a thin raw rate above it and a published one below."""
    drawn = [
        svg.horizontal("50%", "0", "100%"),
        svg.vertical("50%", "0", "100%", class_="interval-chance"),
    ]
    if published is not None:
        drawn.append(_published(published, "50%" if rate is None else "80%"))
    if rate is not None:
        drawn.append(_interval(rate, "50%" if published is None else "32%", 5, "interval-rate"))
    if raw is not None:
        drawn.append(_interval(raw, "8%", 2, "interval-raw"))
    return _safe(svg.picture(words, *drawn, class_="interval"))


def _interval(rate: Rate, y: str, radius: float, css: str) -> str:
    if rate.estimate is None:
        return ""
    line = svg.horizontal(y, SHARES.place(rate.low), SHARES.place(rate.high))
    return svg.dot_on_line((SHARES.place(rate.estimate), y), line, radius, class_=css)


def _published(rate: PublishedRate, y: str) -> str:
    line = ""
    if rate.low is not None and rate.high is not None:
        line = svg.horizontal(y, SHARES.place(rate.low), SHARES.place(rate.high))
    shape = svg.element("path", d=SHAPES[rate.shape])
    at_rate = svg.element("svg", shape, x=SHARES.place(rate.estimate), y=y, overflow="visible")
    return svg.element("g", line, at_rate, class_="interval-published")


def _safe(drawn: str) -> SafeString:
    return mark_safe(drawn)  # bachtest.lib.svg has escaped every word
