"""The band over time: the rate for new listeners and new items, valid whenever somebody looks.

Conventions
-----------
Rows stand in the order in which the answers were given. An answer belongs to one listener and one
item. The variance V of the rate so far is that of two-way clustering. The information 1 / V is the
clock of the sequence: the rate so far is the best guess at every later one, so that the covariance
of two looks is the variance of the later one, and the rate moves like a Brownian motion in 1 / V.
The normal mixture bounds such a motion at all times together, also where the items are few and
stay, so that V stops falling. Looks are never intersected: the limits of two looks may exclude each
other, and then an intersection would be empty.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bachtest.stats.rates.proportions import LEVEL, tail_of
from bachtest.stats.rates.result import Result, counted
from bachtest.stats.rates.summary import FEW

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
# Both listeners and items: below, two-way clustering gives intervals that are too narrow.
START = 20
# Looks that a picture of the path has room for.
MAX_LOOKS = 120
# Standard deviation of the mixture. The band takes the fewest standard errors where one is .06, as
# with twenty listeners of five answers each.
MIXTURE_SD = 0.17
METHOD = (
    "asymptotic confidence sequence, normal mixture over the two-way clustered variance, on the"
    f" logit, t by the effective number of listeners or items, from the {START}th of each on"
)
ASSUMPTIONS = "for new listeners and new items, valid whenever you look"


@dataclass(frozen=True)
class BandLook:
    """The rate after `n` answers, and its limits."""

    n: int
    estimate: float
    low: float
    high: float


@dataclass(frozen=True)
class PopulationBand(Result):
    """The band after all answers; without limits until there are 20 listeners and 20 items.

    `looks` are the earlier looks that were asked for, as far as they have limits.
    """

    estimate: float | None
    low: float | None
    high: float | None
    n: int
    listeners: int
    items: int
    level: float
    looks: tuple[BandLook, ...] = ()
    method: str = METHOD
    assumptions: str = ASSUMPTIONS

    def __str__(self) -> str:
        if self.low is None or self.high is None:
            return (
                f"no band before {START} listeners and {START} items (now"
                f" {counted(self.listeners, 'listener')}, {counted(self.items, 'item')})"
            )
        return f"{self.estimate:.1%} ({self.low:.1%} to {self.high:.1%}, {self.assumptions})"


def spaced_looks(answers: int) -> list[int]:
    """Looks for a picture, evenly spaced, each after FEW more answers or more; the last after all.

    Parameters
    ----------
    answers : int

    Returns
    -------
    list of int

    Examples
    --------
    >>> spaced_looks(47), len(spaced_looks(10**6))
    ([11, 23, 35, 47], 120)
    """
    looks = min(MAX_LOOKS, answers // FEW)
    return [answers * (look + 1) // looks for look in range(looks)]


@dataclass(frozen=True)
class BandArrays:
    """Looks as arrays of K: answers, rate, limits (NaN before the start) and clusters so far."""

    n: FloatArray
    rate: FloatArray
    low: FloatArray
    high: FloatArray
    listeners: IntArray
    items: IntArray


def population_band(
    listener: IntArray,
    item: IntArray,
    correct: FloatArray,
    n: FloatArray,
    *,
    looks: IntArray | Sequence[int] = (),
    level: float = LEVEL,
) -> PopulationBand:
    """The band after all answers, and at earlier looks.

    Parameters
    ----------
    listener, item, correct, n
        As `band_arrays`.
    looks : int[K]
        After how many rows, from 1. The order of the rows matters for these alone.
    level : float

    Returns
    -------
    PopulationBand

    Raises
    ------
    ValueError
        As `band_arrays`.

    References
    ----------
    As `band_arrays`.

    Examples
    --------
    >>> listener, item = np.divmod(np.arange(3000), 30)
    >>> right = (np.random.default_rng(1).random(3000) < 0.5 + 0.01 * item).astype(float)
    >>> print(population_band(listener, item, right, np.ones(3000)))
    65.4% (59.3% to 71.0%, for new listeners and new items, valid whenever you look)
    """
    rows = len(n)
    if not rows:
        return PopulationBand(None, None, None, 0, 0, 0, level)
    arrays = band_arrays(listener, item, correct, n, looks=[*looks, rows], level=level)
    drawn = [
        BandLook(int(answers), rate, low, high)
        for answers, rate, low, high in zip(
            arrays.n.tolist(), arrays.rate.tolist(), arrays.low.tolist(), arrays.high.tolist(),
            strict=True,
        )
        if not math.isnan(low)
    ]  # fmt: skip
    begun = not math.isnan(arrays.low[-1])
    return PopulationBand(
        float(arrays.rate[-1]) if arrays.n[-1] else None,
        drawn[-1].low if begun else None,
        drawn[-1].high if begun else None,
        int(arrays.n[-1]),
        int(arrays.listeners[-1]),
        int(arrays.items[-1]),
        level,
        tuple(drawn[:-1]),
    )


def band_arrays(
    listener: IntArray,
    item: IntArray,
    correct: FloatArray,
    n: FloatArray,
    *,
    looks: IntArray | Sequence[int] | None = None,
    level: float = LEVEL,
) -> BandArrays:
    """The band after each row, or at some looks; an answer costs the same however many came before.

    With r = sd^2 / V, where sd is `MIXTURE_SD`, the limits are z standard errors from the rate::

        z^2 = (1 + 1 / r) (log(1 + r) - 2 log(alpha))

    Then z becomes the quantile of t with as large a tail and G - 1 degrees of freedom, where G is
    the effective number of listeners or that of items, (sum n)^2 / sum n^2, whichever is smaller:
    it is small where a few listeners give most answers. The limits are taken on the logit, about
    a rate with two right and two wrong pseudo-answers, and always contain the rate itself.

    Parameters
    ----------
    listener, item : int[N]
        Codes from 0, in the order of the answers.
    correct, n : float[N]
        Right answers and answers of each row.
    looks : int[K] or None
        After how many rows, from 1, in rising order; None looks after each.
    level : float

    Returns
    -------
    BandArrays

    Raises
    ------
    ValueError
        If the level is not between 0 and 1, or a look is outside 1..N.

    References
    ----------
    I. Waudby-Smith, D. Arbour, R. Sinha, E. H. Kennedy, A. Ramdas (2024), "Time-uniform central
    limit theory and asymptotic confidence sequences", Annals of Statistics 52, 2613-2640, theorem
    2.2, for independent observations; here over the variance of A. C. Cameron, J. B. Gelbach,
    D. L. Miller (2011), "Robust inference with multiway clustering", Journal of Business &
    Economic Statistics 29, 238-249. A. Agresti, B. A. Coull (1998), "Approximate is better than
    'exact'", American Statistician 52, 119-126, for the pseudo-answers. A. V. Carter,
    K. T. Schnepel, D. G. Steigerwald (2017), "Asymptotic behavior of a t-test robust to cluster
    heterogeneity", Review of Economics and Statistics 99, 698-709, for the effective number.

    Examples
    --------
    >>> listener, item = np.divmod(np.arange(3000), 30)
    >>> right = (np.random.default_rng(1).random(3000) < 0.5 + 0.01 * item).astype(float)
    >>> band = band_arrays(listener, item, right, np.ones(3000), looks=[570, 600, 3000])
    >>> band.low.round(3).tolist(), band.high.round(3).tolist()
    ([nan, 0.564, 0.593], [nan, 0.717, 0.71])
    """
    at = np.arange(len(n)) if looks is None else np.asarray(looks, dtype=np.int64) - 1
    if len(at) and not (at.min() >= 0 and at.max() < len(n)):
        raise ValueError(f"looks {looks!r}; use 1 to {len(n)}")
    total, right = np.cumsum(n)[at], np.cumsum(correct)[at]
    rate = np.divide(right, total, out=np.full(len(at), 0.5), where=total > 0)
    _, cell = np.unique(listener * (item.max(initial=0) + 1) + item, return_inverse=True)
    of_listener, of_item, of_cell = (
        _cluster_sums(code, correct, n, at) for code in (listener, item, cell)
    )
    begun = np.minimum(of_listener.clusters, of_item.clusters) >= START
    fewest = np.minimum(of_listener.effective(total), of_item.effective(total))
    parts = [_between(sums, rate, total) for sums in (of_listener, of_item)]
    shared = _squares(of_cell, rate)
    centre = (right + 2) / (total + 4)
    # By chance, or where nothing varies, the difference can fall below a part of it.
    squares = np.maximum.reduce([sum(parts) - shared, *parts, total * centre * (1 - centre)])
    low, high = np.full(len(at), np.nan), np.full(len(at), np.nan)
    se = np.sqrt(squares[begun]) / total[begun]
    reach = _multiplier(se, fewest[begun], level) * se
    low[begun], high[begun] = _on_the_logit(rate[begun], centre[begun], reach)
    return BandArrays(total, rate, low, high, of_listener.clusters, of_item.clusters)


@dataclass(frozen=True)
class _ClusterSums:
    """Over the clusters so far: sums of x^2, x n, n^2 and n^3, and how many clusters there are."""

    xx: FloatArray
    xn: FloatArray
    nn: FloatArray
    nnn: FloatArray
    clusters: IntArray

    def effective(self, total: FloatArray) -> FloatArray:
        """As many clusters of equal size would be as good (Carter et al. 2017)."""
        result: FloatArray = total**2 / np.maximum(self.nn, 1)
        return result


def _cluster_sums(code: IntArray, x: FloatArray, n: FloatArray, at: IntArray) -> _ClusterSums:
    if at.tolist() == [len(code) - 1]:
        return _all_cluster_sums(code, x, n)
    order = np.argsort(code, kind="stable")
    sorted_code = code[order]
    starts = np.flatnonzero(np.diff(sorted_code, prepend=sorted_code[:1] - 1))
    sizes = np.diff(starts, append=len(code))

    def before_in_cluster(values: FloatArray) -> FloatArray:
        before = np.cumsum(values[order]) - values[order]
        result = np.empty(len(code))
        result[order] = before - np.repeat(before[starts], sizes)
        return result

    # An answer changes the sums of its own cluster alone: (s + x)^2 - s^2 = x (2 s + x).
    x_before, n_before = before_in_cluster(x), before_in_cluster(n)
    return _ClusterSums(
        np.cumsum(x * (2 * x_before + x))[at],
        np.cumsum(x_before * n + n_before * x + x * n)[at],
        np.cumsum(n * (2 * n_before + n))[at],
        np.cumsum(n * (3 * n_before * (n_before + n) + n**2))[at],
        np.cumsum((n_before == 0) & (n > 0))[at],
    )


def _all_cluster_sums(code: IntArray, x: FloatArray, n: FloatArray) -> _ClusterSums:
    """After the last row alone, for which nothing has to be sorted."""
    right, answers = np.bincount(code, x), np.bincount(code, n)
    return _ClusterSums(
        np.array([right @ right]),
        np.array([right @ answers]),
        np.array([answers @ answers]),
        np.array([answers**2 @ answers]),
        np.array([np.count_nonzero(answers)]),
    )


def _squares(sums: _ClusterSums, rate: FloatArray) -> FloatArray:
    """The sum over clusters of (x - n rate)^2."""
    result: FloatArray = sums.xx - 2 * rate * sums.xn + rate**2 * sums.nn
    return result


def _between(sums: _ClusterSums, rate: FloatArray, total: FloatArray) -> FloatArray:
    # A large cluster pulls the rate towards itself, and its residual is too small. With shares w of
    # the answers, this much is left of a variance between clusters; (G - 1) / G with equal shares.
    ww, www = sums.nn / total**2, sums.nnn / total**3  # 1 and 1 with a single cluster
    left = 1 - 2 * www / ww + ww
    squares = _squares(sums, rate)
    return np.divide(squares, left, out=np.zeros_like(squares), where=left > 0)


def _multiplier(se: FloatArray, fewest: FloatArray, level: float) -> FloatArray:
    from scipy.special import ndtr, stdtrit

    alpha = 2 * tail_of(level)
    r = (MIXTURE_SD / se) ** 2
    z = np.sqrt((1 + 1 / r) * (np.log1p(r) - 2 * math.log(alpha)))
    result: FloatArray = -stdtrit(np.maximum(fewest - 1, 1), ndtr(-z))
    return result


def _on_the_logit(
    rate: FloatArray, centre: FloatArray, reach: FloatArray
) -> tuple[FloatArray, FloatArray]:
    from scipy.special import expit, logit

    half = reach / (centre * (1 - centre))
    low, high = expit(logit(centre) - half), expit(logit(centre) + half)
    return np.minimum(low, rate), np.maximum(high, rate)
