"""Everything that a table can be asked, given the protocol by which listeners were asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bachtest.stats.clustered.anytime_valid import (
    AnytimeInterval,
    EValue,
    e_value,
)
from bachtest.stats.clustered.beta_binomial import BetaBinomialFit
from bachtest.stats.clustered.population_band import PopulationBand
from bachtest.stats.clustered.response_bias import SideBias, Trend
from bachtest.stats.clustered.two_way_clustering import ClusteredRate
from bachtest.stats.detection.marginal_d import MarginalDs, marginal_ds
from bachtest.stats.rates.discrimination import (
    Discrimination,
    Similarity,
    discriminate,
    similarity_to_margin,
)
from bachtest.stats.rates.equivalence import ALPHA, Equivalence, check_alpha, equivalence
from bachtest.stats.rates.protocols import DiscriminationProtocol
from bachtest.stats.rates.signal_detection import DPrime
from bachtest.stats.rates.summary import CountSettings
from bachtest.stats.rates.two_ac import TwoAC
from bachtest.stats.report.monitoring.anytime_results import listener_mean_of, population_band_of
from bachtest.stats.report.pooled_report import Report, make_report
from bachtest.stats.report.questions.clustered import (
    clustered_rate,
    side_biases,
    spread_of,
    sums_of,
    ties_of,
    trend_of,
)
from bachtest.stats.report.questions.knew_rates import KnewModel, headline_groups
from bachtest.stats.report.questions.single_clips import (
    SingleClipResult,
    fakes_verdict,
    single_clip_result,
)
from bachtest.stats.report.questions.table_model import ModelOptions, TableModel, model_columns
from bachtest.stats.tables.read_study_folder import AnswerSource
from bachtest.stats.tables.spellings import KNEW
from bachtest.stats.tables.table import Table, TableError
from bachtest.stats.verdict.best_listeners import (
    BestListeners,
    best_listeners,
    with_best_listeners,
)
from bachtest.stats.verdict.contrasts import Contrasts, contrasts
from bachtest.stats.verdict.finding import Verdict
from bachtest.stats.verdict.item_effects import (
    ItemEffects,
    item_effects_of_counts,
    item_effects_of_fit,
)
from bachtest.stats.verdict.model_verdict import model_verdict
from bachtest.stats.verdict.pooled_verdict import discrimination_verdict
from bachtest.stats.verdict.ranking import Ranking, rank
from bachtest.stats.verdict.rasch import RaschModel, rasch_model

if TYPE_CHECKING:
    from bachtest.stats.detection.yes_no_model import Sensitivity, YesNoModel
    from bachtest.stats.mixed.mixed_fit import MixedFit


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
    d_primes: MarginalDs | None
    discrimination: Discrimination | None
    similarity: Similarity | None
    single_clips: SingleClipResult | None
    yes_no_model: YesNoModel | None
    ties: TwoAC | None
    clustered: ClusteredRate | None
    listeners_differ: BetaBinomialFit | None
    items_differ: BetaBinomialFit | None
    sides: tuple[SideBias, ...]
    trend: Trend | None
    e_value: EValue | None
    listeners: AnytimeInterval | None
    population_band: PopulationBand | None
    contrasts: tuple[Contrasts, ...]
    ranking: Ranking | None
    item_effects: ItemEffects | None
    best_listeners: BestListeners | None = None
    rasch: RaschModel | None = None
    knew: KnewModel | None = None

    @property
    def d_prime(self) -> DPrime | None:
        """That of the headline, where the protocol has a curve and there is a model."""
        return None if self.d_primes is None else self.d_primes[(), ()]

    @property
    def pooled_single_clips(self) -> SingleClipResult | None:
        """The pooled result of single clips, where there is no model of them."""
        return self.single_clips if self.model is None else None

    @property
    def sensitivity(self) -> tuple[Sensitivity, ...]:
        """d' and criterion of yes/no answers: of all, then of the levels of each column."""
        if self.yes_no_model is None:
            return ()
        cells = [cell for table in self.yes_no_model.tables for cell in table.cells]
        return (self.yes_no_model.overall, *cells)


