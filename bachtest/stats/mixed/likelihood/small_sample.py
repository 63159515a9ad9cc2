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
from bachtest.stats.mixed.likelihood.glmm import GlmmFit, fit_glmm
from bachtest.stats.mixed.likelihood.laplace import GlmmData, LaplaceObjective
from bachtest.stats.mixed.likelihood.search import (
    MAX_SD,
    BoolArray,
    Search,
    information_of_coefficients,
    whitened_columns,
    with_pseudo_observations,
)

# With fewer levels than this in some cell the correction takes over, and with fewer degrees of
# freedom in all: with 40 items in one cell plain intervals still cover 93 % instead of 95.
MIN_LEVELS, MIN_DF = 20, 100
# The log likelihood falls by this much within one standard error of its maximum.
MAX_FALL = 0.5
# How exactly that fall is met, as a share of the way to the restricted maximum.
_FALL_TOLERANCE = 1e-3
# With fewer answers the criterion may have several minima or none. A simplex stays near its start.
_FEW_ANSWERS = 2000
# The search starts no lower: the criterion is even in a standard deviation, and flat at 0.
_MIN_START_SD = 0.2
# A gradient this small means an error of 1e-3 standard errors.
_GRADIENT_TOLERANCE = 1e-3
# Of the coefficients at given standard deviations: Newton's steps, and how near their best is near.
_STEPS, _NEAR = 5, 1e-4


class RestrictedObjective(LaplaceObjective):
    """The Laplace objective plus half the log determinant of the coefficients' information.

    The determinant has the weights of the maximum: if they followed, wide standard deviations would
    drive them and the determinant to 0, endlessly.

    Parameters
    ----------
    data : GlmmData
    fit : GlmmFit
        By maximum likelihood.

    References
    ----------
    H. D. Patterson, R. Thompson (1971), "Recovery of inter-block information when block sizes are
    unequal", Biometrika 58, 545-554. For generalised models: N. E. Breslow, D. G. Clayton (1993),
    "Approximate inference in generalized linear mixed models", Journal of the American Statistical
    Association 88, 9-25.
    """

    def __init__(self, data: GlmmData, fit: GlmmFit) -> None:
        super().__init__(data)
        self.beta = fit.beta
        self.weight = self.mode(fit.phi).weight

    def value(self, phi: FloatArray) -> float:
        half, _ = self.half_log_det(phi[: self.data.factors])
        return super().value(phi) + half

    def value_and_gradient(self, phi: FloatArray) -> tuple[float, FloatArray]:
        factors = self.data.factors
        value, slope = super().value_and_gradient(phi)
        half, half_slope = self.half_log_det(phi[:factors])
        slope[:factors] += half_slope
        return value + half, slope

    def half_log_det(self, theta: FloatArray) -> tuple[float, FloatArray]:
        """Half the log determinant of ``X' V^-1 X``, and its gradient in theta: float[F].

        V changes by ``2 theta_f Z_f Z_f'`` with the standard deviation of factor f.
        """
        data, layout = self.data, self.data.layout
        precision = Precision(layout, theta, self.weight)
        products, sums, ones = [], [], np.ones(data.factors)
        for column in whitened_columns(data, self.weight, precision):
            products.append(data.x.transposed_times(column))
            sums.append(layout.to_levels(ones, column))
        information = with_pseudo_observations(data, self.beta, np.stack(products))
        inverse = np.linalg.inv(information)
        slope = np.empty(data.factors)
        for factor in range(data.factors):
            of_factor = np.stack([layout.effects_of(factor, row) for row in sums])
            slope[factor] = -theta[factor] * float(np.sum(inverse * (of_factor @ of_factor.T)))
        return float(np.linalg.slogdet(information)[1]) / 2, slope


