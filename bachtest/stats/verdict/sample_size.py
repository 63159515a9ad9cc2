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
from collections.abc import Callable
from dataclasses import dataclass

from bachtest.stats.rates.proportions import CHANCE
from bachtest.stats.rates.result import Result, counted

# A rate that decides only with a smaller standard error is taken to decide with none.
_LEAST_SE = 1e-4


@dataclass(frozen=True)
class Decision(Result):
    """How many more `answers` or `items`; None if no number would decide, or none is known."""

    answers: int | None
    items: int | None
    sentence: str

    def __str__(self) -> str:
        return self.sentence


def wanted_se(
    rate: float,
    *,
    alpha: float,
    margin: float | None,
    df: float | None = None,
    difference: bool = True,
) -> float:
    """The standard error at which the rate would decide; 0 if none would, or at 0 and 1.

    Intervals are symmetric on the logit scale, as those of the mixed model.

    Parameters
    ----------
    rate : float
        At 0 and 1, where the logit is infinite, a rate has no standard error.
    alpha : float
    margin : float or None
    df : float or None
        Degrees of freedom of Student's t; None is the normal distribution.
    difference : bool
        Whether a difference would decide, besides equivalence.

    Examples
    --------
    >>> round(wanted_se(0.598, alpha=0.05, margin=None), 4)
    0.0487
    >>> wanted_se(0.5, alpha=0.05, margin=None)
    0.0
    """
    if not 0 < rate < 1:
        return 0.0
    distance = abs(math.log(rate / (1 - rate)))
    wanted = distance / _quantile(1 - alpha / 2, df) if difference else 0.0
    if margin is not None:
        edge = math.log((CHANCE + margin) / (CHANCE - margin))
        wanted = max(wanted, (edge - distance) / _quantile(1 - alpha, df))
    return wanted * rate * (1 - rate)


def _quantile(upper: float, df: float | None) -> float:
    from scipy.special import ndtri, stdtrit

    return float(ndtri(upper) if df is None else stdtrit(df, upper))


def nothing_decides(rate: float, margin: float | None) -> Decision:
    """What is said where no number of answers would decide."""
    if margin is None:
        reason = "with a margin fixed beforehand, equivalence could be tested"
    elif CHANCE - rate > margin:
        reason = "listeners do not point to Bach's clip, so a rate below one half decides nothing"
    else:
        reason = f"it lies on the edge of the margin of {margin:g}"
    return Decision(
        None,
        None,
        f"No number of further answers would decide, if the rate stays at {rate:.1%}: {reason}.",
    )


def what_would_decide(
    rate: float,
    variance: float,
    *,
    n: int,
    alpha: float,
    margin: float | None,
    df: float | None = None,
    difference: bool = True,
    item_variance: float | None = None,
    items: int | None = None,
) -> Decision:
    """How many more answers, or items, would decide by the mixed model's intervals.

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
    df : float or None
        Degrees of freedom of the intervals; more items bring as many more.
    difference : bool
        False where a rate on this side of one half decides nothing.
    item_variance : float or None
        The part of `variance` that more answers on these items do not shrink; None if unknown.
    items : int or None

    Returns
    -------
    Decision

    Examples
    --------
    >>> print(what_would_decide(0.55, 0.0025, n=100, alpha=0.05, margin=None))
    About 290 more answers would decide, if the rate stays at 55.0%.
    >>> decision = what_would_decide(
    ...     0.55, 0.0025, n=100, alpha=0.05, margin=None, item_variance=0.001, items=10
    ... )
    >>> decision.answers, decision.items
    (None, 29)
    """
    if not 0 < rate < 1:
        return Decision(None, None, f"What would decide is unknown at a rate of {rate:.1%}.")
    stays = f"if the rate stays at {rate:.1%}"

    def wanted(freedom: float | None) -> float:
        return wanted_se(rate, alpha=alpha, margin=margin, df=freedom, difference=difference)

    se = wanted(df)
    if se < _LEAST_SE:
        return nothing_decides(rate, margin)
    target = se**2
    if item_variance is None or items is None:
        answers = _more(n, variance, target)
        return Decision(
            answers, None, f"About {_more_of(answers, 'answer')} would decide, {stays}."
        )
    answers = _more(n, variance - item_variance, target - item_variance)
    more_items = _more_items(items, variance, wanted, df)
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


def _more_items(
    items: int, variance: float, wanted: Callable[[float | None], float], df: float | None
) -> int:
    # With Student's t, more items shrink the quantile as well.
    def enough(more: int) -> bool:
        se = wanted(None if df is None else df + more)
        return variance * items / (items + more) <= se**2 * (1 + 1e-9)

    return least(enough)


def least(enough: Callable[[int], bool]) -> int:
    """The least number from 1 on that is enough, where all larger ones are as well.

    Examples
    --------
    >>> least(lambda number: number**2 >= 1000)
    32
    """
    high = 1
    while not enough(high):
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _more(count: int, part: float, target: float) -> int | None:
    # `part` shrinks as 1 / count: how many more until it is down to the target.
    if target <= 0:
        return None
    return max(1, math.ceil(count * (max(part, 0.0) / target - 1) - 1e-9))


def _more_of(count: int | None, what: str) -> str:
    assert count is not None, "a standard error above 0 is reached by some number"
    return counted(count, f"more {what}")
