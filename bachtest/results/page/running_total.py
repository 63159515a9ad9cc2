"""The rate as it grew: right answers so far, hour by hour, in steps of some answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bachtest.results.counts.tallies import Cell
from bachtest.results.page.svg_scale import LEFT, RIGHT, Scale, Tick, path, rate_scale, rate_ticks
from bachtest.stats.clustered.anytime_valid import EValue, coin_band, e_value
from bachtest.stats.rates.summary import FEW

T = TypeVar("T")
STEPS = 120
ROWS = 12


@dataclass(frozen=True)
class Point:
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
    def when(self) -> str:
        return f"{self.hour[:10]}, {self.hour[11:]} h"


@dataclass(frozen=True)
class RunningPicture:
    rows: tuple[Point, ...]
    band: str
    line: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    chance: float
    e_value: EValue

    @property
    def last(self) -> Point:
        return self.rows[-1]


def running_picture(hours: Iterable[Cell]) -> RunningPicture | None:
    """None while there are too few answers, or one point alone, which is no line."""
    steps = _thin(_steps(hours), STEPS)
    if len(steps) < 2:
        return None
    low, high = coin_band([step[2] for step in steps], [step[1] for step in steps])
    points = [
        Point(*step, *band) for step, *band in zip(steps, low.tolist(), high.tolist(), strict=True)
    ]
    last = points[-1]
    x = Scale(0, points[-1].n, LEFT, RIGHT)
    # The first points are wide: the scale is that of the later half, and the rest is cut off.
    later = points[len(points) // 2 :]
    y = rate_scale([bound for point in later for bound in (point.low, point.high)])
    upper = [(x(point.n), y(point.high)) for point in points]
    lower = [(x(point.n), y(point.low)) for point in reversed(points)]
    return RunningPicture(
        rows=tuple(_thin(points, ROWS)),
        band=path(upper + lower),
        line=path([(x(point.n), y(point.rate)) for point in points]),
        x_ticks=tuple(_x_tick(point, x) for point in _thin(points, 4)),
        y_ticks=rate_ticks(y),
        chance=y(0.5),
        e_value=e_value(last.correct, last.n),
    )


def _steps(hours: Iterable[Cell]) -> list[tuple[str, int, int]]:
    """Running sums, each at least FEW answers after the one before, so that none stands alone."""
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
    """So many of them, evenly, the last among them."""
    if len(points) <= most:
        return list(points)
    step = len(points) / most
    return [points[int((i + 1) * step + 1e-9) - 1] for i in range(most)]


def _x_tick(point: Point, x: Scale) -> Tick:
    return Tick(x(point.n), f"{point.n:,}", point.hour[:10])
