"""Forest plots: rates with their intervals on one axis, for the terminal and as SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from bachtest.lib import svg
from bachtest.stats.rates.proportions import CHANCE

_WIDTH = 51
_ROW = 24
_PLOT, _FIGURES = 380, 185
# Of the labels: type of 13 pixels.
_CHARACTER, _GAP = 7.2, 16
_TICKS = (0, 25, 50, 75, 100)


@dataclass(frozen=True)
class ForestMark:
    """One row: a rate and its interval."""

    label: str
    estimate: float | None
    low: float
    high: float

    @property
    def figures(self) -> str:
        if self.estimate is None:
            return "no answers"
        return f"{self.estimate:.1%} ({self.low:.1%} to {self.high:.1%})"


def forest_text(marks: Sequence[ForestMark], *, chance: float = CHANCE) -> str:
    """The rows for a terminal, 0% to 100% from left to right, `|` at guessing.

    Parameters
    ----------
    marks : sequence of ForestMark
    chance : float

    Returns
    -------
    str

    Examples
    --------
    >>> print(forest_text([ForestMark("S", 0.8, 0.7, 0.9), ForestMark("", None, 0, 1)]))
    S                           |         -----o-----       80.0% (70.0% to 90.0%)
                                |                           no answers
    """
    width = max((len(mark.label) for mark in marks), default=0)
    return "\n".join(
        f"{mark.label:<{width}}  {_line(mark, chance)}  {mark.figures}" for mark in marks
    )


def _line(mark: ForestMark, chance: float) -> str:
    cells = [" "] * _WIDTH
    if mark.estimate is not None:
        for at in range(_cell(mark.low), _cell(mark.high) + 1):
            cells[at] = "-"
    cells[_cell(chance)] = "|"
    if mark.estimate is not None:
        cells[_cell(mark.estimate)] = "o"
    return "".join(cells)


def _cell(rate: float) -> int:
    return round(rate * (_WIDTH - 1))


def forest_svg(marks: Sequence[ForestMark], title: str, *, chance: float = CHANCE) -> str:
    """The rows as an SVG picture with a text alternative; colours are those of the page around it.

    Parameters
    ----------
    marks : sequence of ForestMark
    title : str
    chance : float

    Returns
    -------
    str

    Examples
    --------
    >>> forest_svg([ForestMark("S", 0.8, 0.7, 0.9)], "Rates").startswith("<svg")
    True
    """
    labels = _GAP + math.ceil(_CHARACTER * max((len(mark.label) for mark in marks), default=0))
    x = svg.Scale(0, 1, labels, labels + _PLOT)
    height = _ROW * (len(marks) + 1) + 12
    top, bottom = 4, height - _ROW
    words = "; ".join(f"{mark.label}: {mark.figures}" for mark in marks)
    rows = [_svg_row(mark, x, top + _ROW * at + _ROW / 2) for at, mark in enumerate(marks)]
    return svg.picture(
        title,
        svg.element("title", escape(title)) + svg.element("desc", escape(words)),
        svg.x_axis(x, {percent / 100: f"{percent}%" for percent in _TICKS}, top, bottom),
        svg.vertical(x.place(chance), top, bottom, class_="chance"),
        *rows,
        class_="forest",
        viewBox=f"0 0 {labels + _PLOT + _FIGURES} {height}",
    )


def _svg_row(mark: ForestMark, x: svg.Scale, y: float) -> str:
    texts = svg.text(mark.label, 0, y + 4) + svg.text(mark.figures, x.stop + 14, y + 4)
    if mark.estimate is None:
        return texts
    line = svg.horizontal(y, x.place(mark.low), x.place(mark.high))
    return svg.dot_on_line((x.place(mark.estimate), y), line, radius=4.5, class_="mark") + texts
