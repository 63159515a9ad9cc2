"""Anytime-valid inference: e-values and confidence sequences for continuous monitoring.

Conventions
-----------
Three sequences, each with its own claim:

- the *e-value* tests the sharp null "every answer is a fair coin". Bach's side is an independent
  coin in each round, so the answers of guessers are fair coins whatever the listeners and items. It
  rejects from 1/alpha on, at any look, with at most alpha false alarms over all looks together;
- the *beta-binomial confidence sequence* covers one rate, if every answer has the same chance of
  being right;
- the *empirical Bernstein confidence sequence* covers the mean of all listeners for these items:
  listeners must be independent of each other, their answers need not be.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bachtest.stats.rates.proportions import LEVEL, check_counts, tail_of
from bachtest.stats.rates.result import Result, p_text

FloatArray = NDArray[np.float64]
# Stands for 0 where a logarithm is taken.
_LEAST_RATE = 1e-300


@dataclass(frozen=True)
class EValue(Result):
    """Evidence against guessing: 1 is none, 20 is enough at 5%; `p` = min(1, 1 / e)."""

    correct: int
    n: int
    log_e: float
    p: float
    method: str = "e-value, Beta(1, 1) mixture, against the sharp null of fair coins"
    assumptions: str = "Bach's side is an independent fair coin each round; nothing about listeners"

    @property
    def e(self) -> float:
        return math.exp(min(self.log_e, 700.0))

    def __str__(self) -> str:
        return f"e = {self.e:.3g} (anytime-valid {p_text(self.p)})"


@dataclass(frozen=True)
class AnytimeInterval(Result):
    """The interval after the last look; it holds at every earlier look as well."""

    estimate: float | None
    low: float
    high: float
    n: int
    level: float
    method: str
    assumptions: str

    def __str__(self) -> str:
        if self.estimate is None:
            return "no answers"
        return (
            f"{self.estimate:.1%} ({self.low:.1%} to {self.high:.1%}, at every look;"
            f" {self.assumptions})"
        )


def e_value(correct: int, n: int) -> EValue:
    """The Beta(1, 1) mixture e-value of "every answer is a fair coin".

    ``E = 2^n B(1 + x, 1 + n - x)``. The mixture favours no rate.

    Parameters
    ----------
    correct, n : int

    Raises
    ------
    ValueError
        Unless ``0 <= correct <= n``.

    References
    ----------
    J. Ville (1939), "Étude critique de la notion de collectif"; S. R. Howard, A. Ramdas et al.
    (2021), "Time-uniform, nonparametric, nonasymptotic confidence sequences", Annals of Statistics
    49, 1055-1080.

    Examples
    --------
    >>> print(e_value(70, 100))
    e = 427 (anytime-valid p = .002)
    """
    check_counts(correct, n)
    log_e = float(log_e_values(correct, n))
    return EValue(correct, n, log_e, min(1.0, math.exp(-max(log_e, 0.0))))


def log_e_values(correct: ArrayLike, n: ArrayLike) -> FloatArray:
    """The logarithms of `e_value` at many looks.

    Examples
    --------
    >>> log_e_values([0, 8], [0, 8]).round(3).tolist()
    [0.0, 3.348]
    """
    from scipy.special import betaln

    x, total = np.asarray(correct, float), np.asarray(n, float)
    log_e: FloatArray = betaln(1 + x, 1 + total - x) + total * math.log(2)
    return log_e


def beta_binomial_cs(
    correct: ArrayLike, n: ArrayLike, *, level: float = LEVEL
) -> tuple[FloatArray, FloatArray]:
    """The confidence sequence of one unknown rate, at many looks.

    It contains the rates that the Beta(1, 1) mixture does not reject; nothing is tuned to a time.
    It needs a constant rate everywhere but at one half, where it is the e-value.

    Parameters
    ----------
    correct, n : int[K]
        Running totals at each look.
    level : float

    Returns
    -------
    low, high : float[K]

    Raises
    ------
    ValueError
        If the level is not between 0 and 1.

    References
    ----------
    H. Robbins (1970), "Statistical methods related to the law of the iterated logarithm", Annals of
    Mathematical Statistics 41, 1397-1409; Howard, Ramdas et al. (2021).

    Examples
    --------
    >>> low, high = beta_binomial_cs([0, 60], [0, 100])
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.0, 0.441], [1.0, 0.746])
    """
    from scipy.optimize.elementwise import find_root
    from scipy.special import betaln, xlog1py, xlogy

    x, total = np.asarray(correct, float), np.asarray(n, float)
    threshold = betaln(1 + x, 1 + total - x) + math.log(2 * tail_of(level))

    def excess(rate: FloatArray, x: FloatArray, n: FloatArray, least: FloatArray) -> FloatArray:
        loglik: FloatArray = xlogy(x, rate) + xlog1py(n - x, -rate)
        return loglik - least

    def lower(x: FloatArray) -> FloatArray:
        rate = np.divide(x, total, out=np.full_like(x, 0.5), where=total > 0)
        limit = find_root(excess, (_LEAST_RATE, rate), args=(x, total, threshold)).x
        return np.where(x == 0, 0.0, limit)

    return lower(x), 1 - lower(total - x)


def empirical_bernstein_cs(
    means: ArrayLike, *, level: float = LEVEL
) -> tuple[FloatArray, FloatArray]:
    """The confidence sequence of the mean listener for these items, after each listener.

    Predictable plug-in empirical Bernstein, intersected over the looks so far: it never widens.

    Parameters
    ----------
    means : float[L]
        Each listener's share of right answers, in the order in which they finished.
    level : float

    Returns
    -------
    low, high : float[L]

    Raises
    ------
    ValueError
        If a mean is outside 0..1.

    References
    ----------
    I. Waudby-Smith, A. Ramdas (2024), "Estimating means of bounded random variables by betting",
    Journal of the Royal Statistical Society B 86, 1-27, theorem 2.

    Examples
    --------
    >>> low, high = empirical_bernstein_cs([0.6, 0.8] * 200)
    >>> round(float(low[-1]), 2), round(float(high[-1]), 2)
    (0.68, 0.72)
    """
    x = np.asarray(means, dtype=np.float64)
    if len(x) and not (x.min() >= 0 and x.max() <= 1):
        raise ValueError(f"a listener's mean is {x[(x < 0) | (x > 1)][0]!r}; use 0..1")
    alpha = 2 * tail_of(level)
    t = np.arange(1, len(x) + 1)
    # Estimated before each listener, with one pseudo-observation of mean 1/2 and variance 1/4.
    mean = (0.5 + np.cumsum(x)) / (t + 1)
    variance = (0.25 + np.cumsum((x - mean) ** 2)) / (t + 1)
    mean_before = np.concatenate([[0.5], mean[:-1]])
    variance_before = np.concatenate([[0.25], variance[:-1]])
    # The bet on each listener: as in the remark to theorem 2, at most one half.
    bet = np.minimum(0.5, np.sqrt(2 * math.log(2 / alpha) / (variance_before * t * np.log1p(t))))
    cost = (x - mean_before) ** 2 * (-np.log1p(-bet) - bet)
    total = np.cumsum(bet)
    centre = np.cumsum(bet * x) / total
    half = (math.log(2 / alpha) + np.cumsum(cost)) / total
    low = np.maximum.accumulate(np.maximum(centre - half, 0.0))
    high = np.minimum.accumulate(np.minimum(centre + half, 1.0))
    return low, high


def empirical_bernstein_interval(
    means: Sequence[float] | FloatArray, *, level: float = LEVEL
) -> AnytimeInterval:
    """The last interval of `empirical_bernstein_cs`: the mean of all listeners for these items.

    Raises
    ------
    ValueError
        If a mean is outside 0..1.

    References
    ----------
    As `empirical_bernstein_cs`.

    Examples
    --------
    >>> print(empirical_bernstein_interval([0.6, 0.8] * 200))
    70.0% (67.8% to 72.2%, at every look; listeners independent; for these items)
    """
    low, high = empirical_bernstein_cs(means, level=level)
    n = len(low)
    return AnytimeInterval(
        float(np.mean(means)) if n else None,
        float(low[-1]) if n else 0.0,
        float(high[-1]) if n else 1.0,
        n,
        level,
        "confidence sequence over listener means, predictable plug-in empirical Bernstein",
        "listeners independent; for these items",
    )
