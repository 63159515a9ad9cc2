"""Rounds of two clips by Bach: no answer is right, so the analysis is of the side chosen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bachtest.stats.clustered.beta_binomial import BetaBinomialFit
from bachtest.stats.rates.equivalence import ALPHA
from bachtest.stats.rates.protocols import OTHER_SIDE
from bachtest.stats.rates.summary import CountSettings
from bachtest.stats.report.analysis import spread_of
from bachtest.stats.report.knew_rates import headline_groups
from bachtest.stats.report.pooled_report import Report, make_report
from bachtest.stats.report.table_model import ModelOptions, model_columns
from bachtest.stats.tables.read_study_folder import AnswerSource
from bachtest.stats.verdict.finding import Verdict
from bachtest.stats.verdict.side_preference import (
    SidePreference,
    preference_of_counts,
    preference_of_fit,
    side_verdict,
)

if TYPE_CHECKING:
    from bachtest.stats.mixed.mixed_fit import MixedFit

_TRUTH = re.compile(r"\b(right|wrong)\b")


@dataclass(frozen=True)
class AllBachAnalysis:
    """Which side was chosen; `preference` and `verdict` are the model's where there is one.

    In `report` and in the tables of `model`, `correct` counts the answers that chose `side`.
    """

    report: Report
    side: str
    preference: SidePreference
    pooled_preference: SidePreference
    verdict: Verdict
    pooled: Verdict
    model: MixedFit | None
    no_model: str
    listeners_differ: BetaBinomialFit | None
    items_differ: BetaBinomialFit | None


def analyse_all_bach(
    source: AnswerSource,
    *,
    by: Sequence[Sequence[str]] = (),
    margin: float | None = None,
    alpha: float = ALPHA,
    model: bool = True,
    slopes: Sequence[str] = (),
    interactions: Sequence[tuple[str, str]] = (),
    counting: CountSettings | None = None,
    profile: bool = False,
) -> AllBachAnalysis:
    """Which side do listeners favour, where there is no truth?

    Parameters
    ----------
    source : AnswerSource
        Read by a protocol without a truth.
    by : sequence of groupings
        As in `analysis.analyse`.
    margin : float or None
        No side is favoured if the share of one lies within .5 +- margin.
    alpha : float
    model : bool
        False skips the mixed model.
    slopes : sequence of str
        Columns with by-listener random slopes in the model.
    interactions : sequence of (str, str)
        Pairs of columns of `by` that the model crosses whether or not that matters.
    counting : CountSettings or None
    profile : bool
        Adds profile-likelihood intervals to the model.

    Returns
    -------
    AllBachAnalysis

    Raises
    ------
    ValueError
        If there is no such column or flag, or alpha or the margin is impossible.
    """
    answers, side = source.included, source.table.chosen_side
    report = make_report(source, by=by, alpha=alpha, margin=margin, counting=counting)
    rate = report.overall.rate
    pooled_preference = preference_of_counts(rate.correct, rate.n, side, alpha=alpha)
    pooled = side_verdict(pooled_preference, alpha=alpha, margin=margin)
    fit, no_model = None, "skipped"
    if model:
        columns = model_columns(answers, headline_groups(source, by))
        options = ModelOptions(source.protocol, alpha, slopes, interactions, profile=profile)
        fitted = options.fit(answers, columns)
        fit, no_model = fitted.fit, fitted.no_model
    preference, verdict = pooled_preference, pooled
    if fit is not None:
        fit = _about_sides(fit, side)
        preference = preference_of_fit(fit, side, alpha=alpha)
        verdict = side_verdict(preference, fit=fit, alpha=alpha, margin=margin)
    return AllBachAnalysis(
        report, side, preference, pooled_preference, verdict, pooled, fit, no_model,
        spread_of(answers, "listener", alpha), spread_of(answers, "item", alpha),
    )  # fmt: skip


def _about_sides(fit: MixedFit, side: str) -> MixedFit:
    """The fit with the side in all words where it has right and wrong answers."""
    side_of = {"right": side, "wrong": OTHER_SIDE[side]}

    def said(text: str) -> str:
        return _TRUTH.sub(lambda word: side_of[word[0]], text)

    return replace(
        fit,
        formula=fit.formula.replace("correct ~", f"chose_{side} ~", 1),
        notes=tuple(map(said, fit.notes)),
        variance_components=tuple(
            replace(one, note=said(one.note)) for one in fit.variance_components
        ),
    )
