"""Profile-likelihood intervals: one parameter is held at each value, the others are at their best.

They are for parameters whose likelihood is lopsided, where Wald's interval is not to be trusted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import brentq, root_scalar

from bachtest.stats.mixed.likelihood.glmm import GlmmFit, maximum_at
from bachtest.stats.mixed.likelihood.laplace import GlmmData
from bachtest.stats.mixed.likelihood.search import MAX_SD
from bachtest.stats.mixed.mixed_fit import MixedFit, ProfileInterval
from bachtest.stats.rates.proportions import normal_quantile

if TYPE_CHECKING:
    from bachtest.stats.mixed.fit import Fitting

# How exactly a limit is found, in standard errors.
_TOLERANCE = 1e-3
_SEPARATED = "no profile-likelihood intervals: some cells have all of their answers on one side"


def profile_interval(
    data: GlmmData,
    fit: GlmmFit,
    at: int,
    *,
    level: float,
    fixed_at_zero: Sequence[int] = (),
) -> tuple[float | None, float | None]:
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
    (float or None, float or None)
        A standard deviation's lower limit is 0 where 0 is not refuted. None is a limit that was not
        found.

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

    def limit(side: int) -> float | None:
        nonlocal start
        start, first = fit.phi, estimate + side * z * se
        search = root_scalar(excess, x0=estimate, x1=first, method="secant", xtol=_TOLERANCE * se)
        return float(search.root) if search.converged else None

    if at >= len(fit.theta):
        return limit(-1), limit(1)
    if estimate == 0 or excess(0.0) <= 0:
        return 0.0, limit(1)
    return float(brentq(excess, 0.0, estimate, xtol=_TOLERANCE * se)), limit(1)


def with_profiles(result: MixedFit, fitting: Fitting) -> MixedFit:
    """A result with intervals of its coefficients and of the standard deviations it estimates.

    Where cells are separated, pseudo-observations keep the coefficients finite; the likelihood
    alone then bounds nothing, and the result says so instead.

    Parameters
    ----------
    result : MixedFit
    fitting : Fitting
        What it is the result of.

    Returns
    -------
    MixedFit
    """
    if fitting.separated:
        return replace(result, notes=(*result.notes, _SEPARATED))
    return replace(result, profiles=tuple(_intervals(fitting)))


def _intervals(fitting: Fitting) -> Iterator[ProfileInterval]:
    ml, factors = fitting.ml, fitting.random_factors
    names = [*fitting.design.names, *(f"sd({factor.name})" for factor in factors)]
    positions = [*range(len(factors), len(ml.phi)), *range(len(factors))]
    for name, at in zip(names, positions, strict=True):
        if at in fitting.fixed_at_zero or (at < len(factors) and ml.theta[at] >= MAX_SD):
            continue
        low, high = profile_interval(
            fitting.data, ml, at, level=fitting.level, fixed_at_zero=fitting.fixed_at_zero
        )
        yield ProfileInterval(name, float(ml.phi[at]), low, high)
