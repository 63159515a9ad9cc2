"""Profile-likelihood intervals: everything else at its best, for each value of one parameter."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import brentq, root_scalar

from bachtest.stats.mixed.glmm import GlmmFit, maximum_at
from bachtest.stats.mixed.laplace import Problem
from bachtest.stats.rates.proportions import normal_quantile

# How close a limit is searched, in standard errors.
_CLOSE = 1e-3


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
    start = fit.phi

    def excess(value: float) -> float:
        # The root of the deviance is nearly linear in the parameter, on either side.
        nonlocal start
        loss, start = maximum_at(problem, at, value, start, without)
        return float(np.sqrt(max(0.0, 2 * (fit.loglik + loss)))) - z

    def limit(side: int) -> float:
        first = estimate + side * z * se
        found = root_scalar(excess, x0=estimate, x1=first, method="secant", xtol=_CLOSE * se)
        return float(found.root)

    if at >= len(fit.theta):
        return limit(-1), limit(1)
    if estimate == 0 or excess(0.0) <= 0:
        return 0.0, limit(1)
    return float(brentq(excess, 0.0, estimate, xtol=_CLOSE * se)), limit(1)
