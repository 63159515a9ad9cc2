"""The rate as it grew: the share right of all answers so far, hour by hour."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from django.utils.safestring import SafeString

from bachtest.results.counts.tallies import TallyCell
from bachtest.results.page.charts import (
    across,
    band_between,
    chart,
    line_through,
    upwards,
)
from bachtest.results.page.rows import percent
from bachtest.stats.clustered.anytime_valid import EValue, beta_binomial_cs, e_value
from bachtest.stats.rates.result import counted
from bachtest.stats.rates.summary import FEW

T = TypeVar("T")
STEPS = 120
ROWS = 12
LABELS = 4


@dataclass(frozen=True)
class RunningPoint:
    """All answers up to the end of an hour."""

    hour: str
    n: int
    correct: int
    low: float
    high: float

    @property
    def rate(self) -> float:
        return self.correct / self.n

    @property
    def time(self) -> str:
        return f"{self.hour}:59"

    @property
    def day(self) -> str:
        return f"{date.fromisoformat(self.hour[:10]):%-d %b}"


@dataclass(frozen=True)
class RunningTotal:
    points: tuple[RunningPoint, ...]
    e_value: EValue

    @property
    def last(self) -> RunningPoint:
        return self.points[-1]

    @property
    def rows(self) -> list[RunningPoint]:
        """What the table under the picture has room for."""
        return _thin(self.points, ROWS)

    @property
    def picture(self) -> SafeString:
        x = across(0, self.last.n)
        # The first bands are wide. The later half sets the scale, and what lies outside is cut off.
        later = self.points[len(self.points) // 2 :]
        y = upwards(bound for point in later for bound in (point.low, point.high))
        described = "; ".join(
            f"after {counted(point.n, 'answer')} {percent(point.rate)}, band"
            f" {percent(point.low)} to {percent(point.high)}"
            for point in self.rows
        )
        return chart(
            f"Share right so far, with a band that is valid at any time: {described}; the table"
            " below has the numbers",
            x,
            y,
            {point.n: (f"{point.n:,}", point.day) for point in _thin(self.points, LABELS)},
            band_between(
                [(x(point.n), y(point.low)) for point in self.points],
                [(x(point.n), y(point.high)) for point in self.points],
            ),
            line_through([(x(point.n), y(point.rate)) for point in self.points]),
        )


def running_total(hours: Iterable[TallyCell]) -> RunningTotal | None:
    """None while there are too few answers, or a single point, which makes no line."""
    steps = _thin(_steps(hours), STEPS)
    if len(steps) < 2:
        return None
    low, high = beta_binomial_cs([step[2] for step in steps], [step[1] for step in steps])
    bands = zip(low.tolist(), high.tolist(), strict=True)
    points = tuple(RunningPoint(*step, *band) for step, band in zip(steps, bands, strict=True))
    return RunningTotal(points, e_value(points[-1].correct, points[-1].n))


def _steps(hours: Iterable[TallyCell]) -> list[tuple[str, int, int]]:
    """Hour, answers and right answers so far. A step has FEW answers or more, to hide each one."""
    sums: dict[str, tuple[int, int]] = {}
    for cell in hours:
        n, correct = sums.get(cell.labels[0], (0, 0))
        sums[cell.labels[0]] = (n + cell.n, correct + cell.correct)
    steps: list[tuple[str, int, int]] = []
    n = correct = 0
    for hour in sorted(sums):
        n, correct = n + sums[hour][0], correct + sums[hour][1]
        if n - (steps[-1][1] if steps else 0) >= FEW:
            steps.append((hour, n, correct))
    return steps


def _thin(points: Sequence[T], most: int) -> list[T]:
    """At most so many of them, evenly spaced, the last among them."""
    if len(points) <= most:
        return list(points)
    step = len(points) / most
    return [points[int((i + 1) * step + 1e-9) - 1] for i in range(most)]
