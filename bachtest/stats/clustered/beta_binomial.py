"""Do listeners, or items, differ more than chance lets them: the beta-binomial model.

Conventions
-----------
Each group (one listener's answers, or one item's) has its own rate, drawn from a beta
distribution with mean `mu` and variance ``gamma mu (1 - mu)``: gamma is 0 where all are alike and 1
where each is always right or always wrong. Chance-corrected, `mu` and `gamma` are those of
the share above guessing: ``rate = guess + (1 - guess) share``.
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
class Overdispersion(Result):
    """`g2` tests that all groups are alike; `p` is that of chi-square with 1 degree of freedom,
    which is cautious since gamma cannot be negative. `se` and limits are of mu."""

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
    assumptions: str = "groups independent of each other; answers within one alike but for its rate"

    def __str__(self) -> str:
        if self.estimate is None:
            return "no answers"
        return (
            f"mu {self.estimate:.3f} ({self.low:.3f} to {self.high:.3f}), gamma {self.gamma:.3f},"
            f" G2 {self.g2:.2f}, {p_text(self.p)}"
        )


def beta_binomial(
    correct: ArrayLike, n: ArrayLike, *, guess: float = 0.0, level: float = LEVEL
) -> Overdispersion:
    """Fit mu and gamma by maximum likelihood.

    Parameters
    ----------
    correct, n : int[G]
        Right answers and answers of each group. Groups of one answer say nothing about gamma.
    guess : float
        0 for plain rates; the protocol's rate of guessing for the chance-corrected model.
    level : float

    Returns
    -------
    Overdispersion

    Raises
    ------
    ValueError
        If the counts cannot be.

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
    x, total = np.broadcast_arrays(np.asarray(correct, float), np.asarray(n, float))
    if len(x) and not ((x >= 0).all() and (x <= total).all()):
        raise ValueError("more right answers than answers in a group; use 0 <= correct <= n")
    if not 0 <= guess < 1:
        raise ValueError(f"guess {guess!r}; use a rate from 0 up to 1")
    kept = total > 0
    pairs, times = np.unique(np.stack([x[kept], total[kept]]), axis=1, return_counts=True)
    groups, answers = int(kept.sum()), int(total.sum())
    words = "beta-binomial" + (", chance-corrected" if guess else "")
    if not groups:
        return Overdispersion(None, 0.0, 1.0, None, 0.0, 0.0, 0.0, 1.0, 0, 0, guess, level, words)
    likelihood = _Likelihood(pairs[0], pairs[1], times.astype(np.float64), guess)
    share = (float(x.sum()) / answers - guess) / (1 - guess)
    share = min(max(share, 1e-9), 1 - 1e-9)
    null = likelihood(share, 0.0)
    mu, gamma, best = _fit(likelihood, share, null)
    g2 = max(0.0, 2 * (best - null))
    se = _se_of_mu(likelihood, mu, gamma)
    half = normal_quantile(level) * se if se is not None else math.inf
    return Overdispersion(
        mu, max(0.0, mu - half), min(1.0, mu + half), se, gamma, best, g2,
        math.erfc(math.sqrt(g2 / 2)), answers, groups, guess, level, words,
    )  # fmt: skip


class _Likelihood:
    """The log likelihood with binomial coefficients, over the different groups and their number."""

    def __init__(self, x: FloatArray, n: FloatArray, times: FloatArray, guess: float) -> None:
        from scipy.special import gammaln

        self.x, self.n, self.times, self.guess = x, n, times, guess
        self.coefficient = gammaln(n + 1) - gammaln(x + 1) - gammaln(n - x + 1)
        if guess:
            # Of the x right answers i were above guessing: expand (guess + (1 - guess) s)^x.
            self.i = np.arange(int(x.max()) + 1)[:, None]
            with np.errstate(invalid="ignore"):
                choose = (
                    gammaln(x + 1) - gammaln(self.i + 1) - gammaln(np.maximum(x - self.i, 0) + 1)
                )
            self.weight = np.where(
                self.i <= x, choose + (x - self.i) * math.log(guess), -np.inf
            ) + (n - x + self.i) * math.log(1 - guess)

    def __call__(self, mu: float, gamma: float) -> float:
        from scipy.special import betaln, logsumexp, xlog1py, xlogy

        if gamma <= 0:
            rate = self.guess + (1 - self.guess) * mu
            each = xlogy(self.x, rate) + xlog1py(self.n - self.x, -rate)
        else:
            a, b = mu * (1 - gamma) / gamma, (1 - mu) * (1 - gamma) / gamma
            if self.guess:
                terms = self.weight + betaln(a + self.i, b + self.n - self.x)
                each = logsumexp(terms, axis=0) - betaln(a, b)
            else:
                each = betaln(a + self.x, b + self.n - self.x) - betaln(a, b)
        return float(np.sum(self.times * (self.coefficient + each)))


def _fit(likelihood: _Likelihood, share: float, null: float) -> tuple[float, float, float]:
    from scipy.optimize import minimize
    from scipy.special import expit, logit

    if likelihood.n.max() < 2:
        return share, 0.0, null  # single answers cannot show a spread

    def loss(point: FloatArray) -> float:
        # Beyond this gamma the beta functions lose all digits, and the groups are alike.
        gamma = float(expit(point[1])) if point[1] > -16 else 0.0
        return -likelihood(float(np.clip(expit(point[0]), 1e-12, 1 - 1e-12)), min(gamma, 1 - 1e-9))

    # A sum over a million answers has no more digits than that: to ask for them is to search on.
    answers = float(likelihood.times @ likelihood.n)
    close = max(1e-10, 1e-13 * answers)
    near = max(1e-8, math.sqrt(close / answers))
    found = minimize(
        loss, np.array([logit(share), -2.0]), method="Nelder-Mead",
        options={"xatol": near, "fatol": close, "maxiter": 4000},
    )  # fmt: skip
    if -found.fun <= null + 1e-9:
        return share, 0.0, null
    return float(expit(found.x[0])), float(expit(found.x[1])), -float(found.fun)


def _se_of_mu(likelihood: Callable[[float, float], float], mu: float, gamma: float) -> float | None:
    step = 1e-4 * min(mu, 1 - mu, 0.1)
    free = (
        [gamma - step, gamma, gamma + step] if gamma > 2 * step and gamma < 1 - 2 * step else None
    )
    at = {
        (i, j): likelihood(mu + i * step, gamma if free is None else free[j + 1])
        for i in (-1, 0, 1)
        for j in ((0,) if free is None else (-1, 0, 1))
    }
    in_mu = -(at[1, 0] - 2 * at[0, 0] + at[-1, 0]) / step**2
    if free is not None:
        in_gamma = -(at[0, 1] - 2 * at[0, 0] + at[0, -1]) / step**2
        both = -(at[1, 1] - at[1, -1] - at[-1, 1] + at[-1, -1]) / (4 * step**2)
        if in_gamma > 0:
            in_mu -= both**2 / in_gamma
    return 1 / math.sqrt(in_mu) if in_mu > 0 else None