def restricted_phi(data: GlmmData, fit: GlmmFit, fixed_at_zero: Sequence[int]) -> FloatArray:
    """Standard deviations by restricted likelihood, and coefficients near their best.

    Where answers are few the determinant in the criterion is steeper than the likelihood, so the
    standard deviations are followed only until the log likelihood has fallen by `MAX_FALL`.

    Parameters
    ----------
    data : GlmmData
    fit : GlmmFit
        By maximum likelihood, with its covariance.
    fixed_at_zero : sequence of int
        Factors that stay at 0.

    Returns
    -------
    float[F + p]
    """
    factors = data.factors
    free = np.ones(len(fit.phi), dtype=bool)
    free[list(fixed_at_zero)] = False
    if not free[:factors].any():
        return fit.phi
    theta = np.where(free[:factors], np.maximum(fit.theta, _MIN_START_SD), 0.0)
    objective, profile = RestrictedObjective(data, fit), _Profile(data, fit)
    if data.n.sum() < _FEW_ANSWERS:
        phi = _with_theta(fit, _by_simplex(objective, profile, theta, free[:factors]))
        fall = profile.fall(phi[:factors])
    else:
        search = Search(objective, _with_theta(fit, theta), free)
        search.run(_GRADIENT_TOLERANCE)
        phi = np.concatenate([np.abs(search.phi[:factors]), search.phi[factors:]])
        fall = objective.value(search.phi) - objective.half_log_det(search.phi[:factors])[0]
        fall -= profile.minimum
    if fall > MAX_FALL:
        phi = _with_theta(fit, _as_far_as_likely(profile, fit, phi[:factors]))
    phi[:factors][phi[:factors] < 0.01] = 0.0
    return phi


def _by_simplex(
    objective: RestrictedObjective, profile: _Profile, first: FloatArray, varied: BoolArray
) -> FloatArray:
    def whole(sds: FloatArray) -> FloatArray:
        theta = first.copy()
        theta[varied] = np.minimum(np.abs(sds), MAX_SD)
        return theta

    start = first[varied]
    simplex = np.concatenate([start[None], start + np.diag(np.maximum(0.3 * start, 0.1))])
    minimum = minimize(
        lambda sds: profile.fall(whole(sds)) + objective.half_log_det(whole(sds))[0],
        start,
        method="Nelder-Mead",
        options={"initial_simplex": simplex, "xatol": 0.01, "fatol": 1e-3, "maxfev": 400},
    )
    return whole(minimum.x)


def _with_theta(fit: GlmmFit, theta: FloatArray) -> FloatArray:
    # Other standard deviations, and the coefficients that go with them near the maximum.
    beta = fit.beta + _beta_by_theta(fit) @ (theta - fit.theta)
    return np.concatenate([theta, beta])


class _Profile:
    """How far the log likelihood falls with the standard deviations, coefficients at their best."""

    def __init__(self, data: GlmmData, fit: GlmmFit) -> None:
        self.data, self.fit = data, fit
        self.objective = LaplaceObjective(data)
        self.weight = self.objective.mode(fit.phi).weight
        self.minimum = self.objective.value(fit.phi)

    def fall(self, theta: FloatArray) -> float:
        data, factors = self.data, self.data.factors
        precision = Precision(data.layout, theta, self.weight)
        information = information_of_coefficients(data, self.fit.beta, self.weight, precision)
        phi = _with_theta(self.fit, theta)
        value, gradient = self.objective.value_and_gradient(phi)
        for _ in range(_STEPS):
            step = np.linalg.solve(information, gradient[factors:])
            if float(step @ gradient[factors:]) < _NEAR:
                break
            phi = np.concatenate([theta, phi[factors:] - step])
            next_value, gradient = self.objective.value_and_gradient(phi)
            if next_value >= value:
                break
            value = next_value
        return value - self.minimum


def _as_far_as_likely(profile: _Profile, fit: GlmmFit, theta: FloatArray) -> FloatArray:
    # From the maximum towards theta, as far as the likelihood allows.
    def at(share: float) -> FloatArray:
        return floats(fit.theta + share * (theta - fit.theta))

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
    phi = restricted_phi(data, fit, fixed_at_zero)
    return fit_glmm(data, theta=phi[: data.factors], start=phi)
