"""The verdict of the mixed model, which holds beyond these listeners and these pieces.

Conventions
-----------
The rate is marginal: integrated over listeners and items. Its intervals are symmetric on the logit
scale, by Student's distribution where the model was corrected for few items.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from bachtest.stats.mixed.logit_normal import variance_between
from bachtest.stats.rates.equivalence import ALPHA, check_alpha, check_margin
from bachtest.stats.rates.proportions import CHANCE
from bachtest.stats.rates.protocols import PAIR, DiscriminationProtocol
from bachtest.stats.rates.result import counted, listed, p_text
from bachtest.stats.verdict.finding import Finding, Verdict, below_chance, judge, sentence_of
from bachtest.stats.verdict.sample_size import what_would_decide

if TYPE_CHECKING:
    from bachtest.stats.mixed.mixed_fit import MixedFit, Rate

# Random factors that get more levels only with more items.
ITEM_FACTORS = ("item", "excerpt")


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
    if margin is not None and not protocol.tests_similarity:
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
        items = next((s for s in fit.sampled if s.name == "item"), None)
        variance = (rate.se_logit * rate.estimate * (1 - rate.estimate)) ** 2
        count = (cell_items or items.levels) if items else None
        part = item_variance(fit, rate.estimate) / count if count else None
        needs = what_would_decide(
            rate.estimate, variance, n=rate.n, alpha=alpha, margin=margin,
            item_variance=part, items=count,
        )  # fmt: skip
        if items is None:
            unknown = f"{needs.sentence} The variance between items is unknown."
            needs = replace(needs, sentence=unknown)
    sentence = sentence_of(finding, figures, margin=margin, within=within)
    return Verdict(finding, sentence, caution, needs, margin, alpha, fit.method)


def _caution(fit: MixedFit) -> list[str]:
    missing = [s for s in fit.variance_components if not s.estimated]
    return [f"The model leaves out differences between {s.name}s: {s.note}." for s in missing]


def item_variance(fit: MixedFit, rate: float) -> float:
    """The variance of the items' rates, at a marginal rate.

    Parameters
    ----------
    fit : MixedFit
    rate : float

    Returns
    -------
    float
        On the scale of rates, averaged over listeners.
    """
    squared = {s.name: max(s.sd, s.restricted_sd or 0.0) ** 2 for s in fit.variance_components}
    items = sum(squared.get(name, 0.0) for name in ITEM_FACTORS)
    others = max(sum(squared.values()) - items, 0)
    return variance_between(rate, math.sqrt(items), math.sqrt(others))
