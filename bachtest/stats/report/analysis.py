"""Everything that a table can be asked, given the protocol by which listeners were asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bachtest.stats.clustered.anytime_valid import AnytimeInterval, EValue, e_value
from bachtest.stats.clustered.beta_binomial import BetaBinomialFit, beta_binomial
from bachtest.stats.clustered.population_band import PopulationBand
from bachtest.stats.clustered.response_bias import SideBias, Trend, side_bias, trend
from bachtest.stats.clustered.two_way_clustering import ClusteredRate, two_way, two_way_bootstrap
from bachtest.stats.rates.discrimination import Discrimination, discriminate
from bachtest.stats.rates.equivalence import ALPHA, Equivalence, check_alpha, equivalence
from bachtest.stats.rates.proportions import CHANCE
from bachtest.stats.rates.protocols import DiscriminationProtocol
from bachtest.stats.rates.two_ac import TwoAC, two_ac
from bachtest.stats.report.monitoring import listener_mean_of, population_band_of
from bachtest.stats.report.pooled_report import GROUPS, Report, make_report
from bachtest.stats.report.single_clips import SingleClipResult, single_clip_result
from bachtest.stats.tables.read_study_folder import AnswerSource
from bachtest.stats.tables.table import Table, TableError
from bachtest.stats.verdict.finding import Verdict
from bachtest.stats.verdict.item_effects import (
    ItemEffects,
    item_effects_of_counts,
    item_effects_of_fit,
)
from bachtest.stats.verdict.model_verdict import model_verdict
from bachtest.stats.verdict.pooled_verdict import discrimination_verdict
from bachtest.stats.verdict.ranking import Ranking, rank

if TYPE_CHECKING:
    from bachtest.stats.mixed.mixed_fit import MixedFit

# Draws times rows of the bootstrap; larger tables use the closed form.
_MAX_BOOTSTRAP_WORK = 20_000_000
_SEED = 1


@dataclass(frozen=True)
class Analysis:
    """All results on one table; None where a question cannot be asked (`no_model` says why)."""

    report: Report
    protocol: DiscriminationProtocol
    alpha: float
    margin: float | None
    verdict: Verdict
    pooled: Verdict
    model: MixedFit | None
    no_model: str
    equivalence: Equivalence | None
    discrimination: Discrimination | None
    single_clips: SingleClipResult | None
    ties: TwoAC | None
    clustered: ClusteredRate | None
    listeners_differ: BetaBinomialFit | None
    items_differ: BetaBinomialFit | None
    sides: tuple[SideBias, ...]
    trend: Trend | None
    e_value: EValue | None
    listeners: AnytimeInterval | None
    population_band: PopulationBand | None
    ranking: Ranking | None
    item_effects: ItemEffects | None


def analyse(
    source: AnswerSource,
    *,
    by: Sequence[Sequence[str]] = (),
    margin: float | None = None,
    alpha: float = ALPHA,
    model: bool = True,
    slopes: Sequence[str] = (),
) -> Analysis:
    """Answer every question that the table can be asked.

    Parameters
    ----------
    source : AnswerSource
    by : sequence of groupings
        The mixed model has the main effects of all these columns; without any, of condition,
        composer and experience where the table has them.
    margin : float or None
        None takes the design's, if there is one.
    alpha : float
    model : bool
        False skips the mixed model, which takes most of the time.
    slopes : sequence of str
        Columns with by-listener random slopes in the model.

    Returns
    -------
    Analysis

    Raises
    ------
    ValueError
        If there is no such column or flag, or alpha or the margin is impossible, or the protocol
        does not test equivalence.
    """
    check_alpha(alpha)
    if margin is not None and not source.protocol.tests_equivalence:
        raise TableError(
            f"margin {margin:g}: protocol {source.protocol.name} does not test equivalence; leave"
            " the margin out"
        )
    margin = source.margin if margin is None else margin
    protocol = source.protocol
    report = make_report(source, by=by, alpha=alpha, margin=margin)
    answers = source.included.without_ties() if protocol.allows_ties else source.included
    fit, no_model = (
        _model(answers, _columns(answers, by), slopes, alpha) if model else (None, "skipped")
    )
    correct, n = int(answers.correct.sum()), int(answers.n.sum())
    single_clips = single_clip_result(answers, protocol, alpha=alpha)
    discrimination = discriminate(correct, n, protocol, level=1 - alpha) if protocol.curve else None
    if single_clips is not None:
        verdict = pooled = single_clips.verdict
    elif protocol.chance != CHANCE and discrimination is not None:
        verdict = pooled = discrimination_verdict(discrimination, protocol, alpha=alpha)
    else:
        verdict = pooled = report.verdict
        if fit is not None:
            verdict = model_verdict(fit, protocol=protocol, alpha=alpha, margin=margin)
    ranked = fit is not None and any(t.by == ("composer",) for t in fit.tables)
    return Analysis(
        report=report,
        protocol=protocol,
        alpha=alpha,
        margin=margin,
        verdict=verdict,
        pooled=pooled,
        model=fit,
        no_model=no_model,
        equivalence=(
            equivalence(correct, n, margin=margin, alpha=alpha)
            if protocol.two_clips and margin is not None
            else None
        ),
        discrimination=discrimination,
        single_clips=single_clips,
        ties=_ties(source.included, alpha) if protocol.allows_ties else None,
        clustered=_clustered(answers, alpha),
        listeners_differ=_spread(answers, "listener", alpha),
        items_differ=_spread(answers, "item", alpha),
        sides=_sides(answers, alpha) if protocol.two_clips else (),
        trend=_trend(answers, alpha),
        e_value=e_value(correct, n) if protocol.two_clips else None,
        listeners=listener_mean_of(answers, level=1 - alpha),
        population_band=population_band_of(answers, level=1 - alpha),
        ranking=rank(fit.table("composer"), level=1 - alpha) if fit and ranked else None,
        item_effects=_item_effects(answers, fit),
    )


def _columns(table: Table, by: Sequence[Sequence[str]]) -> list[str]:
    columns = list(dict.fromkeys(name for group in by for name in group))
    if columns:
        return columns
    return [name for (name,) in GROUPS if (table.distinct(name) or 0) > 1]


def _model(
    table: Table, by: Sequence[str], slopes: Sequence[str], alpha: float
) -> tuple[MixedFit | None, str]:
    # Optimisers and distributions take a second to load; a pooled analysis needs none of them.
    from bachtest.stats.mixed.fit import fit_mixed
    from bachtest.stats.mixed.glmm import MixedError

    try:
        return fit_mixed(table, by, slopes=slopes, level=1 - alpha), ""
    except MixedError as error:
        if slopes:  # asked for by name: a report without them would not answer the question
            raise
        return None, str(error)


def _sums(table: Table, name: str) -> tuple[list[str], np.ndarray, np.ndarray]:
    column = table.column(name)
    size = len(column.values)
    n = np.bincount(column.codes, table.n, size)
    correct = np.bincount(column.codes, table.correct, size)
    answered = n > 0
    names = [value for value, some in zip(column.values, answered, strict=True) if some]
    return names, correct[answered].astype(np.int64), n[answered].astype(np.int64)


def _ties(table: Table, alpha: float) -> TwoAC:
    n, ties, right = int(table.n.sum()), int(table.ties.sum()), int(table.correct.sum())
    return two_ac(n - ties - right, ties, right, level=1 - alpha)


def _clustered(table: Table, alpha: float) -> ClusteredRate | None:
    if not {"listener", "item"} <= set(table.columns):
        return None
    rows = (
        table.column("listener").codes.astype(np.int64),
        table.column("item").codes.astype(np.int64),
        table.correct.astype(np.float64),
        table.n.astype(np.float64),
    )
    draws = min(999, _MAX_BOOTSTRAP_WORK // max(1, len(table)))
    if draws < 999 or not len(table):
        return two_way(*rows, level=1 - alpha)
    generator = np.random.default_rng(_SEED)
    return two_way_bootstrap(*rows, generator=generator, draws=draws, level=1 - alpha)


def _spread(table: Table, name: str, alpha: float) -> BetaBinomialFit | None:
    if name not in table.columns:
        return None
    _, correct, n = _sums(table, name)
    return beta_binomial(correct, n, level=1 - alpha)


def _sides(table: Table, alpha: float) -> tuple[SideBias, ...]:
    """The bias towards the clip heard first, and towards the one on the left."""
    bach_at: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    if "first" in table.columns:
        first = table.truth("first")
        bach_at["first"] = first == 1, first == 0
    if "side" in table.columns:
        side = table.column("side")
        left, right = (
            np.array([*(value == name for value in side.values), False])[side.codes]
            for name in ("left", "right")
        )
        if left.any() or right.any() or not len(table):
            bach_at["left"] = left, right
    right = table.correct > 0
    return tuple(
        side_bias(
            name,
            int((right & on_side).sum()),
            int(on_side.sum()),
            int((~right & off_side).sum()),
            int(off_side.sum()),
            level=1 - alpha,
        )
        for name, (on_side, off_side) in bach_at.items()
    )


def _trend(table: Table, alpha: float) -> Trend | None:
    if not {"trial", "listener"} <= set(table.columns):
        return None
    trial = table.numbers("trial")
    known = np.isfinite(trial)
    if not known.all():
        table, trial = table.where(known), trial[known]
    listener = table.column("listener").codes.astype(np.int64)
    n, correct = table.n.astype(np.float64), table.correct.astype(np.float64)
    return trend(trial, correct, n, listener, level=1 - alpha)


def _item_effects(table: Table, fit: MixedFit | None) -> ItemEffects | None:
    effects = None if fit is None else item_effects_of_fit(fit)
    if effects is None and "item" in table.columns:
        effects = item_effects_of_counts(*_sums(table, "item"))
    return effects