def analyse(
    source: AnswerSource,
    *,
    by: Sequence[Sequence[str]] = (),
    margin: float | None = None,
    alpha: float = ALPHA,
    model: bool = True,
    slopes: Sequence[str] = (),
    interactions: Sequence[tuple[str, str]] = (),
    side_bias: bool = False,
    counting: CountSettings | None = None,
    profile: bool = False,
    rasch_in_full: bool = False,
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
    interactions : sequence of (str, str)
        Pairs of columns of `by` that the model crosses whether or not that matters.
    side_bias : bool
        Whether the model has a term for the side on which Bach was.
    counting : CountSettings or None
        How counts are shown; None: Wilson's intervals and Holm's p-values.
    profile : bool
        Adds profile-likelihood intervals to the model.
    rasch_in_full : bool
        Whether the Rasch model lists every listener and item.

    Returns
    -------
    Analysis

    Raises
    ------
    ValueError
        If there is no such column or flag, or alpha or the margin is impossible, or the protocol
        has no rate that a margin could lie around.
    """
    check_alpha(alpha)
    if not source.protocol.has_truth:
        raise TableError(f"protocol {source.protocol.name}: nothing is right; use analyse_all_bach")
    if margin is not None and not source.protocol.tests_margin:
        raise TableError(
            f"margin {margin:g}: protocol {source.protocol.name} has no rate at which listeners"
            " guess, so none for a margin to lie around; leave the margin out"
        )
    margin = source.margin if margin is None else margin
    protocol = source.protocol
    report = make_report(source, by=by, alpha=alpha, margin=margin, counting=counting)
    answers = source.included.without_ties() if protocol.allows_ties else source.included
    headline = headline_groups(source, by)
    columns = model_columns(answers, headline)
    fitted = TableModel(None, None, "skipped")
    crossed = [pair for pair in interactions if {*pair} <= {*columns}]
    options = ModelOptions(protocol, alpha, slopes, crossed, side_bias, profile)
    if model:
        fitted = options.fit(answers, columns)
    fit = fitted.fit
    correct, n = int(answers.correct.sum()), int(answers.n.sum())
    single_clips = single_clip_result(answers, protocol, alpha=alpha)
    best = best_listeners(fit) if fit and single_clips is None else None
    discrimination = discriminate(correct, n, protocol, level=1 - alpha) if protocol.curve else None
    if single_clips is not None:
        pooled = single_clips.verdict
    elif discrimination is not None and not protocol.two_clips:
        pooled = discrimination_verdict(discrimination, protocol, alpha=alpha, margin=margin)
    else:
        pooled = report.verdict
    verdict = pooled
    if single_clips is not None and fitted.yes_no is not None:
        verdict = single_clips.by_model(fitted.yes_no, alpha)
    elif single_clips is not None:
        if single_clips.fakes is not None and fit is not None:
            verdict = fakes_verdict(fit, alpha)
    elif fit is not None:
        verdict = model_verdict(fit, protocol=protocol, alpha=alpha, margin=margin)
        verdict = with_best_listeners(verdict, best, chance=protocol.chance)
    has_d = fit is not None and protocol.curve is not None
    ranked = fit is not None and any(t.by == ("composer",) for t in fit.tables)
    return Analysis(
        report=report,
        protocol=protocol,
        alpha=alpha,
        margin=margin,
        verdict=verdict,
        pooled=pooled,
        model=fit,
        no_model=fitted.no_model,
        equivalence=(
            equivalence(correct, n, margin=margin, alpha=alpha)
            if protocol.two_clips and margin is not None
            else None
        ),
        d_primes=marginal_ds(fit, protocol) if fit and has_d else None,
        discrimination=None if has_d else discrimination,
        similarity=(
            similarity_to_margin(correct, n, margin, protocol)
            if protocol.tests_similarity and margin is not None
            else None
        ),
        single_clips=single_clips,
        yes_no_model=fitted.yes_no,
        ties=ties_of(source.included, alpha) if protocol.allows_ties else None,
        clustered=clustered_rate(answers, alpha),
        listeners_differ=spread_of(answers, "listener", alpha),
        items_differ=spread_of(answers, "item", alpha),
        sides=side_biases(answers, alpha) if protocol.two_clips else (),
        trend=trend_of(answers, alpha),
        e_value=e_value(correct, n) if protocol.two_clips else None,
        listeners=listener_mean_of(answers, level=1 - alpha),
        population_band=population_band_of(answers, level=1 - alpha),
        contrasts=_contrasts(fit, alpha) if fit and not fitted.yes_no else (),
        ranking=rank(fit.table("composer"), level=1 - alpha) if fit and ranked else None,
        item_effects=_item_effects(answers, None if fitted.yes_no else fit, alpha),
        knew=_knew_model(source, by, columns, interactions, alpha)
        if model and len(headline) < len(by)
        else None,
        best_listeners=best,
        rasch=rasch_model(fit, in_full=rasch_in_full) if fit and single_clips is None else None,
    )


def _knew_model(
    source: AnswerSource,
    by: Sequence[Sequence[str]],
    columns: Sequence[str],
    interactions: Sequence[tuple[str, str]],
    alpha: float,
) -> KnewModel:
    wider = source.including(KNEW)
    answers, added = wider.included, int(wider.included.n.sum() - source.included.n.sum())
    answers = answers.without_ties() if source.protocol.allows_ties else answers
    groups = tuple(tuple(group) for group in by if KNEW in group)
    named = dict.fromkeys([*columns, *(name for group in groups for name in group)])
    fitted = ModelOptions(source.protocol, alpha, (), interactions).fit(answers, list(named))
    return KnewModel(groups, fitted.fit, fitted.no_model, added)


def _contrasts(fit: MixedFit, alpha: float) -> tuple[Contrasts, ...]:
    found = (contrasts(table, level=1 - alpha) for table in fit.tables if table.by)
    return tuple(one for one in found if one is not None)


def _item_effects(table: Table, fit: MixedFit | None, alpha: float) -> ItemEffects | None:
    effects = None if fit is None else item_effects_of_fit(fit)
    if effects is None and "item" in table.columns:
        effects = item_effects_of_counts(*sums_of(table, "item"), alpha=alpha)
    return effects
