"""The verdict of the mixed model, which holds beyond these listeners and these pieces.

Conventions
-----------
The rate is marginal: integrated over listeners and items. Its intervals are symmetric on the logit
scale, by Student's distribution where the model was corrected for few items.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from bachtest.stats.mixed.logit_normal import variance_between
from bachtest.stats.rates.equivalence import ALPHA, check_alpha, check_margin
from bachtest.stats.rates.proportions import CHANCE
from bachtest.stats.rates.protocols import PAIR, DiscriminationProtocol
from bachtest.stats.rates.result import counted, listed, p_text
from bachtest.stats.verdict.finding import Finding, Verdict, below_chance, judge, sentence_of
from bachtest.stats.verdict.sample_size import Decision, FactorDf, what_would_decide

if TYPE_CHECKING:
    from bachtest.stats.mixed.mixed_fit import MixedFit, Rate

# Random factors that get more levels only with more items.
ITEM_FACTORS = ("item", "excerpt")
LISTENER = "listener"


def interval_of(rate: Rate, level: float) -> tuple[float, float]:
    """The interval of a marginal rate at any level; in a separated cell it too reaches 0 or 1.

    Examples
    --------
    >>> from bachtest.stats.mixed.mixed_fit import Rate
    >>> low, high = interval_of(Rate(("S",), 0.6, 0.5, 0.7, 0.1, 0.2, None, 50, 30), 0.95)
    >>> round(low, 3), round(high, 3)
    (0.503, 0.689)
    """
    from scipy.stats import norm, t

    tail = (1 + level) / 2
    quantile = float(norm.ppf(tail) if rate.df is None else t.ppf(tail, rate.df))
    centre = math.log(rate.estimate / (1 - rate.estimate))
    half = quantile * rate.se_logit
    low, high = 1 / (1 + math.exp(half - centre)), 1 / (1 + math.exp(-half - centre))
    return (0.0 if rate.low == 0 else low), (1.0 if rate.high == 1 else high)


def model_verdict(
    fit: MixedFit,
    rate: Rate | None = None,
    *,
    protocol: DiscriminationProtocol = PAIR,
    alpha: float = ALPHA,
    margin: float | None = None,
    cell_items: int | None = None,
) -> Verdict:
    """Can listeners tell, among new listeners and new items?

    Parameters
    ----------
    fit : MixedFit
    rate : Rate or None
        A cell of the fit; None takes the overall rate.
    protocol : DiscriminationProtocol
        The rates of the fit must be tested against its chance.
    alpha : float
    margin : float or None
    cell_items : int or None
        Items of the cell; None takes all items of the fit.

    Returns
    -------
    Verdict

    Raises
    ------
    ValueError
        If alpha or the margin is impossible.
    """
    check_alpha(alpha)
    chance = protocol.chance
    if margin is not None:
        check_margin(margin, chance)
    rate = fit.overall if rate is None else rate
    low, high = interval_of(rate, 1 - alpha)
    inner_low, inner_high = interval_of(rate, 1 - 2 * alpha)
    within = margin is not None and inner_high <= chance + margin
    if margin is not None and (high < chance or not protocol.tests_similarity):
        within = within and chance - margin <= inner_low
    model = "logistic model without random effects"
    if fit.sampled:
        model = f"mixed model over {listed([counted(s.levels, s.name) for s in fit.sampled])}"
    guessing = "" if chance == CHANCE else f"; guessing gives {chance:.1%}"
    figures = (
        f"a marginal rate of {rate.estimate:.1%} ({100 * (1 - alpha):g}% interval {low:.1%} to"
        f" {high:.1%}, {p_text(rate.p)}{guessing}; {model}, {counted(rate.n, 'answer')})"
    )
    caution = " ".join(_caution(fit))
    if high < chance and not protocol.has_bach_side:
        return below_chance(figures, caution, margin=margin, alpha=alpha, method=fit.method)
    finding = judge(low > chance, high < chance, within)
    needs = None
    if finding is Finding.UNDECIDED and chance == CHANCE:
        needs = model_needs(
            fit, rate, alpha=alpha, margin=margin,
            difference=protocol.has_bach_side or rate.estimate > CHANCE, cell_items=cell_items,
        )  # fmt: skip
        if not any(s.name == "item" for s in fit.sampled):
            unknown = f"{needs.sentence} The variance between items is unknown."
            needs = replace(needs, sentence=unknown)
    sentence = sentence_of(finding, figures, margin=margin)
    return Verdict(finding, sentence, caution, needs, margin, alpha, fit.method)


def model_needs(
    fit: MixedFit,
    rate: Rate,
    *,
    alpha: float,
    margin: float | None,
    difference: bool = True,
    cell_items: int | None = None,
) -> Decision:
    """What would decide about a rate of a fit.

    Parameters
    ----------
    fit : MixedFit
    rate : Rate
    alpha : float
    margin : float or None
    difference : bool
        False where a rate on this side of one half decides nothing.
    cell_items : int or None
        As in `model_verdict`.

    Returns
    -------
    Decision
    """
    levels = {s.name: s.levels for s in fit.sampled}
    items = cell_items if cell_items and "item" in levels else levels.get("item")
    listeners = levels.get(LISTENER)
    of_listeners = factor_variance(fit, rate.estimate, (LISTENER,)) / listeners if listeners else 0
    return what_would_decide(
        rate.estimate, (rate.se_logit * rate.estimate * (1 - rate.estimate)) ** 2,
        n=rate.n, alpha=alpha, margin=margin, dfs=_dfs(fit, rate), difference=difference,
        item_variance=factor_variance(fit, rate.estimate, ITEM_FACTORS) / items if items else None,
        items=items, listener_variance=of_listeners,
    )  # fmt: skip


def _dfs(fit: MixedFit, rate: Rate) -> list[FactorDf]:
    if rate.df is None:
        return []
    if fit.inference is None:
        return [FactorDf(rate.df, 0, of_items=False)]
    return [
        FactorDf(one.df, len(one.factor.levels), one.name in ITEM_FACTORS)
        for one in fit.inference.random_factors
        if not one.not_estimated
    ]


def _caution(fit: MixedFit) -> list[str]:
    missing = [s for s in fit.variance_components if not s.estimated]
    return [f"The model leaves out differences between {s.name}s: {s.note}." for s in missing]


def factor_variance(fit: MixedFit, rate: float, names: Collection[str]) -> float:
    """The variance of a marginal rate between the levels of some random factors.

    Parameters
    ----------
    fit : MixedFit
    rate : float
    names : collection of str

    Returns
    -------
    float
        On the scale of rates, averaged over the other factors.
    """
    squared = {s.name: max(s.sd, s.restricted_sd or 0.0) ** 2 for s in fit.variance_components}
    these = sum(squared.get(name, 0.0) for name in names)
    others = max(sum(squared.values()) - these, 0)
    return variance_between(rate, math.sqrt(these), math.sqrt(others))
