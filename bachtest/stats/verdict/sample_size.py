"""What would decide: more answers, more items, or no number of answers.

Conventions
-----------
The rate is assumed to stay where it is. Its variance over listeners and items has two parts: one
that only more items shrink (the variance between items over their number), and one that more
answers of new listeners shrink. A difference is shown if the interval excludes one half,
equivalence if it lies within the margin; whichever is nearer counts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from bachtest.stats.rates.proportions import CHANCE, normal_quantile
from bachtest.stats.rates.result import Result, counted


@dataclass(frozen=True)
class Decision(Result):
    """How many more `answers` or `items`; None if no number would decide, or none is known."""

    answers: int | None
    items: int | None
    sentence: str

    def __str__(self) -> str:
        return self.sentence


def wanted_se(rate: float, *, alpha: float, margin: float | None) -> float:
    """The standard error at which the rate would decide; 0 if none would.

    Examples
    --------
    >>> round(wanted_se(0.598, alpha=0.05, margin=None), 4)
    0.05
    >>> wanted_se(0.5, alpha=0.05, margin=None)
    0.0
    """
    distance = abs(rate - CHANCE)
    difference = distance / normal_quantile(1 - alpha)
    if margin is None:
        return difference
    return max(difference, (margin - distance) / normal_quantile(1 - 2 * alpha))


def what_would_decide(
    rate: float,
    variance: float,
    *,
    n: int,
    alpha: float,
    margin: float | None,
    item_variance: float | None = None,
    items: int | None = None,
) -> Decision:
    """How many more answers, or items, would decide.

    Parameters
    ----------
    rate : float
    variance : float
        Of the rate, over listeners and items.
    n : int
        Answers so far.
    alpha : float
    margin : float or None
        Without a margin only a difference can be shown.
    item_variance : float or None
        The part of `variance` that more answers on these items do not shrink; None if unknown.
    items : int or None

    Returns
    -------
    Decision

    Examples
    --------
    >>> print(what_would_decide(0.55, 0.0025, n=100, alpha=0.05, margin=None))
    About 285 more answers would decide, if the rate stays at 55.0%.
    >>> decision = what_would_decide(
    ...     0.55, 0.0025, n=100, alpha=0.05, margin=None, item_variance=0.001, items=10
    ... )
    >>> decision.answers, decision.items
    (None, 29)
    """
    stays = f"if the rate stays at {rate:.1%}"
    se = wanted_se(rate, alpha=alpha, margin=margin)
    if se < 1e-4:
        reason = (
            "with a margin fixed beforehand, equivalence could be tested"
            if margin is None
            else f"it lies on the edge of the margin of {margin:g}"
        )
        return Decision(
            None, None, f"No number of further answers would decide, {stays}: {reason}."
        )
    target = se**2
    if item_variance is None or items is None:
        answers = _more(n, variance, target)
        return Decision(
            answers, None, f"About {_more_of(answers, 'answer')} would decide, {stays}."
        )
    answers = _more(n, variance - item_variance, target - item_variance)
    more_items = _more(items, variance, target)
    also = f"about {_more_of(more_items, 'item')}, with as many answers each"
    if answers is None:
        these = "this item" if items == 1 else f"these {items:,} items"
        return Decision(
            None,
            more_items,
            f"No number of further answers on {these} would decide, {stays}; {also}, would.",
        )
    return Decision(
        answers,
        more_items,
        f"About {_more_of(answers, 'answer')} would decide, or {also}, {stays}.",
    )


def _more(count: int, part: float, target: float) -> int | None:
    # `part` shrinks as 1 / count: how many more until it is down to the target.
    if target <= 0:
        return None
    return max(1, math.ceil(count * (max(part, 0.0) / target - 1) - 1e-9))


def _more_of(count: int | None, what: str) -> str:
    assert count is not None, "a standard error above 0 is reached by some number"
    return counted(count, f"more {what}")
