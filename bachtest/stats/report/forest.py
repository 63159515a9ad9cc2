"""Forest plots: rates with their intervals on one axis, for the terminal and as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from bachtest.stats.rates.accuracy import CHANCE

_WIDTH = 51
_ROW = 24
_LABELS, _PLOT, _FIGURES = 190, 380, 170


@dataclass(frozen=True)
class Mark:
    """One row: a rate and its interval. `given` marks other people's figures."""

    label: str
    estimate: float | None
    low: float
    high: float
    given: bool = False

    @property
    def figures(self) -> str:
        if self.estimate is None:
            return "no answers"
        return f"{self.estimate:.1%} ({self.low:.1%} to {self.high:.1%})"


def forest_text(marks: Sequence[Mark], *, chance: float = CHANCE) -> str:
    """The rows for a terminal, 0 % to 100 % from left to right, `|` at guessing.

    Parameters
    ----------
    marks : sequence of Mark
    chance : float

    Returns
    -------
    str

    Examples
    --------
    >>> print(forest_text([Mark("S", 0.8, 0.7, 0.9), Mark("", None, 0, 1)]))
    S                           |         -----o-----       80.0% (70.0% to 90.0%)
                                |                           no answers
    """
    width = max((len(mark.label) for mark in marks), default=0)
    return "\n".join(
        f"{mark.label:<{width}}  {_line(mark, chance)}  {mark.figures}" for mark in marks
    )


def _line(mark: Mark, chance: float) -> str:
    cells = [" "] * _WIDTH
    if mark.estimate is not None:
        for at in range(_cell(mark.low), _cell(mark.high) + 1):
            cells[at] = "-"
    cells[_cell(chance)] = "|"
    if mark.estimate is not None:
        cells[_cell(mark.estimate)] = "x" if mark.given else "o"
    return "".join(cells)


def _cell(rate: float) -> int:
    return round(rate * (_WIDTH - 1))


def forest_svg(marks: Sequence[Mark], title: str, *, chance: float = CHANCE) -> str:
    """The rows as an SVG picture with a text alternative; colours are those of the page around it.

    Parameters
    ----------
    marks : sequence of Mark
    title : str
    chance : float

    Returns
    -------
    str

    Examples
    --------
    >>> forest_svg([Mark("S", 0.8, 0.7, 0.9)], "Rates").startswith("<svg")
    True
    """
    height = _ROW * (len(marks) + 1) + 12
    total = _LABELS + _PLOT + _FIGURES
    words = "; ".join(f"{mark.label}: {mark.figures}" for mark in marks)
    parts = [
        f'<svg viewBox="0 0 {total} {height}" role="img" aria-label="{escape(title)}"'
        ' class="forest" xmlns="http://www.w3.org/2000/svg">',
        f"<title>{escape(title)}</title><desc>{escape(words)}</desc>",
    ]
    bottom = height - _ROW
    for tick in (0, 25, 50, 75, 100):
        x = _x(tick / 100)
        parts.append(f'<line class="tick" x1="{x}" x2="{x}" y1="4" y2="{bottom}"/>')
        parts.append(f'<text class="axis" x="{x}" y="{bottom + 16}">{tick} %</text>')
    x = _x(chance)
    parts.append(f'<line class="chance" x1="{x}" x2="{x}" y1="4" y2="{bottom}"/>')
    parts += [_svg_row(mark, 4 + _ROW * at + _ROW / 2) for at, mark in enumerate(marks)]
    return "".join([*parts, "</svg>"])


def _svg_row(mark: Mark, y: float) -> str:
    texts = (
        f'<text x="0" y="{y + 4}">{escape(mark.label)}</text>'
        f'<text x="{_LABELS + _PLOT + 14}" y="{y + 4}">{mark.figures}</text>'
    )
    if mark.estimate is None:
        return texts
    kind = "given" if mark.given else "ours"
    return (
        f'<line class="{kind}" x1="{_x(mark.low)}" x2="{_x(mark.high)}" y1="{y}" y2="{y}"/>'
        f'<circle class="{kind}" cx="{_x(mark.estimate)}" cy="{y}" r="4.5"/>{texts}'
    )


def _x(rate: float) -> float:
    return round(_LABELS + _PLOT * rate, 1)
