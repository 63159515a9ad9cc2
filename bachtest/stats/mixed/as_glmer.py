"""The digits that R's `glmer` prints, where its inner iterations end early.

Conventions
-----------
By default `glmer` starts each evaluation from the linear predictor of a first, rougher fit and ends
its iterations once the penalised deviance moves by less than 1e-7 of itself; the determinant is
then that of the iterate before the last. This shifts estimates by about .1 % and standard errors by
up to .7 % from the Laplace optimum (`tolPwrss = 1e-13` gives that). A reviewer compares with what R
prints, so the printed coefficients follow the same rule; likelihoods, tests of terms, intervals and
the small-sample correction do not.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.optimize import minimize

from bachtest.stats.mixed.blocks import FloatArray, Precision, floats
from bachtest.stats.mixed.glmm import GlmmFit, approximate_information
from bachtest.stats.mixed.laplace import (
    Curve,
    Mode,
    Problem,
    find_mode,
    held_slope,
    held_value,
)
from bachtest.stats.mixed.optimise import Scaled, curvature, descend

_TOLERANCE = 1e-7
_STEPS = 25
# Beyond this many rows nobody waits for R, and the fit itself is quicker.
MOST_ROWS = 200_000


class Stopped:
    """The objective as `glmer` evaluates it, from a fixed first linear predictor.

    `steps` inner iterations are made; the slope takes the last as converged and follows the
    determinant through the one before.
    """

    def __init__(self, problem: Problem, eta: FloatArray, steps: int) -> None:
        self.problem, self.eta, self.steps = problem, eta, steps

    def __call__(self, phi: FloatArray) -> tuple[float, FloatArray]:
        problem, layout = self.problem, self.problem.layout
        theta, beta = phi[: problem.factors], phi[problem.factors :]
        offset = problem.fixed.times(beta)
        before, eta, v, first = None, self.eta, np.zeros(0), None
        for _ in range(self.steps):
            iterate = _Iterate(problem, theta, eta)
            before, first = first, iterate
            v_before, v = v, iterate.solution(offset)
            eta = offset + layout.spread(theta, v)
        assert first is not None
        assert before is not None
        last = Curve(eta)
        residual = problem.correct - problem.n * last.p
        value = float(problem.n @ last.softplus - problem.correct @ eta + v @ v / 2)
        value += first.precision.log_det / 2 + held_value(problem, beta)
        return value, self._slope(phi, v, residual, first, before, v_before)

    def _slope(
        self,
        phi: FloatArray,
        v: FloatArray,
        residual: FloatArray,
        here: _Iterate,
        before: _Iterate,
        v_here: FloatArray,
    ) -> FloatArray:
        problem, layout = self.problem, self.problem.layout
        theta, beta = phi[: problem.factors], phi[problem.factors :]
        shared = here.precision.covariances()
        pull = here.slope * np.einsum("f,fgn,g->n", theta, shared, theta) / 2
        through = before.precision.solve(layout.gather(theta, pull))
        chained = pull - before.weight * layout.spread(theta, through)
        left = before.weight * (before.eta - here.eta) + before.residual
        slope = np.empty(len(phi))
        for factor in range(problem.factors):
            rows = layout.rows_of(factor)
            slope[factor] = (
                -residual @ layout.part(factor, v)[rows]
                + here.weight @ (theta @ shared[factor])
                + chained @ layout.part(factor, v_here)[rows]
                + left @ layout.part(factor, through)[rows]
            )
        slope[problem.factors :] = problem.fixed.sums(chained - residual)
        slope[problem.factors :] += held_slope(problem, beta)
        return slope


class _Iterate:
    """Weights at one linear predictor, and the Newton step from there."""

    def __init__(self, problem: Problem, theta: FloatArray, eta: FloatArray) -> None:
        curve = Curve(eta)
        self.layout, self.theta, self.eta = problem.layout, theta, eta
        self.residual = problem.correct - problem.n * curve.p
        self.weight = problem.n * curve.weight
        self.slope = self.weight * (1 - 2 * curve.p)
        self.precision = Precision(problem.layout, theta, self.weight)

    def solution(self, offset: FloatArray) -> FloatArray:
        working = self.weight * (self.eta - offset) + self.residual
        return self.precision.solve(self.layout.gather(self.theta, working))


def as_glmer(problem: Problem, fit: GlmmFit) -> GlmmFit:
    """The same fit with the standard deviations, coefficients and errors that `glmer` prints.

    Parameters
    ----------
    problem : Problem
    fit : GlmmFit
        By maximum likelihood.

    Returns
    -------
    GlmmFit
        The fit itself beyond `MOST_ROWS` rows, or where the rule leads nowhere.

    References
    ----------
    The source of lme4 1.1: `pwrssUpdate` and `glmerLaplace`.
    """
    if len(problem.n) > MOST_ROWS or not fit.free[: problem.factors].any():
        return fit
    mode = find_mode(problem, fit.phi, np.zeros(problem.layout.levels + problem.layout.width))
    information = approximate_information(problem, fit.phi, mode)
    eta = _first_predictor(problem, fit, mode.v, information)
    objective = Stopped(problem, eta, _steps(problem, fit.phi, eta))
    scaled = Scaled(objective, fit.phi, fit.free, information[np.ix_(fit.free, fit.free)])
    found = descend(scaled, np.zeros(int(fit.free.sum())))
    second = curvature(scaled, found.point)
    if np.abs(found.point).max() > 1 or np.linalg.eigvalsh(second)[0] < 1e-3:
        return fit
    phi = scaled.phi(found.point)
    covariance = np.zeros_like(fit.covariance)
    covariance[np.ix_(fit.free, fit.free)] = np.linalg.inv(scaled.unscaled(second))
    return replace(
        fit,
        theta=np.abs(phi[: problem.factors]),
        beta=phi[problem.factors :],
        covariance=covariance,
        evaluations=fit.evaluations + found.evaluations + 2 * len(found.point),
    )


def _steps(problem: Problem, phi: FloatArray, eta: FloatArray) -> int:
    # How many iterations the rule makes at the optimum; it is the same all around.
    theta, last = phi[: problem.factors], np.inf
    offset = problem.fixed.times(phi[problem.factors :])
    for step in range(1, _STEPS):
        v = _Iterate(problem, theta, eta).solution(offset)
        eta = offset + problem.layout.spread(theta, v)
        deviance = float(2 * (problem.n @ Curve(eta).softplus - problem.correct @ eta) + v @ v)
        if abs((last - deviance) / deviance) < _TOLERANCE:
            return step
        last = deviance
    return _STEPS


def _first_predictor(
    problem: Problem, fit: GlmmFit, v: FloatArray, information: FloatArray
) -> FloatArray:
    # glmer's first fit: coefficients and effects at their joint mode, theta optimised around them.
    factors, free = problem.factors, np.flatnonzero(fit.free[: problem.factors])
    phi, known = fit.phi.copy(), information[factors:, factors:]

    def deviance(sizes: FloatArray) -> float:
        nonlocal phi, v
        phi[free] = np.abs(sizes)
        phi, mode = _joint_mode(problem, phi, v, known)
        v = mode.v
        return mode.value + held_value(problem, phi[factors:])

    first = fit.theta[free]
    simplex = np.concatenate([first[None], first - np.diag(0.1 * first)])
    # What is found here is only where the iterations start: its error comes through squared.
    options = {"initial_simplex": simplex, "xatol": 5e-3, "fatol": np.inf, "maxfev": 100}
    found = minimize(deviance, first, method="Nelder-Mead", options=options)
    deviance(found.x)
    beta, theta = phi[factors:], phi[:factors]
    return floats(problem.fixed.times(beta) + problem.layout.spread(theta, v))


def _joint_mode(
    problem: Problem, phi: FloatArray, v: FloatArray, information: FloatArray
) -> tuple[FloatArray, Mode]:
    # In turn: effects given coefficients, then a step of the coefficients with the effects
    # following. Near the fit one information serves for all steps.
    factors = problem.factors
    for _ in range(_STEPS):
        mode = find_mode(problem, phi, v)
        v = mode.v
        slope = problem.fixed.sums(mode.residual) - held_slope(problem, phi[factors:])
        step = np.linalg.solve(information, slope)
        if float(step @ slope) < 1e-5:
            break
        phi = np.concatenate([phi[:factors], phi[factors:] + step])
    return phi, mode
