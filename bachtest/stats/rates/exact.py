"""Is that better than guessing: exact intervals and the exact test of one half.

Conventions
-----------
As in `accuracy`. SciPy is imported inside the functions: the web process shows rates with Wilson
intervals and never needs to load it.
"""

from __future__ import annotations

from dataclasses import dataclass

from bachtest.stats.rates.accuracy import CHANCE, LEVEL, Proportion, check_counts, tail_of


@dataclass(frozen=True)
class BinomialTest:
    """The two-sided exact test that each answer is a fair coin."""

    correct: int
    n: int
    p: float
    method: str


def _beta_interval(correct: int, n: int, level: float, add: float, method: str) -> Proportion:
    # Beta quantiles; `add` is what each limit adds to its own side of the counts.
    from scipy.special import betaincinv

    check_counts(correct, n)
    tail = tail_of(level)
    wrong = n - correct
    low = float(betaincinv(correct + 1 - add, wrong + add, tail)) if correct else 0.0
    high = float(betaincinv(correct + add, wrong + 1 - add, 1 - tail)) if wrong else 1.0
    return Proportion(correct, n, correct / n if n else None, low, high, level, method)


def tail_above(correct: int, n: int, chance: float) -> float:
    """P(X >= correct) of a binomial: the one-sided exact p-value that the rate is higher.

    Raises
    ------
    ValueError
        If the counts cannot be.

    Examples
    --------
    >>> round(tail_above(10, 15, 0.5), 8)
    0.15087891
    """
    from scipy.special import bdtrc

    check_counts(correct, n)
    return float(bdtrc(correct - 1, n, chance)) if correct else 1.0


def tail_below(correct: int, n: int, chance: float) -> float:
    """P(X <= correct) of a binomial: the one-sided exact p-value that the rate is lower.

    Raises
    ------
    ValueError
        If the counts cannot be.

    Examples
    --------
    >>> round(tail_below(505, 1000, 0.55), 8)
    0.00237978
    """
    from scipy.special import bdtr

    check_counts(correct, n)
    return float(bdtr(correct, n, chance)) if n else 1.0


def clopper_pearson(correct: int, n: int, *, level: float = LEVEL) -> Proportion:
    """The rate with the exact interval, which never covers less than its level.

    The limits are the quantiles of Beta(x, n - x + 1) and Beta(x + 1, n - x).

    Parameters
    ----------
    correct, n : int
        Right answers, all answers. With none, the interval is the whole of 0..1.
    level : float

    Returns
    -------
    Proportion

    Raises
    ------
    ValueError
        If the counts cannot be, or the level is not between 0 and 1.

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
        If the counts cannot be, or the level is not between 0 and 1.

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


def binomial_test(correct: int, n: int) -> BinomialTest:
    """The two-sided exact test of one half: twice the smaller tail, at most 1.

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
        If the counts cannot be.

    References
    ----------
    At one half the distribution is symmetric, so that doubling the tail is the same test as R's
    ``binom.test(x, n)``, which adds up the outcomes that are at most as likely.

    Examples
    --------
    >>> round(binomial_test(83, 170).p, 8)
    0.81810597
    """
    check_counts(correct, n)
    p = min(1.0, 2 * tail_below(min(correct, n - correct), n, CHANCE))
    return BinomialTest(correct, n, p, "exact binomial, two-sided, against 1/2")
