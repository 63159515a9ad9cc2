"""Where the lines of a picture go. Pure: shares of the picture's width and height, in percent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor

LEFT, RIGHT, TOP, BOTTOM = 11.0, 97.0, 5.0, 84.0


@dataclass(frozen=True)
class Tick:
    """A place on an axis; `below` is a second line under its text."""

    at: float
    text: str
    below: str = ""


@dataclass(frozen=True)
class Scale:
    """Values from `low` to `high` along `start` to `stop`, which may run backwards."""

    low: float
    high: float
    start: float
    stop: float

    def __call__(self, value: float) -> float:
        inside = min(max(value, self.low), self.high)
        share = (inside - self.low) / ((self.high - self.low) or 1.0)
        return round(self.start + share * (self.stop - self.start), 3)


def rate_scale(values: Iterable[float]) -> Scale:
    """Whole tenths around the values; guessing and a tenth on either side are always inside."""
    known = [0.4, 0.6, *values]
    low, high = floor(min(known) * 10), ceil(max(known) * 10)
    return Scale(low / 10, high / 10, BOTTOM, TOP)


def rate_ticks(scale: Scale) -> tuple[Tick, ...]:
    tenths = range(round(scale.low * 10), round(scale.high * 10) + 1)
    step = 2 if len(tenths) > 6 else 1
    shown = [tenth for tenth in tenths if (tenth - 5) % step == 0]
    return tuple(Tick(scale(tenth / 10), f"{tenth * 10} %") for tenth in shown)


def path(points: Sequence[tuple[float, float]]) -> str:
    """For an SVG polyline or polygon."""
    return " ".join(f"{x:g},{y:g}" for x, y in points)
