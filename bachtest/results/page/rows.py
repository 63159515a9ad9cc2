"""What the results page says in words: names for people, figures, rows to draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bachtest.game.scoring import written_voices
from bachtest.results.page.published_results import Mark, bachbot
from bachtest.stats.rates.identical_pairs import Likeness
from bachtest.stats.rates.signal_detection import DPrime
from bachtest.stats.rates.summary import Breakdown, Cell
from bachtest.stats.report.pooled_report import Report

EXPERIENCE_WORDS = {
    "novice": "listens to music",
    "intermediate": "has played an instrument",
    "advanced": "has studied music theory",
    "expert": "teaches or researches music",
    "unstated": "did not say",
}
GROUP_TITLES = {
    "condition": "By the voices that the machine wrote",
    "composer": "By composer",
    "experience": "By the listeners’ experience",
}


@dataclass(frozen=True)
class Modelled:
    """A rate by the mixed model, over listeners and pairs in general."""

    estimate: float
    low: float
    high: float
    p: float


@dataclass(frozen=True)
class Row:
    """A group on the page. `cell` is None where it has too few answers to be shown."""

    name: str
    words: str
    cell: Cell | None
    anchor: Mark | None = None
    model: Modelled | None = None

    @property
    def alternative(self) -> str:
        """The picture in words."""
        parts = []
        if self.cell is not None and self.cell.rate.estimate is not None:
            rate = self.cell.rate
            parts.append(
                f"{percent(rate.estimate)}, interval {percent(rate.low)} to {percent(rate.high)}"
            )
        if self.model is not None:
            parts.append(
                f"by the model {percent(self.model.estimate)}, interval {percent(self.model.low)}"
                f" to {percent(self.model.high)}"
            )
        if self.anchor is not None:
            parts.append(f"{self.anchor.name}: {percent(self.anchor.rate)}")
            if self.anchor.low is not None:
                parts[-1] += f", interval {percent(self.anchor.low)} to {percent(self.anchor.high)}"
        return "; ".join(parts)

    @property
    def d_prime(self) -> DPrime | None:
        return None if self.cell is None else self.cell.d_prime()


@dataclass(frozen=True)
class Group:
    """Rows of the forest that share a heading."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class AlikeRow:
    """How alike a composer's pairs are. Rates are None where too few answered."""

    name: str
    likeness: Likeness
    rate: float | None
    rate_if_guessed: float | None


def percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f} %"


def forest(
    report: Report, composer_names: Mapping[str, str], findings: Mapping[str, Any]
) -> list[Group]:
    """Everything, and each grouping alone; beside each what the mixed model found, if it did."""
    rates = findings.get("rates", {})
    everything = Row("All", "", _shown(report.overall), model=_modelled(rates, (), ()))
    breakdowns = {breakdown.by: breakdown for breakdown in report.breakdowns}
    groups = [Group("All answers", (everything,))]
    for field, title in GROUP_TITLES.items():
        rows = []
        for cell in breakdowns[field,].cells:
            row = _row(breakdowns[field,], cell, composer_names)
            model = None if cell.few else _modelled(rates, (field,), cell.labels)
            rows.append(replace(row, model=model))
        groups.append(Group(title, tuple(rows)))
    return groups


def _modelled(
    rates: Mapping[str, Any], by: Sequence[str], labels: Sequence[str]
) -> Modelled | None:
    found = rates.get(",".join(by), {}).get("|".join(labels))
    if found is None:
        return None
    return Modelled(found["estimate"], found["low"], found["high"], found["p"])


def crossing(
    report: Report,
    by: Sequence[str],
    composer_names: Mapping[str, str],
    findings: Mapping[str, Any],
) -> list[Group]:
    """One group for each value of the first field, its rows the values of the others."""
    [breakdown] = [each for each in report.breakdowns if each.by == tuple(by)]
    groups: dict[str, list[Row]] = {}
    for cell in breakdown.cells:
        row = _row(breakdown, cell, composer_names, skip=1)
        model = None if cell.few else _modelled(findings.get("rates", {}), by, cell.labels)
        groups.setdefault(cell.labels[0], []).append(replace(row, model=model))
    return [
        Group(" · ".join(filter(None, _words(by[0], label, composer_names))), tuple(rows))
        for label, rows in groups.items()
    ]


def _row(
    breakdown: Breakdown, cell: Cell, composer_names: Mapping[str, str], *, skip: int = 0
) -> Row:
    labels = list(zip(breakdown.by, cell.labels, strict=True))
    said = [_words(field, label, composer_names) for field, label in labels[skip:]]
    names = " · ".join(name for name, _ in said)
    words = said[0][1] if len(said) == 1 else ""
    return Row(names, words, _shown(cell), _anchor(dict(labels)))


def _words(field: str, label: str, composer_names: Mapping[str, str]) -> tuple[str, str]:
    """A label's name for people, and what it means."""
    if field == "condition":
        return label, condition_words(label)
    if field == "composer":
        return composer_names.get(label, label), ""
    return label.capitalize(), EXPERIENCE_WORDS.get(label, "")


def _anchor(labels: Mapping[str, str]) -> Mark | None:
    if "condition" not in labels:
        return None
    return bachbot(labels["condition"], labels.get("experience"))


def condition_words(condition: str) -> str:
    voices = written_voices(condition)
    if len(voices) == 4:
        return "all four voices"
    return " and ".join(filter(None, [", ".join(voices[:-1]), voices[-1]]))


def _shown(cell: Cell) -> Cell | None:
    return None if cell.few else cell


def alike_rows(report: Report, composer_names: Mapping[str, str]) -> list[AlikeRow]:
    return [
        AlikeRow(
            composer_names.get(row.composer, row.composer),
            row,
            None if row.few else row.rate,
            None if row.few else row.rate_if_guessed,
        )
        for row in report.alike
    ]
