"""Logistic mixed models with crossed random intercepts, by Laplace-approximated likelihood.

Conventions
-----------
As in `laplace`. The estimates are those of R's ``glmer(..., family = binomial, nAGQ = 1)``: the
standard deviations and the coefficients are optimised together, and the standard errors come from
the curvature in both. Signs of standard deviations carry no meaning; they are given from 0 up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from bachtest.stats.mixed.blocks import (
    FloatArray,
    IntArray,
    Layout,
    Precision,
    floats,
    sums_by,
)
from bachtest.stats.mixed.laplace import Fixed, Mode, Objective, Problem, held_value
from bachtest.stats.mixed.scaled_objective import ScaledObjective

BoolArray = NDArray[np.bool_]

# Logit standard deviations beyond this are "every level is all right or all wrong".
WIDEST = 10.0
_START = 0.5
_VANISHED = 1e-3
_SMALL = 0.1
# A slope of this size is an error of 1e-4 standard errors, and of 5e-9 in the objective.
_FLAT = 1e-4


class MixedError(ValueError):
    """A table to which no mixed model can be fitted; the message says why in one line."""


@dataclass(frozen=True)
class GlmmFit:
    """Estimates of one model.

    `theta` are the standard deviations of the factors (0 where held or vanished), `beta` the
    coefficients; `covariance` is of both, theta first, with zeros where theta is not free.
    `effects` and `effect_sds` are, for each factor, the most likely effect of each level on the
    logit and its conditional standard deviation. `loglik` is without binomial coefficients.
    """

    theta: FloatArray
    beta: FloatArray
    covariance: FloatArray
    loglik: float
    free: BoolArray
    effects: tuple[FloatArray, ...]
    effect_sds: tuple[FloatArray, ...]
    converged: bool
    se_from: str
    evaluations: int

    @property
    def se(self) -> FloatArray:
        """float[p]: standard errors of the coefficients."""
        found: FloatArray = np.sqrt(np.diag(self.covariance)[len(self.theta) :])
        return found

    @property
    def phi(self) -> FloatArray:
        return np.concatenate([self.theta, self.beta])


def pattern_rows(x: FloatArray) -> Fixed:
    """X as its different rows, and which of them each row is.

    Examples
    --------
    >>> pattern_rows(np.array([[1.0, 0.0], [1.0, 2.0], [1.0, 0.0]])).index
    array([0, 1, 0])
    """
    code = np.zeros(len(x), dtype=np.int64)
    for column in x.T:
        values, inverse = np.unique(column, return_inverse=True)
        _, code = np.unique(code * len(values) + inverse, return_inverse=True)
    _, first, index = np.unique(code, return_index=True, return_inverse=True)
    return Fixed(np.ascontiguousarray(x[first], dtype=float), index)


def make_problem(
    fixed: Fixed,
    correct: FloatArray,
    n: FloatArray,
    groups: Sequence[IntArray],
    sizes: Sequence[int],
    held: tuple[FloatArray, FloatArray] | None = None,
) -> Problem:
    """Add up rows that are alike in everything, and lay out who shares what.

    Parameters
    ----------
    fixed : Fixed
    correct, n : float[N]
    groups : sequence of int[N]
        At least one factor.
    sizes : sequence of int
        Levels of each factor.
    held : (float[P, p], float[P]), optional
        Rows of nobody, see `Problem`.

    Returns
    -------
    Problem
    """
    large = int(np.argmax(sizes))
    code = groups[large].astype(np.int64)
    for factor, group in enumerate(groups):
        if factor != large:
            code = code * sizes[factor] + group
    code = code * len(fixed.patterns) + fixed.index
    _, first, index = np.unique(code, return_index=True, return_inverse=True)
    rows = len(first)
    if held is None:
        held = np.zeros((0, fixed.width)), np.zeros(0)
    return Problem(
        Fixed(fixed.patterns, fixed.index[first]),
        sums_by(index, correct, rows),
        sums_by(index, n, rows),
        Layout([group[first] for group in groups], sizes),
        *held,
    )


def fit_glmm(
    problem: Problem,
    *,
    without: Sequence[int] = (),
    theta: FloatArray | None = None,
    start: FloatArray | None = None,
    errors: bool = True,
) -> GlmmFit:
    """Fit by maximum likelihood.

    Parameters
    ----------
    problem : Problem
    without : sequence of int
        Factors whose standard deviation is held at 0.
    theta : float[F], optional
        Standard deviations, where they are known and not estimated. The covariance still counts
        with what the data leave open about them.
    start : float[F + p], optional
        Where to begin; found by itself otherwise.
    errors : bool
        Without, the covariance is left at zero: for likelihood ratios, which need none.

    Returns
    -------
    GlmmFit

    References
    ----------
    D. Bates, M. Mächler, B. Bolker, S. Walker (2015), "Fitting linear mixed-effects models using
    lme4", Journal of Statistical Software 67(1).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> item = rng.integers(0, 30, 900)
    >>> correct = rng.random(900) < expit(0.4 + rng.normal(0, 1.0, 30)[item])
    >>> fixed = pattern_rows(np.ones((900, 1)))
    >>> fit = fit_glmm(make_problem(fixed, correct * 1.0, np.ones(900), [item], [30]))
    >>> f"{fit.beta[0]:.3f} {fit.se[0]:.3f} {fit.theta[0]:.3f}"
    '0.167 0.213 1.085'
    """
    objective = Objective(problem)
    free = np.ones(problem.factors + problem.fixed.width, dtype=bool)
    free[list(without)] = False
    phi = _first(problem, free) if start is None else np.where(free, start, 0.0)
    if theta is not None:
        phi[: problem.factors], free[: problem.factors] = theta, False
    search = _Search(objective, phi, free)
    search.run()
    if theta is not None:
        search.free[: problem.factors] = theta > 0
    return _finished(search, errors=errors, polish=theta is None)


def maximum_at(
    problem: Problem, at: int, value: float, start: FloatArray, without: Sequence[int] = ()
) -> tuple[float, FloatArray]:
    """The objective's minimum with one entry of phi held, and where it lies.

    Parameters
    ----------
    problem : Problem
    at : int
        Position in phi.
    value : float
    start : float[F + p]
    without : sequence of int
        Factors held at 0.

    Returns
    -------
    float, float[F + p]
    """
    free = np.ones(len(start), dtype=bool)
    free[[*without, at]] = False
    phi = start.copy()
    phi[at] = value
    search = _Search(Objective(problem), phi, free)
    search.run()
    return search.value - held_value(problem, search.phi[problem.factors :]), search.phi


class _Search:
    """Descents, until no standard deviation vanishes or runs away any more."""

    def __init__(self, objective: Objective, phi: FloatArray, free: BoolArray) -> None:
        self.objective, self.phi, self.free = objective, phi, free.copy()
        self.factors = objective.problem.factors
        self.converged, self.evaluations, self.value = True, 0, np.inf

    def run(self) -> None:
        while True:
            self._descend()
            if not self._held_one():
                return

    def scaled(self) -> ScaledObjective:
        problem, mode = self.objective.problem, self.objective.mode(self.phi)
        information = approximate_information(problem, self.phi, mode)
        return ScaledObjective(
            self.objective.both, self.phi, self.free, information[np.ix_(self.free, self.free)]
        )

    def _descend(self) -> None:
        if not self.free.any():
            self.value = self.objective.value(self.phi)
            return
        scaled = self.scaled()
        minimum = minimize(
            scaled, np.zeros(int(self.free.sum())), jac=True, method="BFGS",
            options={"gtol": _FLAT},
        )  # fmt: skip
        self.phi = scaled.phi(minimum.x)
        self.value, self.converged = float(minimum.fun), bool(minimum.success)
        self.evaluations += int(minimum.nfev)

    def _held_one(self) -> bool:
        # The objective is even in theta: a minimum at 0 is approached from either side.
        for factor in np.flatnonzero(self.free[: self.factors]):
            size = abs(self.phi[factor])
            if size > WIDEST:
                self.phi[factor], self.free[factor] = WIDEST, False
                return True
            if size < _SMALL:
                trial = self.phi.copy()
                trial[factor] = 0.0
                value = self.objective.value(trial)
                if size < _VANISHED or value <= self.value + 1e-9:
                    self.phi, self.value, self.free[factor] = trial, value, False
                    return True
        return False


def approximate_information(problem: Problem, phi: FloatArray, mode: Mode) -> FloatArray:
    """About the curvature of the objective: the coefficients' as in a linear mixed model with the
    mode's weights, each standard deviation's from how far its levels are shrunken.

    Parameters
    ----------
    problem : Problem
    phi : float[F + p]
    mode : Mode
        At phi.

    Returns
    -------
    float[F + p, F + p]
        Positive definite unless X is deficient.
    """
    factors, layout = problem.factors, problem.layout
    theta, beta = phi[:factors], phi[factors:]
    found = np.eye(len(phi))
    for factor in range(factors):
        known = 1 - layout.part(factor, mode.precision.variances)
        found[factor, factor] = max(2 * float(known @ known) / max(theta[factor] ** 2, 0.01), 1e-3)
    found[factors:, factors:] = information_of_coefficients(
        problem, beta, mode.weight, mode.precision
    )
    return found


def information_of_coefficients(
    problem: Problem, beta: FloatArray, weight: FloatArray, precision: Precision
) -> FloatArray:
    """``X' V^-1 X`` of the linear mixed model with these weights, and what the held rows add.

    Parameters
    ----------
    problem : Problem
    beta : float[p]
        For the held rows alone.
    weight : float[N]
    precision : Precision
        With that weight.

    Returns
    -------
    float[p, p]
    """
    fixed, layout, theta = problem.fixed, problem.layout, precision.theta
    columns = np.empty((fixed.width, fixed.width))
    for at in range(fixed.width):
        value = weight * fixed.column(at)
        moved = precision.solve(layout.gather(theta, value))
        columns[:, at] = fixed.sums(value - weight * layout.spread(theta, moved))
    p = expit(problem.held @ beta)
    columns += problem.held.T @ ((problem.held_n * p * (1 - p))[:, None] * problem.held)
    return floats((columns + columns.T) / 2)


def _first(problem: Problem, free: BoolArray) -> FloatArray:
    # The coefficients without any effects, by a few damped Newton steps on the patterns.
    fixed, count = problem.fixed, len(problem.fixed.patterns)
    x = np.concatenate([fixed.patterns, problem.held])
    n = np.concatenate([sums_by(fixed.index, problem.n, count), problem.held_n])
    right = sums_by(fixed.index, problem.correct, count)
    right = np.concatenate([right, problem.held_n / 2])
    beta = np.zeros(fixed.width)
    for _ in range(6):
        p = expit(x @ beta)
        weight = n * p * (1 - p) + 1e-9 * n
        beta = beta + np.linalg.lstsq(
            x.T @ (weight[:, None] * x), x.T @ (right - n * p), rcond=None
        )[0].clip(-2, 2)
    theta = np.full(problem.factors, _START)
    # Effects flatten the curve: coefficients given the effects are larger.
    phi = np.concatenate([theta, beta * np.sqrt(1 + 0.346 * float(theta @ theta))])
    return np.where(free, phi, 0.0)


def _finished(search: _Search, *, errors: bool, polish: bool) -> GlmmFit:
    problem, factors = search.objective.problem, search.factors
    covariance = np.zeros((len(search.phi), len(search.phi)))
    se_from = "not asked for"
    if errors:
        covariance[np.ix_(search.free, search.free)], se_from = _covariance(search, polish)
    signs = np.ones(len(search.phi))
    signs[:factors] = np.where(search.phi[:factors] < 0, -1.0, 1.0)
    phi = search.phi * signs
    mode = search.objective.mode(search.phi)
    layout, theta = problem.layout, search.phi[:factors]
    deviations = np.sqrt(mode.precision.variances)
    return GlmmFit(
        theta=phi[:factors],
        beta=phi[factors:],
        covariance=covariance * np.outer(signs, signs),
        loglik=held_value(problem, phi[factors:]) - search.value,
        free=search.free,
        effects=tuple(theta[f] * layout.part(f, mode.v) for f in range(factors)),
        effect_sds=tuple(abs(theta[f]) * layout.part(f, deviations) for f in range(factors)),
        converged=search.converged,
        se_from=se_from,
        evaluations=search.evaluations,
    )


def _covariance(search: _Search, polish: bool) -> tuple[FloatArray, str]:
    scaled = search.scaled()
    zero = np.zeros(int(search.free.sum()))
    search.objective.around(search.phi)
    second = scaled.curvature(zero)
    search.evaluations += 2 * len(zero)
    if len(zero) and np.linalg.eigvalsh(second)[0] > 1e-3:
        if polish:
            _, slope = scaled(zero)
            search.phi = scaled.phi(floats(-np.linalg.solve(second, slope)))
            search.value = search.objective.value(search.phi)
        return floats(
            np.linalg.inv(scaled.unscaled(second))
        ), "the curvature of the likelihood in coefficients and variances"
    information = scaled.unscaled(np.eye(len(zero)))
    return floats(np.linalg.inv(information)), "the expected information, variances taken as known"
