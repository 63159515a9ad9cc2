"""How often listeners are right: a rate, its intervals, and the exact test against guessing.

Conventions
-----------
`correct` of `n` answers named the Bach clip. A guesser is right half the time. Everything here
treats the answers as independent ("pooled"); docs/statistics.md says what that ignores. SciPy is
imported inside the functions: it takes a second to load, and the game never needs it. The intervals
skip its `binomtest`, which takes milliseconds for each; a results page shows hundreds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import NormalDist

CHANCE = 0.5
LEVEL = 0.95
POOLED = "pooled: answers taken as independent of each other"


@dataclass(frozen=True)
class Proportion:
    """A rate with its interval; `estimate` is None if there are no answers."""

    correct: int
    n: int
    estimate: float | None
    low: float
    high: float
    level: float
    method: str

    def __str__(self) -> str:
        if self.estimate is None:
            return "no answers"
        return (
            f"{self.correct:,} of {self.n:,}: {self.estimate:.1%}"
            f" ({self.low:.1%} to {self.high:.1%}, {self.method} {100 * self.level:g}%)"
        )


@dataclass(frozen=True)
class BinomialTest:
    """The two-sided exact test that every answer is a fair coin."""

    correct: int
    n: int
    p: float
    method: str


def check_counts(correct: int, n: int) -> None:
    """Refuse impossible counts.

    Raises
    ------
    ValueError
        Unless ``0 <= correct <= n``.

    Examples
    --------
    >>> check_counts(3, 5)
    """
    if n < 0 or not 0 <= correct <= n:
        raise ValueError(f"{correct} correct of n={n}; use 0 <= correct <= n")


def tail_of(level: float) -> float:
    """The probability that a two-sided interval of this level leaves on each side.

    Raises
    ------
    ValueError
        If the level is not strictly between 0 and 1.

    Examples
    --------
    >>> round(tail_of(0.95), 6)
    0.025
    """
    if not 0 < level < 1:
        raise ValueError(f"level {level!r}; use a number between 0 and 1, such as 0.95")
    return (1 - level) / 2


def normal_quantile(level: float) -> float:
    """The two-sided standard normal quantile of a confidence level.

    Raises
    ------
    ValueError
        If the level is not strictly between 0 and 1.

    Examples
    --------
    >>> round(normal_quantile(0.95), 6)
    1.959964
    """
    return NormalDist().inv_cdf(1 - tail_of(level))


def tail_above(correct: int, n: int, chance: float) -> float:
    """P(X >= correct) of a binomial: the one-sided exact p-value that the rate is higher.

    Raises
    ------
    ValueError
        If the counts are impossible.

    Examples
    --------
    >>> round(tail_above(10, 15, 0.5), 8)
    0.15087891
    """
    from scipy.stats import binom

    check_counts(correct, n)
    return float(binom.sf(correct - 1, n, chance))


def tail_below(correct: int, n: int, chance: float) -> float:
    """P(X <= correct) of a binomial: the one-sided exact p-value that the rate is lower.

    Raises
    ------
    ValueError
        If the counts are impossible.

    Examples
    --------
    >>> round(tail_below(505, 1000, 0.55), 8)
    0.00237978
    """
    from scipy.stats import binom

    check_counts(correct, n)
    return float(binom.cdf(correct, n, chance))


def binomial_test(correct: int, n: int) -> BinomialTest:
    """The two-sided exact test of one half, as R's ``binom.test(x, n)``.

    Parameters
    ----------
    correct, n : int
        With no answers p is 1.

    Returns
    -------
    BinomialTest

    Raises
    ------
    ValueError
        If the counts are impossible.

    Examples
    --------
    >>> round(binomial_test(83, 170).p, 8)
    0.81810597
    """
    from scipy.stats import binomtest

    check_counts(correct, n)
    p = float(binomtest(correct, n).pvalue) if n else 1.0
    return BinomialTest(correct, n, p, "exact binomial, two-sided, against 1/2")


def wilson(correct: int, n: int, *, level: float = LEVEL) -> Proportion:
    """The rate with Wilson's score interval: the interval to show.

    Parameters
    ----------
    correct, n : int
        Right answers, all answers. With none, the interval is all of 0..1.
    level : float
        Nominal coverage.

    Returns
    -------
    Proportion

    Raises
    ------
    ValueError
        If the counts are impossible, or the level is not between 0 and 1.

    References
    ----------
    E. B. Wilson (1927), "Probable inference, the law of succession, and statistical inference",
    Journal of the American Statistical Association 22, 209-212.

    Examples
    --------
    >>> print(wilson(60, 100))
    60 of 100: 60.0% (50.2% to 69.1%, wilson 95%)
    """
    check_counts(correct, n)
    z = normal_quantile(level)
    if n == 0:
        return Proportion(0, 0, None, 0.0, 1.0, level, "wilson")
    rate = correct / n
    shrink = 1 + z * z / n
    centre = (rate + z * z / (2 * n)) / shrink
    half = z / shrink * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    # At 0 and n the limit is exactly 0 or 1; rounding would leave it a hair off.
    low = 0.0 if correct == 0 else centre - half
    high = 1.0 if correct == n else centre + half
    return Proportion(correct, n, rate, low, high, level, "wilson")


def clopper_pearson(correct: int, n: int, *, level: float = LEVEL) -> Proportion:
    """The rate with the exact interval, which never covers less than its level.

    The limits are the quantiles of Beta(x, n - x + 1) and Beta(x + 1, n - x).

    Parameters
    ----------
    correct, n : int
        Right answers, all answers. With none, the interval is all of 0..1.
    level : float

    Returns
    -------
    Proportion

    Raises
    ------
    ValueError
        If the counts are impossible, or the level is not between 0 and 1.

    References
    ----------
    C. J. Clopper, E. S. Pearson (1934), "The use of confidence or fiducial limits illustrated in
    the case of the binomial", Biometrika 26, 404-413.

    Examples
    --------
    >>> print(clopper_pearson(60, 100))
    60 of 100: 60.0% (49.7% to 69.7%, clopper-pearson 95%)
    """
    return _beta_interval(correct, n, level, 1.0, "clopper-pearson")


def jeffreys(correct: int, n: int, *, level: float = LEVEL) -> Proportion:
    """The rate with Jeffreys' equal-tailed interval, from Beta(x + 1/2, n - x + 1/2).

    Parameters
    ----------
    correct, n : int
    level : float

    Returns
    -------
    Proportion

    Raises
    ------
    ValueError
        If the counts are impossible, or the level is not between 0 and 1.

    References
    ----------
    L. D. Brown, T. T. Cai, A. DasGupta (2001), "Interval estimation for a binomial proportion",
    Statistical Science 16, 101-133: 0 and n right are given the limits 0 and 1.

    Examples
    --------
    >>> print(jeffreys(60, 100))
    60 of 100: 60.0% (50.2% to 69.2%, jeffreys 95%)
    """
    return _beta_interval(correct, n, level, 0.5, "jeffreys")


INTERVALS: Mapping[str, Callable[..., Proportion]] = {
    "wilson": wilson,
    "clopper-pearson": clopper_pearson,
    "jeffreys": jeffreys,
}


def _beta_interval(correct: int, n: int, level: float, add: float, method: str) -> Proportion:
    # `add` is what each limit adds to its own side of the counts.
    from scipy.special import betaincinv

    check_counts(correct, n)
    tail = tail_of(level)
    wrong = n - correct
    low = float(betaincinv(correct + 1 - add, wrong + add, tail)) if correct else 0.0
    high = float(betaincinv(correct + add, wrong + 1 - add, 1 - tail)) if wrong else 1.0
    return Proportion(correct, n, correct / n if n else None, low, high, level, method)
