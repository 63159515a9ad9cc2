"""The rate as it grew: the share right of all answers so far, hour by hour."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from operator import attrgetter
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
from bachtest.stats.clustered.anytime_valid import EValue, e_value
from bachtest.stats.clustered.population_band import START, BandLook
from bachtest.stats.rates.result import counted
from bachtest.stats.rates.summary import FEW

T = TypeVar("T")
STEPS = 120
ROWS = 12
LABELS = 4


@dataclass(frozen=True)
class RunningPoint:
    """All answers up to the end of an hour, and the last look at the band by then."""

    hour: str
    n: int
    correct: int
    band: BandLook | None

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
    """`band` ends with the answers of the last fit, and the points with all answers."""

    points: tuple[RunningPoint, ...]
    band: tuple[BandLook, ...]
    e_value: EValue

    @property
    def last(self) -> RunningPoint:
        return self.points[-1]

    @property
    def band_starts_at(self) -> int:
        """So many listeners, and so many pairs."""
        return START

    @property
    def rows(self) -> list[RunningPoint]:
        """What the table under the picture has room for."""
        return _thin(self.points, ROWS)

    @property
    def picture(self) -> SafeString:
        x = across(0, self.last.n)
        # The whole band is drawn. The first rates, of few answers, may be cut off.
        rates = [point.rate for point in self.points[len(self.points) // 2 :]]
        y = upwards([*rates, *(end for look in self.band for end in (look.low, look.high))])
        drawn = [line_through([(x(point.n), y(point.rate)) for point in self.points])]
        if self.band:
            lower = [(x(look.n), y(look.low)) for look in self.band]
            upper = [(x(look.n), y(look.high)) for look in self.band]
            drawn.insert(0, band_between(lower, upper))
        return chart(
            f"Share right so far, with a band that is valid whenever you look:"
            f" {'; '.join(map(_described, self.rows))}; the table below has the numbers",
            x,
            y,
            {point.n: (f"{point.n:,}", point.day) for point in _thin(self.points, LABELS)},
            *drawn,
        )


def _described(point: RunningPoint) -> str:
    band = point.band
    limits = f"band {percent(band.low)} to {percent(band.high)}" if band else "no band yet"
    return f"after {counted(point.n, 'answer')} {percent(point.rate)}, {limits}"


def running_total(hours: Iterable[TallyCell], band: Sequence[BandLook] = ()) -> RunningTotal | None:
    """None while there are too few answers, or a single point, which makes no line."""
    steps = _thin(_steps(hours), STEPS)
    if len(steps) < 2:
        return None
    points = tuple(RunningPoint(*step, _last_look(band, step[1])) for step in steps)
    return RunningTotal(points, tuple(band), e_value(points[-1].correct, points[-1].n))


def _last_look(band: Sequence[BandLook], n: int) -> BandLook | None:
    at = bisect_right(band, n, key=attrgetter("n"))
    return band[at - 1] if at else None


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
