"""The rows of the results tables: names for people, rates, and what is hidden."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from bachtest.game.scoring import written_part, written_voices
from bachtest.results.fit.stored_fit import FittedModel, FittedRate
from bachtest.results.page.charts import interval_picture
from bachtest.results.page.published_results import PublishedRate, bachbot_rate, published_rates
from bachtest.stats.rates.identical_pairs import IdenticalPairs
from bachtest.stats.rates.signal_detection import DPrime
from bachtest.stats.rates.summary import Breakdown, Cell
from bachtest.stats.report.pooled_report import Report

EXPERIENCE_MEANINGS = {
    "novice": "listens to music",
    "intermediate": "has played an instrument",
    "advanced": "has studied music theory",
    "expert": "teaches or researches music",
    "unstated": "did not say",
}
GROUP_TITLES = {
    "condition": "By what the machine wrote",
    "composer": "By composer",
    "experience": "By the listeners’ experience",
}


@dataclass(frozen=True)
class RateRow:
    """One cell's rates. `cell` is None where it has too few answers to be shown.

    d' is that of the model's rate. Only a `pooled` row, which no model is ever fitted to, has that
    of the raw rate.
    """

    name: str
    meaning: str
    cell: Cell | None
    published: PublishedRate | None = None
    model: FittedRate | None = None
    pooled: bool = False

    @property
    def description(self) -> str:
        """The picture in words."""
        parts = []
        if self.cell is not None and self.cell.rate.estimate is not None:
            rate = self.cell.rate
            parts.append(_described(rate.estimate, rate.low, rate.high))
        if self.model is not None:
            model = self.model
            parts.append(f"by the model {_described(model.estimate, model.low, model.high)}")
        if self.published is not None:
            parts.append(_described_published(self.published))
        return "; ".join(parts)

    @property
    def picture(self) -> SafeString:
        rate = None if self.cell is None else self.cell.rate
        if self.model is None:
            return interval_picture(self.description, rate, published=self.published)
        return interval_picture(self.description, self.model, raw=rate, published=self.published)

    @property
    def d_prime(self) -> DPrime | None:
        if self.cell is None:
            return None
        if self.pooled:
            return self.cell.d_prime()
        return None if self.model is None else self.model.d_prime(self.cell.rate)


@dataclass(frozen=True)
class RowGroup:
    """Rows that share a heading."""

    title: str
    rows: tuple[RateRow, ...]


@dataclass(frozen=True)
class IdenticalPairsRow:
    """How many of a composer's pairs are identical. Rates are None where too few answered."""

    name: str
    counts: IdenticalPairs
    rate: float | None
    rate_if_guessed: float | None


def percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f}%"


def _described(estimate: float | None, low: float, high: float) -> str:
    return f"{percent(estimate)}, interval {percent(low)} to {percent(high)}"


def _described_published(rate: PublishedRate) -> str:
    if rate.low is None or rate.high is None:
        return f"{rate.name}: {percent(rate.estimate)}"
    return f"{rate.name}: {_described(rate.estimate, rate.low, rate.high)}"


def forest(
    report: Report, composer_names: Mapping[str, str], model: FittedModel | None
) -> list[RowGroup]:
    """All answers, then each grouping by itself, with the mixed model's rates where there are."""
    everything = RateRow(
        "All", "", _shown(report.overall), model=None if model is None else model.rate((), ())
    )
    breakdowns = {breakdown.by: breakdown for breakdown in report.breakdowns}
    groups = [RowGroup("All answers", (everything,))]
    for field, title in GROUP_TITLES.items():
        breakdown = breakdowns[field,]
        rows = [rate_row(breakdown, cell, composer_names, model) for cell in breakdown.cells]
        groups.append(RowGroup(title, tuple(rows)))
    return groups


def unpaired_rows(rates: Breakdown, composer_names: Mapping[str, str]) -> list[RateRow]:
    """By composer, without a model or a published rate: nothing else asks this question."""
    return [
        RateRow(composer_names.get(cell.labels[0], cell.labels[0]), "", _shown(cell), pooled=True)
        for cell in rates.cells
    ]


def published_rows() -> list[RateRow]:
    return [RateRow(rate.name, "", None, published=rate) for rate in published_rates()]


def crossing(
    report: Report,
    by: Sequence[str],
    composer_names: Mapping[str, str],
    model: FittedModel | None,
) -> list[RowGroup]:
    """One group for each value of the first field, its rows the values of the others."""
    [breakdown] = [each for each in report.breakdowns if each.by == tuple(by)]
    groups: dict[str, list[RateRow]] = {}
    for cell in breakdown.cells:
        row = rate_row(breakdown, cell, composer_names, model, skip=1)
        groups.setdefault(cell.labels[0], []).append(row)
    return [
        RowGroup(" · ".join(filter(None, _words(by[0], label, composer_names))), tuple(rows))
        for label, rows in groups.items()
    ]


def rate_row(
    breakdown: Breakdown,
    cell: Cell,
    composer_names: Mapping[str, str],
    model: FittedModel | None,
    *,
    skip: int = 0,
) -> RateRow:
    labels = dict(zip(breakdown.by, cell.labels, strict=True))
    words = [_words(*label, composer_names) for label in list(labels.items())[skip:]]
    return RateRow(
        name=" · ".join(name for name, _ in words),
        meaning=words[0][1] if len(words) == 1 else "",
        cell=_shown(cell),
        published=_published(labels),
        model=None if cell.few or model is None else _model_rate(model, breakdown, cell),
    )


def _model_rate(model: FittedModel, breakdown: Breakdown, cell: Cell) -> FittedRate | None:
    # The model leaves out a field with a single value: the rate without it is that value's rate.
    columns = zip(*(other.labels for other in breakdown.cells), strict=True)
    varied = [at for at, labels in enumerate(columns) if len(set(labels)) > 1]
    return model.rate([breakdown.by[at] for at in varied], [cell.labels[at] for at in varied])


def _words(field: str, label: str, composer_names: Mapping[str, str]) -> tuple[str, str]:
    """A label's name for people, and what it means."""
    if field == "condition":
        return label, voices_in_words(label)
    if field == "composer":
        return composer_names.get(label, label), ""
    return label.capitalize(), EXPERIENCE_MEANINGS.get(label, "")


def _published(labels: Mapping[str, str]) -> PublishedRate | None:
    if "condition" not in labels:
        return None
    return bachbot_rate(labels["condition"], labels.get("experience"))


def voices_in_words(condition: str) -> str:
    if part := written_part(condition):
        return part
    voices = written_voices(condition)
    if len(voices) == 4:
        return "all four voices"
    return " and ".join(filter(None, [", ".join(voices[:-1]), voices[-1]]))


def _shown(cell: Cell) -> Cell | None:
    return None if cell.few else cell


def identical_pairs_rows(
    report: Report, composer_names: Mapping[str, str]
) -> list[IdenticalPairsRow]:
    return [
        IdenticalPairsRow(
            composer_names.get(counts.composer, counts.composer),
            counts,
            None if counts.few else counts.rate,
            None if counts.few else counts.rate_if_guessed,
        )
        for counts in report.identical_pairs
    ]
