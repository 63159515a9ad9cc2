"""What a simulation study measured, as a table and a picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bachtest.lib import svg

_WIDTH, _LEFT, _ROW, _TOP = 720, 330, 26, 34
_STYLE = (
    "text { font: 13px sans-serif; } .title { font-weight: bold; } .axis { text-anchor: middle; }"
    " .paper { fill: #fff; } .aim { fill: #dcedc8; } .tick { stroke: #ccc; }"
    " g line { stroke-width: 2; } circle { stroke: none; }"
    " .met { fill: #1b5e20; stroke: #1b5e20; } .missed { fill: #b00020; stroke: #b00020; }"
    " .compared { fill: #666; stroke: #666; }"
)


@dataclass(frozen=True)
class Measured:
    """A share over replicates; `shares` has one value for each (0, 1 or a mean over cells).

    `low` and `high` are the aim; None for figures that are there for comparison.
    """

    name: str
    shares: tuple[float, ...]
    low: float | None = None
    high: float | None = None

    @property
    def mean(self) -> float:
        return float(np.mean(self.shares))

    @property
    def error(self) -> float:
        """Monte Carlo standard error; if all shares are equal, that with one more that differs."""
        count = len(self.shares)
        spread = float(np.std(self.shares))
        return max(spread, 1 / (count + 1)) / float(np.sqrt(count))

    @property
    def verdict(self) -> str:
        if self.low is None or self.high is None:
            return "for comparison"
        if self.low <= self.mean <= self.high:
            return "met"
        reach = 2 * self.error
        near = self.low - reach <= self.mean <= self.high + reach
        return "within two errors" if near else "MISSED"

    @property
    def aim(self) -> str:
        if self.low is None or self.high is None:
            return ""
        if self.low == 0:
            return f"at most {self.high:.0%}"
        if self.high == 1:
            return f"at least {self.low:.0%}"
        return f"{self.low:.0%} to {self.high:.0%}"


@dataclass(frozen=True)
class SimulationStudy:
    """One simulation study: what was simulated, and what was measured."""

    slug: str
    title: str
    about: str
    measured: tuple[Measured, ...]

    @property
    def replicates(self) -> int:
        return len(self.measured[0].shares)

    def markdown(self) -> str:
        """A section of the report."""
        lines = [
            f"## {self.title}",
            "",
            self.about,
            f"{self.replicates:,} replicates.",
            "",
            f"![{self.title}: the table below as a picture](statistics-validation-{self.slug}.svg)",
            "",
            "| measured | share | Monte Carlo error | aim | |",
            "| --- | --- | --- | --- | --- |",
        ]
        lines += [
            f"| {one.name} | {one.mean:.1%} | {one.error:.1%} | {one.aim} | {one.verdict} |"
            for one in self.measured
        ]
        return "\n".join([*lines, ""])

    def svg(self) -> str:
        """A picture: shares with two Monte Carlo errors each way, aims as bands."""
        low, high = self._limits()
        x = svg.Scale(low, high, _LEFT, _WIDTH - 24)
        height = _TOP + _ROW * len(self.measured) + 30
        step = 0.05 if high - low <= 0.5 else 0.1
        # Of limits that are no multiple of the step, the inner ones.
        first, last = int(np.ceil(low / step - 1e-9)), int(np.floor(high / step + 1e-9))
        ticks = np.arange(first, last + 1) * step
        rows = [_svg_row(one, x, _TOP + _ROW * (at + 0.5)) for at, one in enumerate(self.measured)]
        drawn = svg.picture(
            self.title,
            svg.element("style", _STYLE),
            svg.element("rect", class_="paper", width=_WIDTH, height=height),
            svg.text(self.title, 12, 20, class_="title"),
            svg.x_axis(x, {float(tick): f"{tick:.0%}" for tick in ticks}, _TOP, height - 24),
            *rows,
            xmlns="http://www.w3.org/2000/svg",
            viewBox=f"0 0 {_WIDTH} {height}",
        )
        return drawn.replace("><", ">\n<") + "\n"  # an element a line, to compare versions by

    def _limits(self) -> tuple[float, float]:
        ends = [one.mean + side * 2 * one.error for one in self.measured for side in (-1, 1)]
        ends += [aim for one in self.measured for aim in (one.low, one.high) if aim is not None]
        inner = [end for end in ends if 0 < end < 1] or [0.0, 1.0]
        step = 0.05
        low = max(0.0, np.floor(min(inner) / step) * step)
        return float(low), float(min(1.0, max(low + step, np.ceil(max(inner) / step) * step)))


def _svg_row(one: Measured, x: svg.Scale, y: float) -> str:
    band = ""
    if one.low is not None and one.high is not None:
        left, right = x(one.low), x(one.high)
        band = svg.element(
            "rect", class_="aim", x=left, y=y - 9, width=f"{right - left:g}", height=18
        )
    low, high = one.mean - 2 * one.error, one.mean + 2 * one.error
    line = svg.horizontal(y, x.place(max(0.0, low)), x.place(min(1.0, high)))
    kind = "compared" if one.low is None else "missed" if one.verdict == "MISSED" else "met"
    dot = svg.dot_on_line((x.place(one.mean), y), line, radius=4, class_=kind)
    return band + svg.text(one.name, 12, y + 4) + dot
