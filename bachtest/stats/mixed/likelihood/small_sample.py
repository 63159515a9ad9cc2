"""Few items or few listeners: restricted likelihood for the variances, and Student's t.

Conventions
-----------
Maximum likelihood takes the coefficients as known when it estimates a variance, and a normal
quantile takes the variance as known. With 42 items in 7 cells both make intervals too short. Here
the variances maximise the likelihood restricted as in a linear mixed model, and the coefficients
follow with these variances. Tests and intervals have as many degrees of freedom as there are levels
above the coefficients between them ("between-within").
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import brentq, minimize

from bachtest.stats.mixed.likelihood.blocks import FloatArray, Precision, floats
from bachtest.stats.mixed.likelihood.glmm import (
    MAX_SD,
    GlmmFit,
    fit_glmm,
    information_of_coefficients,
)
from bachtest.stats.mixed.likelihood.laplace import GlmmData, LaplaceObjective

# With fewer levels than this in some cell the correction takes over, and with fewer degrees of
# freedom in all: with 40 items in one cell plain intervals still cover 93 % instead of 95.
MIN_LEVELS, MIN_DF = 20, 100
# The log likelihood falls by this much within one standard error of its maximum.
MAX_FALL = 0.5
# How exactly that fall is met, as a share of the way to the restricted maximum.
_FALL_TOLERANCE = 1e-3
_MIN_START_SD = 0.2
# Of the coefficients at given standard deviations: Newton's steps, and how near their best is near.
_STEPS, _NEAR = 5, 1e-4


def restricted_theta(data: GlmmData, fit: GlmmFit, fixed_at_zero: Sequence[int]) -> FloatArray:
    """Standard deviations by restricted likelihood.

    The criterion is the Laplace objective with the coefficients at their best, plus half the log
    determinant of the coefficients' information. The determinant has the weights of the maximum: if
    they followed, wide standard deviations would drive them and the determinant to 0, endlessly.
    Where answers are few the determinant is still steeper than the likelihood, so the search stops
    where the log likelihood has fallen by `MAX_FALL`.

    Parameters
    ----------
    data : GlmmData
    fit : GlmmFit
        By maximum likelihood, with its covariance.
    fixed_at_zero : sequence of int
        Factors that stay at 0.

    Returns
    -------
    float[F]

    References
    ----------
    H. D. Patterson, R. Thompson (1971), "Recovery of inter-block information when block sizes are
    unequal", Biometrika 58, 545-554. For generalised models: N. E. Breslow, D. G. Clayton (1993),
    "Approximate inference in generalized linear mixed models", Journal of the American Statistical
    Association 88, 9-25.
    """
    varied = [factor for factor in range(data.factors) if factor not in fixed_at_zero]
    if not varied:
        return fit.theta
    profile = _Profile(data, fit)

    def whole(sds: FloatArray) -> FloatArray:
        theta = np.zeros(data.factors)
        theta[varied] = np.minimum(np.abs(sds), MAX_SD)
        return theta

    first = np.maximum(fit.theta[varied], _MIN_START_SD)
    simplex = np.concatenate([first[None], first + np.diag(np.maximum(0.3 * first, 0.1))])
    minimum = minimize(
        lambda sds: profile.restricted(whole(sds)),
        first,
        method="Nelder-Mead",
        options={"initial_simplex": simplex, "xatol": 0.01, "fatol": 1e-3, "maxfev": 400},
    )
    theta = _as_far_as_likely(profile, fit, whole(minimum.x))
    return np.where(theta < 0.01, 0.0, theta)


class _Profile:
    """The objective as a function of the standard deviations, coefficients at their best."""

    def __init__(self, data: GlmmData, fit: GlmmFit) -> None:
        self.data, self.fit = data, fit
        self.objective = LaplaceObjective(data)
        self.weight = self.objective.mode(fit.phi).weight
        self.minimum = self.objective.value(fit.phi)
        self.beta_by_theta = _beta_by_theta(fit)

    def restricted(self, theta: FloatArray) -> float:
        value, information = self._at(theta)
        return value + float(np.linalg.slogdet(information)[1]) / 2

    def fall(self, theta: FloatArray) -> float:
        """How far the log likelihood lies below its maximum."""
        return self._at(theta)[0] - self.minimum

    def _at(self, theta: FloatArray) -> tuple[float, FloatArray]:
        data, factors = self.data, self.data.factors
        precision = Precision(data.layout, theta, self.weight)
        information = information_of_coefficients(data, self.fit.beta, self.weight, precision)
        beta = self.fit.beta + self.beta_by_theta @ (theta - self.fit.theta)
        value, gradient = self.objective.value_and_gradient(np.concatenate([theta, beta]))
        for _ in range(_STEPS):
            step = np.linalg.solve(information, gradient[factors:])
            if float(step @ gradient[factors:]) < _NEAR:
                break
            phi = np.concatenate([theta, beta - step])
            next_value, next_gradient = self.objective.value_and_gradient(phi)
            if next_value >= value:
                break
            value, gradient, beta = next_value, next_gradient, beta - step
        return value, information


def _as_far_as_likely(profile: _Profile, fit: GlmmFit, theta: FloatArray) -> FloatArray:
    # From the maximum towards theta, as far as the likelihood allows.
    def at(share: float) -> FloatArray:
        return floats(fit.theta + share * (theta - fit.theta))

    if profile.fall(theta) <= MAX_FALL:
        return theta
    share = brentq(lambda s: profile.fall(at(s)) - MAX_FALL, 0.0, 1.0, xtol=_FALL_TOLERANCE)
    return at(float(share))


def _beta_by_theta(fit: GlmmFit) -> FloatArray:
    # float[p, F]: how the best coefficients move with theta, near the maximum.
    factors = len(fit.theta)
    derivative = np.zeros((len(fit.beta), factors))
    free = np.flatnonzero(fit.free[:factors])
    if len(free):
        within = fit.covariance[np.ix_(free, free)]
        derivative[:, free] = np.linalg.solve(within, fit.covariance[free, factors:]).T
    return floats(derivative)


def restricted_fit(data: GlmmData, fit: GlmmFit, fixed_at_zero: Sequence[int]) -> GlmmFit:
    """The model once more, with standard deviations by restricted likelihood.

    Parameters
    ----------
    data : GlmmData
    fit : GlmmFit
        By maximum likelihood, with its covariance.
    fixed_at_zero : sequence of int

    Returns
    -------
    GlmmFit
    """
    theta = restricted_theta(data, fit, fixed_at_zero)
    return fit_glmm(data, theta=theta, start=np.concatenate([theta, fit.beta]))
