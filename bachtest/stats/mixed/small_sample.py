"""Few items, or few listeners: variances that count the coefficients, and Student's t.

Conventions
-----------
Maximum likelihood takes the coefficients as known when it estimates a variance, and a normal
quantile takes the variance as known: with 42 items in 7 cells both make intervals too short. Here
the variances maximise the likelihood restricted as in a linear mixed model, the coefficients follow
with these variances, and tests and intervals take as many degrees of freedom as there are levels
above what is estimated between them ("between-within").
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import brentq, minimize

from bachtest.stats.mixed.blocks import FloatArray, Precision, floats
from bachtest.stats.mixed.glmm import WIDEST, GlmmFit, fit_glmm, information_of_coefficients
from bachtest.stats.mixed.laplace import Objective, Problem

# Below this many levels in some cell the correction takes over, and below this many degrees of
# freedom in all: with 40 items in one cell plain intervals still cover 93 % instead of 95.
FEW, FEW_DEGREES = 20, 100
# The log likelihood's fall within one standard error of its maximum.
FALL = 0.5
_LEAST_START = 0.2
# Of the coefficients at given spreads: Newton's steps, and an objective this near its minimum.
_STEPS, _CLOSE = 5, 1e-4
# How close to that fall the search comes, as a share of the way to the restricted maximum.
_NEAR = 1e-3


def restricted_theta(problem: Problem, fit: GlmmFit, without: Sequence[int]) -> FloatArray:
    """Standard deviations by restricted likelihood.

    The criterion is the Laplace objective with the coefficients at their best, plus half the log
    determinant of the coefficients' information. Its weights are those of the maximum: were they to
    follow, wide spreads would drive them to 0 and the determinant with them, without end. Where
    answers are few the determinant is steeper than the likelihood all the same, so the search stops
    where the likelihood has fallen by `FALL`.

    Parameters
    ----------
    problem : Problem
    fit : GlmmFit
        Maximum likelihood, with its covariance.
    without : sequence of int
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
    varied = [factor for factor in range(problem.factors) if factor not in without]
    if not varied:
        return fit.theta
    profile = _Profile(problem, fit)

    def whole(sizes: FloatArray) -> FloatArray:
        theta = np.zeros(problem.factors)
        theta[varied] = np.minimum(np.abs(sizes), WIDEST)
        return theta

    first = np.maximum(fit.theta[varied], _LEAST_START)
    simplex = np.concatenate([first[None], first + np.diag(np.maximum(0.3 * first, 0.1))])
    found = minimize(
        lambda sizes: profile.restricted(whole(sizes)),
        first,
        method="Nelder-Mead",
        options={"initial_simplex": simplex, "xatol": 0.01, "fatol": 1e-3, "maxfev": 400},
    )
    theta = _believable(profile, fit, whole(found.x))
    return np.where(theta < 0.01, 0.0, theta)


class _Profile:
    """The objective as a function of the standard deviations, coefficients at their best."""

    def __init__(self, problem: Problem, fit: GlmmFit) -> None:
        self.problem, self.fit = problem, fit
        self.objective = Objective(problem)
        self.weight = self.objective.mode(fit.phi).weight
        self.least = self.objective.value(fit.phi)
        self.follows = _follows(fit)

    def restricted(self, theta: FloatArray) -> float:
        value, information = self._at(theta)
        return value + float(np.linalg.slogdet(information)[1]) / 2

    def fall(self, theta: FloatArray) -> float:
        """How far the log likelihood lies below its maximum."""
        return self._at(theta)[0] - self.least

    def _at(self, theta: FloatArray) -> tuple[float, FloatArray]:
        problem, factors = self.problem, self.problem.factors
        precision = Precision(problem.layout, theta, self.weight)
        information = information_of_coefficients(problem, self.fit.beta, self.weight, precision)
        beta = self.fit.beta + self.follows @ (theta - self.fit.theta)
        value, slope = self.objective.both(np.concatenate([theta, beta]))
        for _ in range(_STEPS):
            step = np.linalg.solve(information, slope[factors:])
            if float(step @ slope[factors:]) < _CLOSE:
                break
            tried, its = self.objective.both(np.concatenate([theta, beta - step]))
            if tried >= value:
                break
            value, slope, beta = tried, its, beta - step
        return value, information


def _believable(profile: _Profile, fit: GlmmFit, theta: FloatArray) -> FloatArray:
    # From the maximum towards theta, as far as the likelihood allows.
    def at(share: float) -> FloatArray:
        return floats(fit.theta + share * (theta - fit.theta))

    if profile.fall(theta) <= FALL:
        return theta
    return at(float(brentq(lambda share: profile.fall(at(share)) - FALL, 0.0, 1.0, xtol=_NEAR)))


def _follows(fit: GlmmFit) -> FloatArray:
    # float[p, F]: how the best coefficients move with theta, near the maximum.
    factors = len(fit.theta)
    moves = np.zeros((len(fit.beta), factors))
    free = np.flatnonzero(fit.free[:factors])
    if len(free):
        within = fit.covariance[np.ix_(free, free)]
        moves[:, free] = np.linalg.solve(within, fit.covariance[free, factors:]).T
    return floats(moves)


def corrected(problem: Problem, fit: GlmmFit, without: Sequence[int]) -> GlmmFit:
    """The model again, with variances by restricted likelihood.

    Parameters
    ----------
    problem : Problem
    fit : GlmmFit
    without : sequence of int

    Returns
    -------
    GlmmFit
    """
    theta = restricted_theta(problem, fit, without)
    return fit_glmm(problem, theta=theta, start=np.concatenate([theta, fit.beta]))
