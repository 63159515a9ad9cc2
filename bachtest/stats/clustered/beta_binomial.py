"""Do listeners, or items, differ more than by chance? The beta-binomial model.

Conventions
-----------
Each group (one listener's answers, or one item's) has its own rate, drawn from a beta distribution
with mean `mu` and variance ``gamma mu (1 - mu)``. gamma is 0 where all groups are alike and 1 where
each is always right or always wrong. Chance-corrected, `mu` and `gamma` are those of the share
above guessing: ``rate = guess + (1 - guess) share``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bachtest.stats.rates.proportions import LEVEL, normal_quantile
from bachtest.stats.rates.result import Result, p_text

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class BetaBinomialFit(Result):
    """`g2` tests that all groups are alike; its `p` is that of chi-square with 1 degree of freedom,
    which is conservative, as gamma cannot be negative. `estimate`, `se` and the limits are of mu;
    `se` is None where the likelihood is not curved there."""

    estimate: float | None
    low: float
    high: float
    se: float | None
    gamma: float
    loglik: float
    g2: float
    p: float
    n: int
    groups: int
    guess: float
    level: float
    method: str
    assumptions: str = "groups independent of each other; one rate within each group"

    def __str__(self) -> str:
        if self.estimate is None:
            return "no answers"
        return (
            f"mu {self.estimate:.3f} ({self.low:.3f} to {self.high:.3f}), gamma {self.gamma:.3f},"
            f" G2 {self.g2:.2f}, {p_text(self.p)}"
        )


def beta_binomial(
    correct: ArrayLike, n: ArrayLike, *, guess: float = 0.0, level: float = LEVEL
) -> BetaBinomialFit:
    """Fit mu and gamma by maximum likelihood.

    Parameters
    ----------
    correct, n : int[G]
        Right answers and answers of each group. A group of one answer says nothing about gamma.
    guess : float
        0 for plain rates; the protocol's chance rate for the chance-corrected model.
    level : float

    Returns
    -------
    BetaBinomialFit

    Raises
    ------
    ValueError
        Unless ``0 <= correct <= n`` in each group and ``0 <= guess < 1``.

    References
    ----------
    P. B. Brockhoff (2003), "The statistical power of replications in difference tests", Food
    Quality and Preference 14, 405-417; the R package sensR, ``betabin``.

    Examples
    --------
    >>> x = [2, 2, 3, 4, 5, 5, 5, 5, 6, 6, 6, 7, 7, 7, 7, 7, 7, 8, 8, 8, 9, 11, 12]
    >>> print(beta_binomial(x, 12))
    mu 0.534 (0.451 to 0.617), gamma 0.091, G2 7.64, p = .006
    """
    from scipy.stats import chi2

    x, total = np.broadcast_arrays(np.asarray(correct, float), np.asarray(n, float))
    if len(x) and not ((x >= 0).all() and (x <= total).all()):
        worst = int(np.argmax(np.maximum(x - total, -x)))
        raise ValueError(
            f"{x[worst]:g} correct of n={total[worst]:g} in a group; use 0 <= correct <= n"
        )
    if not 0 <= guess < 1:
        raise ValueError(f"guess {guess!r}; use a rate from 0 to below 1")
    answered = total > 0
    pairs, times = np.unique(np.stack([x[answered], total[answered]]), axis=1, return_counts=True)
    groups, answers = int(answered.sum()), int(total.sum())
    method = "beta-binomial" + (", chance-corrected" if guess else "")
    if not groups:
        return BetaBinomialFit(None, 0.0, 1.0, None, 0.0, 0.0, 0.0, 1.0, 0, 0, guess, level, method)
    likelihood = _Likelihood(pairs[0], pairs[1], times.astype(np.float64), guess)
    share = max(0.0, (float(x.sum()) / answers - guess) / (1 - guess))
    null = likelihood(share, 0.0)
    mu, gamma, best = _fit(likelihood, share, null)
    g2 = max(0.0, 2 * (best - null))
    se = _se_of_mu(likelihood, mu, gamma)
    half = normal_quantile(level) * se if se is not None else math.inf
    return BetaBinomialFit(
        mu, max(0.0, mu - half), min(1.0, mu + half), se, gamma, best, g2,
        float(chi2.sf(g2, 1)), answers, groups, guess, level, method,
    )  # fmt: skip


class _Likelihood:
    """The log likelihood over the different groups and how many there are of each.

    Chance-corrected, `known` of the x right answers were above guessing and the rest guessed: each
    number that may have been known is a row.
    """

    def __init__(self, x: FloatArray, n: FloatArray, times: FloatArray, guess: float) -> None:
        from scipy.stats import binom

        self.x, self.n, self.times, self.guess = x, n, times, guess
        self.known = np.arange(int(x.max()) + 1)[:, None] if guess else x
        guessed = binom.logpmf(x - self.known, np.maximum(n - self.known, 0), guess)
        self.guessed = np.where(self.known <= x, guessed, -np.inf)

    def __call__(self, mu: float, gamma: float) -> float:
        from scipy.special import logsumexp
        from scipy.stats import betabinom, binom

        if gamma <= 0:
            each = binom.logpmf(self.x, self.n, self.guess + (1 - self.guess) * mu)
        else:
            a, b = mu * (1 - gamma) / gamma, (1 - mu) * (1 - gamma) / gamma
            terms = betabinom.logpmf(self.known, self.n, a, b) + self.guessed
            each = logsumexp(terms, axis=0) if self.guess else terms
        return float(np.sum(self.times * each))


def _fit(likelihood: _Likelihood, share: float, null: float) -> tuple[float, float, float]:
    from scipy.optimize import minimize
    from scipy.special import expit, logit

    if likelihood.n.max() < 2:
        return share, 0.0, null  # single answers cannot show a spread

    def loss(point: FloatArray) -> float:
        # Below this gamma the beta functions lose all digits, and the groups are alike.
        gamma = float(expit(point[1])) if point[1] > -16 else 0.0
        return -likelihood(float(np.clip(expit(point[0]), 1e-12, 1 - 1e-12)), min(gamma, 1 - 1e-9))

    # A sum over a million answers has no more digits; a search for more of them would not end.
    answers = float(likelihood.times @ likelihood.n)
    tolerance = max(1e-10, 1e-13 * answers)
    near = max(1e-8, math.sqrt(tolerance / answers))
    start = logit(np.clip(share, 1e-9, 1 - 1e-9))
    minimum = minimize(
        loss, np.array([start, -2.0]), method="Nelder-Mead",
        options={"xatol": near, "fatol": tolerance, "maxiter": 4000},
    )  # fmt: skip
    if -minimum.fun <= null + 1e-9:
        return share, 0.0, null
    mu, gamma = (float(value) for value in expit(minimum.x))
    return mu, gamma, -float(minimum.fun)


def _se_of_mu(likelihood: Callable[[float, float], float], mu: float, gamma: float) -> float | None:
    if mu in (0.0, 1.0):
        return None
    step = 1e-4 * min(mu, 1 - mu, 0.1)
    # At its ends gamma is taken as known.
    free = 2 * step < gamma < 1 - 2 * step
    at = {
        (i, j): likelihood(mu + i * step, gamma + j * step)
        for i in (-1, 0, 1)
        for j in ((-1, 0, 1) if free else (0,))
    }
    in_mu = -(at[1, 0] - 2 * at[0, 0] + at[-1, 0]) / step**2
    if free:
        in_gamma = -(at[0, 1] - 2 * at[0, 0] + at[0, -1]) / step**2
        mixed = -(at[1, 1] - at[1, -1] - at[-1, 1] + at[-1, -1]) / (4 * step**2)
        if in_gamma > 0:
            in_mu -= mixed**2 / in_gamma
    return 1 / math.sqrt(in_mu) if in_mu > 0 else None
