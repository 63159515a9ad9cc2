"""Profile-likelihood intervals: everything else at its best, for each value of one parameter."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bachtest.stats.mixed.glmm import GlmmFit, maximum_at
from bachtest.stats.mixed.laplace import Problem
from bachtest.stats.rates.proportions import normal_quantile

_STEPS = 12
# How far from the quantile the signed root may end.
_CLOSE = 2e-3


def profile_interval(
    problem: Problem,
    fit: GlmmFit,
    at: int,
    *,
    level: float,
    without: Sequence[int] = (),
) -> tuple[float, float]:
    """Where twice the loss of log likelihood is the quantile of chi-square.

    Parameters
    ----------
    problem : Problem
    fit : GlmmFit
        By maximum likelihood, with its covariance.
    at : int
        Position in phi: a standard deviation or, from F on, a coefficient.
    level : float
    without : sequence of int
        Factors held at 0.

    Returns
    -------
    (float, float)
        A standard deviation's limit is 0 where 0 is not refuted.

    References
    ----------
    D. J. Venzon, S. H. Moolgavkar (1988), "A method for computing profile-likelihood-based
    confidence intervals", Applied Statistics 37, 87-94.
    """
    estimate = float(fit.phi[at])
    se = float(np.sqrt(fit.covariance[at, at])) or 0.3
    z = normal_quantile(level)
    is_spread = at < len(fit.theta)
    low = _limit(problem, fit, at, -z, se, without)
    if is_spread and (estimate == 0 or low < 0):
        low = 0.0
    return low, _limit(problem, fit, at, z, se, without)


def _limit(
    problem: Problem, fit: GlmmFit, at: int, z: float, se: float, without: Sequence[int]
) -> float:
    # The signed root of the deviance is nearly linear in the parameter: each try rescales.
    estimate, spread = float(fit.phi[at]), at < len(fit.theta)
    value, start = estimate + z * se, fit.phi
    for _ in range(_STEPS):
        outside = spread and value < 0
        where = 0.0 if outside else value
        loss, start = maximum_at(problem, at, where, start, without)
        root = np.sqrt(max(0.0, 2 * (fit.loglik + loss)))
        if outside and root < abs(z):
            return -1.0
        if abs(root - abs(z)) < _CLOSE:
            break
        grow = float(np.clip(abs(z) / max(root, 1e-6), 0.4, 2.5))
        value = estimate + (where - estimate) * grow
    return value
