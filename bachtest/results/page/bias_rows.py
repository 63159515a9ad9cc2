"""What listeners do whatever they hear: prefer a side or the first clip, learn, tire."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.utils.safestring import SafeString

from bachtest.results.counts.tallies import TallyCell
from bachtest.results.page.charts import (
    across,
    chart,
    error_bar,
    line_through,
    upwards,
)
from bachtest.results.page.rows import percent
from bachtest.stats.clustered.response_bias import SideBias, side_bias
from bachtest.stats.rates import summary
from bachtest.stats.rates.proportions import Proportion, wilson
from bachtest.stats.rates.summary import FEW, summarise


@dataclass(frozen=True)
class SideBiasRow:
    """A share of answers, and the bias behind it where there is one to speak of."""

    label: str
    rate: Proportion | None
    bias: SideBias | None = None


@dataclass(frozen=True)
class TrialRate:
    """The rate in one round of the game; None where too few answered."""

    number: int
    rate: Proportion | None


@dataclass(frozen=True)
class Learning:
    trials: tuple[TrialRate, ...]

    @property
    def picture(self) -> SafeString:
        shown = [(trial.number, trial.rate) for trial in self.trials if trial.rate is not None]
        numbers = [trial.number for trial in self.trials]
        x = across(min(numbers) - 0.5, max(numbers) + 0.5)
        y = upwards(bound for _, rate in shown for bound in (rate.low, rate.high))
        described = "; ".join(f"round {number} {percent(rate.estimate)}" for number, rate in shown)
        return chart(
            f"Share right in each round of the game: {described}; the table below has the numbers",
            x,
            y,
            {number: (str(number),) for number in numbers},
            line_through([(x(number), y(rate.estimate or 0.0)) for number, rate in shown]),
            *(error_bar(x.place(number), y, rate) for number, rate in shown),
        )


def side_bias_rows(sides: Iterable[TallyCell]) -> list[SideBiasRow]:
    """How often the left clip, and the one heard first, were chosen as Bach."""
    cells = list(sides)
    return [
        _bias_row("the left clip", "left", cells, _on_the_left),
        _bias_row("the clip heard first", "first", cells, _heard_first),
    ]


def rates_by_place(sides: Iterable[TallyCell]) -> list[SideBiasRow]:
    """How often they were right, by where and when Bach was heard."""
    cells = list(sides)
    places = [
        ("Bach on the left", 0, "left"),
        ("Bach on the right", 0, "right"),
        ("Bach heard first", 1, "first"),
        ("Bach heard second", 1, "second"),
    ]
    return [
        SideBiasRow(label, _rate([cell for cell in cells if cell.labels[column] == value]))
        for label, column, value in places
    ]


def _on_the_left(side: str, first: str, chosen: str) -> tuple[bool, bool]:
    """Whether Bach was on the left, whether the left was chosen."""
    return side == "left", chosen == "left"


def _heard_first(side: str, first: str, chosen: str) -> tuple[bool, bool]:
    """Whether Bach was heard first, whether the clip heard first was chosen."""
    return first == "first", (side == chosen) == (first == "first")


def _bias_row(
    label: str,
    side: str,
    cells: Iterable[TallyCell],
    bach_and_choice: Callable[[str, str, str], tuple[bool, bool]],
) -> SideBiasRow:
    counts: Counter[tuple[bool, bool]] = Counter()
    for cell in cells:
        counts[bach_and_choice(*cell.labels)] += cell.n
    n = counts.total()
    if n < FEW:
        return SideBiasRow(label, None)
    chosen_with_bach, chosen_without = counts[True, True], counts[False, True]
    with_bach = chosen_with_bach + counts[True, False]
    bias = side_bias(side, chosen_with_bach, with_bach, chosen_without, n - with_bach)
    return SideBiasRow(label, wilson(chosen_with_bach + chosen_without, n), bias)


def _rate(cells: Iterable[TallyCell]) -> Proportion | None:
    counts = [summary.AnswerCount((), cell.n, cell.correct) for cell in cells]
    rate = summarise(counts).cells[0].rate
    return None if rate.n < FEW else rate


def learning(trials: Iterable[TallyCell]) -> Learning | None:
    """Right answers by the number of the round in its game; None without two to compare."""
    by_number: dict[int, list[TallyCell]] = {}
    for cell in trials:
        by_number.setdefault(int(cell.labels[0]), []).append(cell)
    rates = tuple(TrialRate(number, _rate(by_number[number])) for number in sorted(by_number))
    compared = [trial for trial in rates if trial.rate is not None]
    return Learning(rates) if len(compared) > 1 else None
