"""Profile-likelihood intervals: one parameter is held at each value, the others are at their best.

Nothing reports them yet; they are for single parameters whose likelihood is lopsided.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import brentq, root_scalar

from bachtest.stats.mixed.likelihood.glmm import GlmmFit, maximum_at
from bachtest.stats.mixed.likelihood.laplace import GlmmData
from bachtest.stats.rates.proportions import normal_quantile

# How exactly a limit is found, in standard errors.
_TOLERANCE = 1e-3


def profile_interval(
    data: GlmmData,
    fit: GlmmFit,
    at: int,
    *,
    level: float,
    fixed_at_zero: Sequence[int] = (),
) -> tuple[float, float]:
    """Where twice the loss of log likelihood is the quantile of chi-square.

    Parameters
    ----------
    data : GlmmData
    fit : GlmmFit
        By maximum likelihood, with its covariance.
    at : int
        Position in phi: a standard deviation or, from F on, a coefficient.
    level : float
    fixed_at_zero : sequence of int
        Factors whose standard deviation is 0.

    Returns
    -------
    (float, float)
        A standard deviation's lower limit is 0 where 0 is not refuted.

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
        # On either side of the estimate the root of the deviance is nearly linear.
        nonlocal start
        loglik, start = maximum_at(data, at, value, start, fixed_at_zero)
        return float(np.sqrt(max(0.0, 2 * (fit.loglik - loglik)))) - z

    def limit(side: int) -> float:
        first = estimate + side * z * se
        search = root_scalar(excess, x0=estimate, x1=first, method="secant", xtol=_TOLERANCE * se)
        return float(search.root)

    if at >= len(fit.theta):
        return limit(-1), limit(1)
    if estimate == 0 or excess(0.0) <= 0:
        return 0.0, limit(1)
    return float(brentq(excess, 0.0, estimate, xtol=_TOLERANCE * se)), limit(1)
