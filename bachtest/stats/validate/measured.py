"""What a simulation study counted, as a table and a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

_WIDTH, _LEFT, _ROW, _TOP = 720, 330, 26, 34


@dataclass(frozen=True)
class Measured:
    """A share over replicates: `shares` has one value a replicate (0, 1 or a mean over cells).

    `low` and `high` are what was aimed at; None for figures that stand there for comparison.
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
        """Monte Carlo standard error; with all alike, that of one more that differs."""
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
class Study:
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
            f"{self.replicates} replicates.",
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
        """A picture: shares with two Monte Carlo errors either way, aims as bands."""
        height = _TOP + _ROW * len(self.measured) + 30
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img"'
            f' font-family="sans-serif" font-size="13"><title>{escape(self.title)}</title>',
            f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>',
            f'<text x="12" y="20" font-weight="bold">{escape(self.title)}</text>',
        ]
        for tick in self._ticks():
            x = self._x(tick)
            parts.append(
                f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{height - 24}" stroke="#ccc"/>'
                f'<text x="{x:.1f}" y="{height - 8}" text-anchor="middle">{tick:.0%}</text>'
            )
        for row, one in enumerate(self.measured):
            parts.append(self._row(one, _TOP + _ROW * row + _ROW / 2))
        return "\n".join([*parts, "</svg>", ""])

    def _row(self, one: Measured, y: float) -> str:
        low, high = (max(0.0, one.mean - 2 * one.error), min(1.0, one.mean + 2 * one.error))
        colour = "#666" if one.low is None else "#b00020" if one.verdict == "MISSED" else "#1b5e20"
        band = ""
        if one.low is not None and one.high is not None:
            left = self._x(max(one.low, self._limits()[0]))
            right = self._x(min(one.high, self._limits()[1]))
            band = (
                f'<rect x="{left:.1f}" y="{y - 9:.1f}" width="{right - left:.1f}" height="18"'
                ' fill="#dcedc8"/>'
            )
        return (
            f'{band}<text x="12" y="{y + 4:.1f}">{escape(one.name)}</text>'
            f'<line x1="{self._x(low):.1f}" x2="{self._x(high):.1f}" y1="{y:.1f}" y2="{y:.1f}"'
            f' stroke="{colour}" stroke-width="2"/>'
            f'<circle cx="{self._x(one.mean):.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>'
        )

    def _limits(self) -> tuple[float, float]:
        ends = [one.mean + side * 2 * one.error for one in self.measured for side in (-1, 1)]
        ends += [aim for one in self.measured for aim in (one.low, one.high) if aim is not None]
        inner = [end for end in ends if 0 < end < 1] or [0.0, 1.0]
        step = 0.05
        low = max(0.0, np.floor(min(inner) / step) * step)
        return float(low), float(min(1.0, max(low + step, np.ceil(max(inner) / step) * step)))

    def _ticks(self) -> Sequence[float]:
        low, high = self._limits()
        step = 0.05 if high - low <= 0.5 else 0.1
        return [float(x) for x in np.arange(round(low / step), round(high / step) + 1) * step]

    def _x(self, share: float) -> float:
        low, high = self._limits()
        return _LEFT + (_WIDTH - _LEFT - 24) * (share - low) / (high - low)
