"""What listeners do whatever they hear: prefer a side, prefer the first clip, learn, tire."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bachtest.results.counts.tallies import Cell
from bachtest.results.page.svg_scale import LEFT, RIGHT, Scale, Tick, path, rate_scale, rate_ticks
from bachtest.stats.clustered.response_bias import SideBias, side_bias
from bachtest.stats.rates import summary
from bachtest.stats.rates.accuracy import Proportion, wilson
from bachtest.stats.rates.summary import FEW, summarise


@dataclass(frozen=True)
class Habit:
    """A share of answers; None where there are too few."""

    words: str
    rate: Proportion | None


@dataclass(frozen=True)
class Leaning:
    """How a side or place is favoured; None where there are too few answers."""

    words: str
    bias: SideBias | None

    @property
    def rate(self) -> Proportion | None:
        """The share that chose it, with Wilson's interval."""
        if self.bias is None or self.bias.chosen_share is None:
            return None
        return wilson(round(self.bias.chosen_share * self.bias.n), self.bias.n)


@dataclass(frozen=True)
class Trial:
    number: int
    rate: Proportion | None
    x: float = 0.0
    y: float = 0.0
    low: float = 0.0
    high: float = 0.0


@dataclass(frozen=True)
class LearningPicture:
    trials: tuple[Trial, ...]
    line: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    chance: float


def leanings(sides: Iterable[Cell]) -> list[Leaning]:
    """How often the left clip, and the one heard first, were taken for Bach."""
    cells = list(sides)
    return [
        Leaning("took the clip on the left", _bias(cells, "left", _on_the_left)),
        Leaning("took the clip heard first", _bias(cells, "first", _heard_first)),
    ]


def by_place(sides: Iterable[Cell]) -> list[Habit]:
    """How often they were right, by where and when Bach was heard."""
    cells = list(sides)
    places = [
        ("Bach on the left", 0, "left"),
        ("Bach on the right", 0, "right"),
        ("Bach heard first", 1, "first"),
        ("Bach heard second", 1, "second"),
    ]
    return [
        Habit(words, _rate([cell for cell in cells if cell.labels[at] == label]))
        for words, at, label in places
    ]


def _on_the_left(side: str, first: str, chosen: str) -> tuple[bool, bool]:
    """Whether Bach was on the left, whether the left was chosen."""
    return side == "left", chosen == "left"


def _heard_first(side: str, first: str, chosen: str) -> tuple[bool, bool]:
    """Whether Bach was heard first, whether the clip heard first was chosen."""
    return first == "first", (side == chosen) == (first == "first")


def _bias(
    cells: list[Cell], side: str, seen: Callable[[str, str, str], tuple[bool, bool]]
) -> SideBias | None:
    counts: Counter[tuple[bool, bool]] = Counter()
    for cell in cells:
        counts[seen(*cell.labels)] += cell.n
    there = counts[True, True] + counts[True, False]
    elsewhere = counts[False, True] + counts[False, False]
    if there + elsewhere < FEW:
        return None
    return side_bias(side, counts[True, True], there, counts[False, True], elsewhere)


def _rate(cells: Iterable[Cell]) -> Proportion | None:
    counts = [summary.Count((), cell.n, cell.correct) for cell in cells]
    rate = summarise(counts).cells[0].rate
    return None if rate.n < FEW else rate


def learning_picture(trials: Iterable[Cell]) -> LearningPicture | None:
    """Right answers by the place of the round in its game; None without two to compare."""
    by_number: dict[int, list[Cell]] = {}
    for cell in trials:
        by_number.setdefault(int(cell.labels[0]), []).append(cell)
    rates = {number: _rate(by_number[number]) for number in sorted(by_number)}
    shown = [rate for rate in rates.values() if rate is not None]
    if len(shown) < 2:
        return None
    y = rate_scale([bound for rate in shown for bound in (rate.low, rate.high)])
    x = Scale(min(rates) - 0.5, max(rates) + 0.5, LEFT, RIGHT)
    drawn = tuple(_trial(number, rate, x, y) for number, rate in rates.items())
    return LearningPicture(
        trials=drawn,
        line=path([(trial.x, trial.y) for trial in drawn if trial.rate is not None]),
        x_ticks=tuple(Tick(trial.x, str(trial.number)) for trial in drawn),
        y_ticks=rate_ticks(y),
        chance=y(0.5),
    )


def _trial(number: int, rate: Proportion | None, x: Scale, y: Scale) -> Trial:
    if rate is None or rate.estimate is None:
        return Trial(number, None, x(number))
    return Trial(number, rate, x(number), y(rate.estimate), y(rate.low), y(rate.high))
