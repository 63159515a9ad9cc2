"""The picture on a card: three scores over the temperature, as SVG for light and dark pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from generator.evaluation.card.temperatures import (
    CONDITION,
    COPYING,
    LISTENER,
    LOOPS,
    TEMPERATURES,
    AtTemperature,
)
from generator.evaluation.from_nothing import WHOLE

WIDTH, HEIGHT = 720, 250
PANEL, LEFT, TOP, BOTTOM, INSIDE = 240, 44, 40, 190, 170
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #333 }
.title { font-weight: 600 }
.axis { stroke: #999; fill: none }
.fills { stroke: #1f6f8b; fill: none; stroke-width: 2 }
.whole { stroke: #b5532a; fill: none; stroke-width: 2; stroke-dasharray: 5 3 }
.bach { stroke: #777; stroke-dasharray: 1 4 }
@media (prefers-color-scheme: dark) {
  text { fill: #ddd } .axis { stroke: #888 } .fills { stroke: #67b7d1 } .whole { stroke: #e08a5f }
}
"""
KINDS = ((CONDITION, "fills"), (WHOLE, "whole"))


@dataclass(frozen=True)
class Panel:
    """One score, from 0 to `top`; a line for fills and, where it has one, for whole chorales."""

    title: str
    name: str
    top: float
    ticks: Sequence[float]
    has_whole: bool = True


def picture(slug: str, measured: Sequence[AtTemperature]) -> str:
    """The SVG as text."""
    root = Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {WIDTH} {HEIGHT}",
            "role": "img",
            "aria-label": f"{slug}: loops, copying and the machine listener by temperature",
        },
    )
    SubElement(root, "style").text = STYLE
    most = max(
        each.score(COPYING, condition).composer.estimate
        for each in measured
        for condition, _ in KINDS
    )
    top = max(10.0, 5 * -(-most // 5))
    panels = (
        Panel("pieces that loop, %", LOOPS, 100, (0, 50, 100)),
        Panel("longest run shared, events", COPYING, top, (0, top / 2, top)),
        Panel("machine listener, share", LISTENER, 1, (0, 0.5, 1), has_whole=False),
    )
    for index, panel in enumerate(panels):
        _draw(
            SubElement(root, "g", {"transform": f"translate({index * PANEL} 0)"}), panel, measured
        )
    _legend(root)
    indent(root)
    return tostring(root, encoding="unicode") + "\n"


def _draw(group: Element, panel: Panel, measured: Sequence[AtTemperature]) -> None:
    _text(group, LEFT, TOP - 18, panel.title, "title")
    SubElement(group, "path", {"class": "axis", "d": f"M{LEFT} {TOP}V{BOTTOM}h{INSIDE}"})
    for tick in panel.ticks:
        _text(group, LEFT - 6, _up(panel, tick) + 4, f"{tick:g}", anchor="end")
    for temperature in TEMPERATURES:
        _text(group, _across(temperature), BOTTOM + 18, f"{temperature:g}", anchor="middle")
    bach = measured[0].score(panel.name, CONDITION).bach
    if bach is not None:
        y = _up(panel, bach)
        SubElement(group, "path", {"class": "bach", "d": f"M{LEFT} {y}h{INSIDE}"})
    for condition, kind in KINDS[: 2 if panel.has_whole else 1]:
        places = " ".join(
            f"{_across(each.temperature)},"
            f"{_up(panel, each.score(panel.name, condition).composer.estimate)}"
            for each in measured
        )
        SubElement(group, "polyline", {"class": kind, "points": places})


def _legend(root: Element) -> None:
    named = ("fills", "ATB fills"), ("whole", "whole chorales from nothing"), ("bach", "Bach, ATB")
    x = LEFT
    for kind, words in named:
        SubElement(root, "path", {"class": kind, "d": f"M{x} {HEIGHT - 18}h28"})
        _text(root, x + 36, HEIGHT - 14, words)
        x += 60 + 7 * len(words)
    _text(root, WIDTH - 24, HEIGHT - 14, "across: temperature", anchor="end")


def _text(
    parent: Element, x: float, y: float, words: str, kind: str = "", anchor: str = "start"
) -> None:
    place = {"x": f"{x:g}", "y": f"{y:g}", "text-anchor": anchor}
    SubElement(parent, "text", place | ({"class": kind} if kind else {})).text = words


def _across(temperature: float) -> float:
    return round(LEFT + INSIDE * temperature, 1)


def _up(panel: Panel, value: float) -> float:
    return round(BOTTOM - (BOTTOM - TOP) * min(value, panel.top) / panel.top, 1)
