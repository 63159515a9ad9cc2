"""Objective scores as the pages show them: figures in words, and a picture of each interval."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, Self

from django.utils.safestring import SafeString, mark_safe

from bachtest.lib import svg

SHARES = ("share", "share of pairs")


@dataclass(frozen=True)
class MeasuredScore:
    """A row of `manage.py evaluate --json`; `bach` is None where Bach has no figure."""

    name: str
    condition: str
    unit: str
    estimate: float
    low: float
    high: float
    works: int
    bach: float | None
    note: str

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Self | None:
        """None for a score that could not be given."""
        if "composer" not in row:
            return None
        ratio, bach = row["composer"], row.get("bach")
        bounds = (float(ratio["estimate"]), float(ratio["low"]), float(ratio["high"]))
        if not all(map(isfinite, bounds)):
            return None
        return cls(
            row["name"],
            row["condition"],
            row["unit"],
            *bounds,
            int(ratio["n"]),
            None if bach is None else float(bach),
            row.get("note", ""),
        )

    @property
    def figure(self) -> str:
        return in_words(self.estimate, self.unit)

    @property
    def interval(self) -> str:
        """Empty for a score without one, such as a speed."""
        if self.low == self.high == self.estimate and self.unit not in SHARES:
            return ""
        return f"{in_words(self.low, self.unit)} to {in_words(self.high, self.unit)}"

    @property
    def bach_figure(self) -> str:
        return "" if self.bach is None else in_words(self.bach, self.unit)


def in_words(value: float, unit: str) -> str:
    """A figure with as many digits as say something.

    >>> in_words(0.97468, "share of pairs"), in_words(5.2000000003, "events")
    ('97.5%', '5.2')
    >>> in_words(53.758, "per 1,000 changes"), in_words(1501.6, "steps/CPU s")
    ('53.8', '1,502')
    >>> in_words(0.2718, "per 100 beats")
    '0.27'
    """
    if unit in SHARES:
        return f"{100 * value:.1f}%"
    if unit == "%":
        return f"{value:.1f}%"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}" if unit.startswith(("nats", "sd", "per 100 ")) else f"{value:.1f}"


def scale_of(scores: Iterable[MeasuredScore]) -> svg.Scale:
    """From 0 to all of a share, or a little beyond the highest figure."""
    shown = list(scores)
    highest = max((max(each.high, each.bach or 0.0) for each in shown), default=1.0)
    if shown and shown[0].unit in SHARES:
        highest = 1.0
    elif shown and shown[0].unit == "%" and highest > 50:
        highest = 100.0
    else:
        highest *= 1.05
    return svg.Scale(0.0, highest or 1.0, 0, 100, "%")


def score_picture(words: str, score: MeasuredScore, scale: svg.Scale, *, css: str) -> SafeString:
    """The estimate on its interval, and a line where Bach stands."""
    drawn = [svg.horizontal("50%", "0", "100%")]
    if score.bach is not None:
        at = scale.place(score.bach)
        drawn.append(svg.vertical(at, "0", "100%", class_="interval-bach"))
    line = svg.horizontal("50%", scale.place(score.low), scale.place(score.high))
    drawn.append(svg.dot_on_line((scale.place(score.estimate), "50%"), line, 5, class_=css))
    return _safe(svg.picture(words, *drawn, class_="interval"))


def bach_picture(words: str, bach: float, scale: svg.Scale) -> SafeString:
    at = scale.place(bach)
    diamond = svg.element("path", d="M0-7L7 0L0 7L-7 0z")
    drawn = [
        svg.horizontal("50%", "0", "100%"),
        svg.vertical(at, "0", "100%", class_="interval-bach"),
        svg.element("svg", diamond, x=at, y="50%", overflow="visible", class_="interval-bach-mark"),
    ]
    return _safe(svg.picture(words, *drawn, class_="interval"))


def _safe(drawn: str) -> SafeString:
    return mark_safe(drawn)  # bachtest.lib.svg has escaped every word
