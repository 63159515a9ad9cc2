"""Listeners' rates of one composer in one study, as the results page has them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from bachtest.results.counts.answers import study_report, unpaired_rates
from bachtest.results.counts.composer_labels import composer_labels
from bachtest.results.counts.tallies import ensure_counted, included_cells
from bachtest.results.fit.stored_fit import FittedModel, analysis_of, fit_of
from bachtest.results.page.rows import RateRow, rate_row, unpaired_rows, voices_in_words
from bachtest.stats.rates.summary import Breakdown, Cell
from bachtest.stats.report.pooled_report import Report
from bachtest.studies.models import Study
from generator.models import Version

CROSSED = ("condition", "composer")


@dataclass(frozen=True)
class VersionRates:
    """Of one version in one study.

    `unpaired` is the rate of unpaired items: a question of its own, in none of the rows.
    """

    version: Version
    overall: RateRow | None
    rows: tuple[RateRow, ...]
    unpaired: RateRow | None


def rates_of_versions(study: Study, versions: Iterable[Version]) -> list[VersionRates]:
    """Of the versions that were answered, in their order."""
    labels = composer_labels(study)
    report = study_report(study, by=[CROSSED])
    model = _model(study)
    unpaired = {row.name: row for row in unpaired_rows(unpaired_rates(study), {})}
    answered, answered_unpaired = _answered(study, "cells", 1), _answered(study, "unpaired", 0)
    rates = []
    for version in versions:
        label = labels[version.pk].label
        of_version = VersionRates(
            version,
            _overall(report, label, model) if version.pk in answered else None,
            tuple(_by_condition(report, label, model)) if version.pk in answered else (),
            unpaired.get(label) if version.pk in answered_unpaired else None,
        )
        if of_version.overall or of_version.unpaired:
            rates.append(of_version)
    return rates


def overall_rates(study: Study) -> dict[int, RateRow]:
    """The rate of each version that was answered, by its id."""
    labels, model, report = composer_labels(study), _model(study), study_report(study)
    rates = {pk: _overall(report, labels[pk].label, model) for pk in _answered(study, "cells", 1)}
    return {pk: rate for pk, rate in rates.items() if rate is not None}


def _answered(study: Study, table: str, column: int) -> set[int]:
    """Versions by their ids. Of those that share a label, one alone was answered."""
    labels = {cell.labels[column] for cell in included_cells(study, table)}
    return {int(version) for version in labels if version.isdigit()}


def _model(study: Study) -> FittedModel | None:
    ensure_counted(study)
    fit = fit_of(analysis_of(study))
    return fit.model if fit else None


def _overall(report: Report, label: str, model: FittedModel | None) -> RateRow | None:
    for breakdown, cell in _cells(report, ("composer",)):
        if cell.labels == (label,):
            return replace(rate_row(breakdown, cell, {}, model), name="All")
    return None


def _by_condition(report: Report, label: str, model: FittedModel | None) -> Iterator[RateRow]:
    for breakdown, cell in _cells(report, CROSSED):
        condition, composer = cell.labels
        if composer == label:
            row = rate_row(breakdown, cell, {}, model)
            yield replace(row, name=condition, meaning=voices_in_words(condition))


def _cells(report: Report, by: tuple[str, ...]) -> Iterator[tuple[Breakdown, Cell]]:
    for breakdown in report.breakdowns:
        if breakdown.by == by:
            yield from ((breakdown, cell) for cell in breakdown.cells)
