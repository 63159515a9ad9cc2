"""The mixed model, the trend and what is valid at any time, from every answer of a study.

A worker's job: it takes too long for a page, and loads SciPy.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from django.db.models import CharField, F
from django.db.models.functions import Cast
from numpy.typing import NDArray

from bachtest.results.counts.answers import FIELDS, answers_of
from bachtest.results.counts.composer_labels import composer_labels
from bachtest.results.counts.flags import FLAGS
from bachtest.results.counts.tallies import BATCH
from bachtest.results.fit.stored_fit import (
    FitDesign,
    FittedModel,
    FittedPair,
    FittedRate,
    FittedSpread,
    FittedTest,
    FittedTrend,
    FittedVerdict,
    ListenerMean,
    StoredFit,
)
from bachtest.stats.clustered.anytime_valid import empirical_bernstein_interval
from bachtest.stats.clustered.population_band import BandLook, population_band, spaced_looks
from bachtest.stats.clustered.response_bias import trend
from bachtest.stats.mixed.fit import fit_mixed
from bachtest.stats.mixed.likelihood.glmm import MixedError
from bachtest.stats.mixed.mixed_fit import MixedFit
from bachtest.stats.verdict.best_listeners import best_listeners, with_best_listeners
from bachtest.stats.verdict.item_effects import items_of_fit
from bachtest.stats.verdict.model_verdict import model_verdict
from bachtest.studies.models import Study


@dataclass(frozen=True)
class IncludedAnswers:
    """A study's answers without those that its design excludes, column by column."""

    columns: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]
    correct: tuple[int, ...]

    @property
    def n(self) -> Sequence[int]:
        return (1,) * len(self.correct)

    def values(self, column: str) -> Sequence[str]:
        return self.cells[self.columns.index(column)]


_COLUMNS = {
    "listener": Cast("round__game__participation__listener_id", CharField()),
    "item": Cast("round__pair_id", CharField()),
    "excerpt": Cast("round__pair__excerpt_id", CharField()),
    "condition": F("round__pair__machine__condition"),
    "composer": F("round__pair__machine__version_id"),
    "experience": F("round__game__participation__experience"),
    "trial": Cast("round__number", CharField()),
}


def included_answers(study: Study) -> IncludedAnswers:
    """In the order in which they came."""
    included = answers_of(study).filter(correct__isnull=False)
    for flag in FLAGS:
        if flag.name in study.exclusions:
            included = included.exclude(flag.condition)
    sources = {f"column_{name}": source for name, source in _COLUMNS.items()}
    rows = included.annotate(**sources).order_by("id").values_list(*sources, "correct")
    *columns, correct = _columns_of(rows.iterator(chunk_size=BATCH), len(sources) + 1)
    cells = dict(zip(_COLUMNS, columns, strict=True))
    labels = composer_labels(study)
    cells["composer"] = tuple(labels[version].label for version in cells["composer"])
    return IncludedAnswers(tuple(cells), tuple(cells.values()), tuple(map(int, correct)))


def _columns_of(rows: Iterable[tuple[Any, ...]], width: int) -> list[tuple[Any, ...]]:
    # Each value is kept once: a million rows of texts of their own would take a gigabyte.
    columns: list[list[Any]] = [[] for _ in range(width)]
    values: list[dict[Any, Any]] = [{} for _ in range(width)]
    rows = iter(rows)
    while batch := list(islice(rows, BATCH)):
        for column, known, cells in zip(columns, values, zip(*batch, strict=True), strict=True):
            column.extend(map(known.setdefault, cells, cells))
    return [tuple(column) for column in columns]


def fit_answers(answers: IncludedAnswers, design: FitDesign) -> StoredFit:
    """The fit of the site's own question: three groupings, listeners and pairs as samples."""
    refused = ""
    model = None
    by = [field for field in FIELDS if len(set(answers.values(field))) > 1]
    try:
        model = _stored_model(fit_mixed(answers, by, find_interactions=True), design.margin)
    except MixedError as error:
        refused = str(error)
    return StoredFit(
        design, model, refused, _trend(answers), _listener_mean(answers), _band(answers)
    )


def _stored_model(fit: MixedFit, margin: float) -> FittedModel:
    best = best_listeners(fit)
    verdict = with_best_listeners(model_verdict(fit, margin=margin), best)
    return FittedModel(
        verdict=FittedVerdict(
            verdict.finding.value,
            _in_words_of_the_site(verdict.sentence),
            _in_words_of_the_site(str(verdict.needs or "")),
            _in_words_of_the_site(verdict.caution),
            str(best or ""),
        ),
        rates={
            ",".join(table.by): {
                "|".join(rate.labels): FittedRate(rate.estimate, rate.low, rate.high, rate.p)
                for rate in table.rates
            }
            for table in fit.tables
        },
        pair_rates={
            item.name: FittedPair(item.estimate, item.low, item.high, item.residual)
            for item in items_of_fit(fit)
            if item.low is not None and item.high is not None and item.residual is not None
        },
        spreads=tuple(
            FittedSpread(
                _in_words_of_the_site(spread.name),
                spread.sd if spread.restricted_sd is None else spread.restricted_sd,
            )
            for spread in fit.variance_components
            if spread.estimated
        ),
        tests=tuple(FittedTest(test.name, test.p) for test in fit.tests if " x " not in test.name),
        notes=tuple(_in_words_of_the_site(note) for note in fit.notes),
        method=_in_words_of_the_site(fit.method),
        interactions=tuple(
            FittedTest(f"{test.first} and {test.second}", test.p) for test in fit.interaction_tests
        ),
    )


def _in_words_of_the_site(text: str) -> str:
    # The site's items are pairs of clips.
    return re.sub(r"\bitem(s?)\b", r"pair\1", text)


def _trend(answers: IncludedAnswers) -> FittedTrend | None:
    trial = np.array(answers.values("trial"), dtype=float)
    correct = np.array(answers.correct, dtype=float)
    slope = trend(trial, correct, np.ones(len(correct)), _codes(answers.values("listener")))
    if slope.estimate is None:
        return None
    return FittedTrend(slope.estimate, slope.low, slope.high, slope.p)


def _listener_mean(answers: IncludedAnswers) -> ListenerMean | None:
    """Listeners stand in the order of their last answers."""
    codes = _codes(answers.values("listener"))
    n = np.bincount(codes)
    last = np.zeros(len(n), dtype=np.int64)
    last[codes] = np.arange(len(codes))  # the last of several stands
    rates = np.bincount(codes, answers.correct) / n
    mean = empirical_bernstein_interval(rates[np.argsort(last)])
    if mean.estimate is None:
        return None
    return ListenerMean(mean.estimate, mean.low, mean.high, mean.n)


def _band(answers: IncludedAnswers) -> tuple[BandLook, ...]:
    """Looks are far enough apart to hide each answer."""
    count = len(answers.correct)
    band = population_band(
        _codes(answers.values("listener")),
        _codes(answers.values("item")),
        np.array(answers.correct, dtype=float),
        np.ones(count),
        looks=spaced_looks(count),
    )
    return band.looks


def _codes(values: Sequence[str]) -> NDArray[np.int64]:
    codes: dict[str, int] = {}
    return np.array([codes.setdefault(value, len(codes)) for value in values], dtype=np.int64)
