"""What would decide: more answers, more items, or no number of answers.

Conventions
-----------
The rate is assumed to stay where it is. More answers are those of new listeners, who give as many
each as the present ones: all of the variance shrinks but that between items. More items are
answered by the present listeners, as often as the present items: all of it shrinks but that between
listeners. So do Student's degrees of freedom grow: those of listeners with new listeners, those of
items with new items; the least of them count. A difference is shown if the interval excludes one
half, equivalence if it lies within the margin; whichever is nearer counts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from bachtest.stats.rates.proportions import CHANCE
from bachtest.stats.rates.result import Result, counted

# A rate that decides only with a smaller standard error is taken to decide with none.
_LEAST_SE = 1e-4
# As many times as many listeners or items are as good as any number.
_ENDLESS = 1e9


@dataclass(frozen=True)
class FactorDf:
    """Student's degrees of freedom of one random factor.

    More items bring levels of the factor in proportion where `of_items`, and new listeners do so
    elsewhere. With 0 `levels` nothing does.
    """

    df: float
    levels: int
    of_items: bool

    def with_more(self, share: float, *, items: bool) -> float:
        """With more items or listeners, as a share of the present ones."""
        return self.df + (self.levels * share if items is self.of_items else 0.0)


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
    dfs: Sequence[FactorDf] = (),
    difference: bool = True,
    item_variance: float | None = None,
    items: int | None = None,
    listener_variance: float = 0.0,
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
    dfs : sequence of FactorDf
        Of each random factor; empty where intervals are by the normal distribution.
    difference : bool
        False where a rate on this side of one half decides nothing.
    item_variance : float or None
        The part of `variance` that more answers on these items do not shrink; None if unknown.
    items : int or None
    listener_variance : float
        The part of `variance` that more items do not shrink.

    Returns
    -------
    Decision

    Examples
    --------
    >>> print(what_would_decide(0.55, 0.0025, n=100, alpha=0.05, margin=None))
    About 290 more answers from new listeners would decide, if the rate stays at 55.0%.
    >>> decision = what_would_decide(
    ...     0.55, 0.0025, n=100, alpha=0.05, margin=None, item_variance=0.001, items=10
    ... )
    >>> decision.answers, decision.items
    (None, 29)
    """
    if not 0 < rate < 1:
        return Decision(None, None, f"What would decide is unknown at a rate of {rate:.1%}.")

    def wanted(df: float | None) -> float:
        return wanted_se(rate, alpha=alpha, margin=margin, df=df, difference=difference)

    def target(share: float, of_items: bool) -> float:
        grown = [one.with_more(share, items=of_items) for one in dfs]
        return wanted(min(grown, default=None)) ** 2

    if wanted(None) < _LEAST_SE:
        return nothing_decides(rate, margin)
    of_items = 0.0 if item_variance is None or items is None else item_variance
    answers = _more(n, of_items, variance, partial(target, of_items=False))
    more_items = None
    if items is not None and item_variance is not None:
        more_items = _more(items, listener_variance, variance, partial(target, of_items=True))
    known = None if item_variance is None else items
    return Decision(answers, more_items, _words(rate, answers, more_items, known))


def _more(
    count: int, fixed: float, variance: float, target: Callable[[float], float]
) -> int | None:
    # How many more than `count` until the variance is down to its target, which grows with the
    # share that is added; `fixed` is the part of the variance that stays.
    fixed = min(fixed, variance)

    def enough(number: int) -> bool:
        left = fixed + (variance - fixed) * count / (count + number)
        return left <= target(number / count) * (1 + 1e-9)

    return least(enough) if fixed < target(_ENDLESS) else None


def _words(rate: float, answers: int | None, more_items: int | None, items: int | None) -> str:
    stays = f"if the rate stays at {rate:.1%}"
    these = "this item" if items == 1 else f"these {items or 0:,} items"
    new, also = "", ""
    if answers is not None:
        new = f"About {counted(answers, 'more answer')} from new listeners would decide"
    if more_items is not None:
        also = (
            f"about {counted(more_items, 'more item')}, with as many answers each from these"
            " listeners"
        )
    if items is None:
        return f"{new}, {stays}."
    if new and also:
        return f"{new}, or {also}, {stays}."
    if new:
        return f"{new}, {stays}; no number of items would with these listeners."
    if also:
        return f"No number of further answers on {these} would decide, {stays}; {also}, would."
    return (
        f"Neither new listeners for {these} nor more items for these listeners would decide,"
        f" {stays}: it takes both."
    )


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
