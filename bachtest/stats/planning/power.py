"""How many answers does a study need? Exact binomial power, for a difference and for equivalence.

Conventions
-----------
All numbers are of independent ("effective") answers; `plan` allows for the design effect of
listeners and items.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bachtest.stats.rates.equivalence import ALPHA, check_alpha, check_margin
from bachtest.stats.rates.proportions import CHANCE

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
_MAX_ANSWERS = 1_000_000


@dataclass(frozen=True)
class SampleSize:
    """`first` is the least n with the target power; from `stable` on, no n falls below it."""

    first: int
    stable: int
    power: float
    alpha: float


def critical_above(n: IntArray, guess: float, alpha: float) -> IntArray:
    """The least number of right answers that is better than guessing, one-sided.

    Examples
    --------
    >>> critical_above(np.array([5, 10, 30]), 0.5, 0.05).tolist()
    [5, 9, 20]
    """
    from scipy.stats import binom

    critical: IntArray = binom.isf(alpha, n, guess).astype(np.int64) + 1
    return critical


def critical_below(n: IntArray, rate: float, alpha: float) -> IntArray:
    """The largest number of right answers that is below a rate, one-sided; -1 if there is none.

    Examples
    --------
    >>> critical_below(np.array([4, 75]), 7 / 15, 0.05).tolist()
    [-1, 27]
    """
    from scipy.stats import binom

    quantile = binom.ppf(alpha, n, rate).astype(np.int64)
    critical: IntArray = np.where(binom.cdf(quantile, n, rate) <= alpha, quantile, quantile - 1)
    return critical


def power_of_difference(
    n: IntArray, rate: float, *, guess: float = CHANCE, alpha: float = ALPHA
) -> FloatArray:
    """Power of the one-sided exact test against guessing, for each n.

    References
    ----------
    The R package sensR, ``discrimPwr`` and ``d.primePwr``.

    Examples
    --------
    >>> power_of_difference(np.array([30]), 0.7602499389).round(6).tolist()
    [0.917255]
    """
    from scipy.stats import binom

    check_alpha(alpha)
    power: FloatArray = binom.sf(critical_above(n, guess, alpha) - 1, n, rate)
    return power


def power_of_similarity(
    n: IntArray, rate: float, rate0: float, *, alpha: float = ALPHA
) -> FloatArray:
    """Power of the one-sided exact test that the rate is below `rate0`.

    Examples
    --------
    >>> bool(power_of_similarity(np.array([971]), 0.51, 0.55)[0] >= 0.8)
    True
    """
    from scipy.stats import binom

    check_alpha(alpha)
    power: FloatArray = binom.cdf(critical_below(n, rate0, alpha), n, rate)
    return power


def power_of_equivalence(
    n: IntArray, margin: float, *, rate: float = CHANCE, alpha: float = ALPHA
) -> FloatArray:
    """Power of the exact two one-sided tests, where the true rate is `rate`.

    Examples
    --------
    >>> power_of_equivalence(np.array([20, 876]), 0.05).round(4).tolist()
    [0.0, 0.8124]
    """
    from scipy.stats import binom

    check_alpha(alpha)
    check_margin(margin)
    high = critical_below(n, CHANCE + margin, alpha)
    low = n - high
    inside = binom.cdf(high, n, rate) - binom.cdf(low - 1, n, rate)
    power: FloatArray = np.where(low <= high, inside, 0.0)
    return power


def sample_size(
    power_at: Callable[[IntArray], FloatArray], target: float, *, alpha: float, step: int = 1
) -> SampleSize:
    """The smallest studies with the target power.

    Exact power is not monotone in n, so two sample sizes are given.

    Parameters
    ----------
    power_at : n -> power
    target : float
    alpha : float
        Recorded in the result.
    step : int
        2 tries even numbers only.

    Raises
    ------
    ValueError
        If the target is not between 0 and 1, or a million answers are not enough.

    Examples
    --------
    >>> sample_size(lambda n: power_of_difference(n, 0.59), 0.8, alpha=0.05).first
    192
    """
    if not 0 < target < 1:
        raise ValueError(f"power {target!r}; use a number between 0 and 1, such as 0.8")
    width = 256
    while width <= 2 * _MAX_ANSWERS:
        n = np.arange(step, width + 1, step)
        enough = power_at(n) >= target
        # No n fails beyond twice the last n that does.
        if enough.any() and enough[len(n) // 2 :].all():
            failing = np.flatnonzero(~enough)
            stable = int(n[failing[-1] + 1]) if len(failing) else int(n[0])
            return SampleSize(int(n[np.argmax(enough)]), stable, target, alpha)
        width *= 2
    raise ValueError(
        f"{_MAX_ANSWERS:,} answers do not reach power {target:g}; aim at a larger effect"
    )


def answers_for_difference(
    rate: float, *, guess: float = CHANCE, target: float = 0.8, alpha: float = ALPHA
) -> SampleSize:
    """Answers for the one-sided exact test against guessing, if the true rate is `rate`.

    Raises
    ------
    ValueError
        If the rate is not above guessing.

    References
    ----------
    The R package sensR, ``discrimSS``: statistics "exact" (first) and "stable.exact".

    Examples
    --------
    >>> answers_for_difference(0.59)
    SampleSize(first=192, stable=205, power=0.8, alpha=0.05)
    """
    if not guess < rate < 1:
        raise ValueError(f"rate {rate!r}; use one above guessing ({guess:g}) and below 1")
    return sample_size(
        lambda n: power_of_difference(n, rate, guess=guess, alpha=alpha), target, alpha=alpha
    )


def answers_for_equivalence(
    margin: float, *, rate: float = CHANCE, target: float = 0.8, alpha: float = ALPHA
) -> SampleSize:
    """Answers for the exact two one-sided tests; even numbers, so that exactly half can be right.

    Raises
    ------
    ValueError
        If the margin is out of its range, or the rate is not within it.

    Examples
    --------
    >>> answers_for_equivalence(0.05).stable, answers_for_equivalence(0.075).stable
    (876, 398)
    """
    check_margin(margin)
    if not abs(rate - CHANCE) < margin:
        raise ValueError(f"rate {rate!r} is not within {margin:g} of one half, so never equivalent")
    return sample_size(
        lambda n: power_of_equivalence(n, margin, rate=rate, alpha=alpha),
        target, alpha=alpha, step=2,
    )  # fmt: skip
