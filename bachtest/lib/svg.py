"""SVG as text: the scale, the elements and the parts that all our pictures are made of. Pure.

A place is a number in the units of a viewBox or, with a scale whose unit is "%", a share of the
picture. Whoever shows a picture styles it by class.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape

Place = float | str
LABEL_DROP = 16  # from the end of an axis to the baseline of its labels


@dataclass(frozen=True)
class Scale:
    """Values from `low` to `high` along `start` to `stop`, which may run backwards.

    Values outside are drawn at the nearer end.

    >>> Scale(0, 1, 100, 0)(0.25)
    75.0
    >>> Scale(0, 1, 0, 100, "%").place(2)
    '100%'
    """

    low: float
    high: float
    start: float
    stop: float
    unit: str = ""

    def __call__(self, value: float) -> float:
        inside = min(max(value, self.low), self.high)
        share = (inside - self.low) / ((self.high - self.low) or 1.0)
        return round(self.start + share * (self.stop - self.start), 3)

    def place(self, value: float) -> str:
        return f"{self(value):g}{self.unit}"


def element(name: str, *content: str, **attributes: Place) -> str:
    """An element around content that is SVG already; the values of attributes are escaped.

    >>> element("circle", class_="point", cx="50%", stroke_width=2)
    '<circle class="point" cx="50%" stroke-width="2"/>'
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
    )
    return f"<{name}{written}>{''.join(content)}</{name}>" if content else f"<{name}{written}/>"


def picture(words: str, *content: str, **attributes: Place) -> str:
    """A whole picture; `words` is what a screen reader says in its place."""
    return element("svg", *content, **attributes, role="img", aria_label=words)


def text(words: str, x: Place, y: Place, **attributes: Place) -> str:
    """
    >>> text("S & A", 0, "50%")
    '<text x="0" y="50%">S &amp; A</text>'
    """
    return element("text", escape(words), **attributes, x=x, y=y)


def vertical(x: Place, top: Place, bottom: Place, **attributes: Place) -> str:
    return element("line", **attributes, x1=x, x2=x, y1=top, y2=bottom)


def horizontal(y: Place, left: Place, right: Place, **attributes: Place) -> str:
    return element("line", **attributes, x1=left, x2=right, y1=y, y2=y)


def dot_on_line(dot: tuple[Place, Place], line: str, radius: float, **attributes: Place) -> str:
    """An estimate on the line of its interval."""
    return element("g", line, element("circle", cx=dot[0], cy=dot[1], r=radius), **attributes)


def x_axis(scale: Scale, labels: Mapping[float, str], top: float, bottom: float) -> str:
    """A vertical line at each value, and its label underneath."""
    return "".join(
        vertical(scale.place(value), top, bottom, class_="tick")
        + text(label, scale.place(value), bottom + LABEL_DROP, class_="axis")
        for value, label in labels.items()
    )


def points(places: Iterable[tuple[float, float]]) -> str:
    """For a polyline or polygon.

    >>> points([(0, 1), (2.5, 3)])
    '0,1 2.5,3'
    """
    return " ".join(f"{x:g},{y:g}" for x, y in places)
