"""The Laplace approximation of a logistic mixed model, with its gradient.

Conventions
-----------
`correct` of `n` answers a row are binomial with logit ``X beta + Z Lambda v``, `v` standard normal.
``phi = (theta, beta)``: standard deviations first, in the order of the factors. The objective is
``-log likelihood`` without binomial coefficients, so that a table of counts and the same answers
one by one give the same value. It is even in each theta: signs carry no meaning.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from bachtest.stats.mixed.blocks import FloatArray, IntArray, Layout, Precision, floats, sums_by

_STEPS = 60
# A Newton step this small leaves an error of its square.
_CLOSE = 1e-4
# Within one logit the curvature changes by less than a factor of e: such a step descends.
_SURE = 1.0


@dataclass(frozen=True)
class Fixed:
    """Rows of X, of which many are alike: `patterns[index]` is X."""

    patterns: FloatArray
    index: IntArray

    def times(self, beta: FloatArray) -> FloatArray:
        product: FloatArray = self.patterns @ beta
        return product[self.index]

    def sums(self, value: FloatArray) -> FloatArray:
        """``X' value``."""
        total: FloatArray = self.patterns.T @ sums_by(self.index, value, len(self.patterns))
        return total

    def column(self, at: int) -> FloatArray:
        found: FloatArray = self.patterns[:, at][self.index]
        return found

    @property
    def width(self) -> int:
        return int(self.patterns.shape[1])


@dataclass(frozen=True)
class Problem:
    """What is fitted. `held` are rows of X that get answers from nobody, which keep a coefficient
    finite where the data would let it run away: float[P, p], with `held_n` answers each, half of
    them right."""

    fixed: Fixed
    correct: FloatArray
    n: FloatArray
    layout: Layout
    held: FloatArray
    held_n: FloatArray

    @property
    def factors(self) -> int:
        return len(self.layout.sizes)


@dataclass(frozen=True)
class Mode:
    """The effects that are most likely, given phi, and the curvature there."""

    v: FloatArray
    residual: FloatArray
    weight: FloatArray
    slope: FloatArray
    precision: Precision
    penalised: float

    @property
    def value(self) -> float:
        return self.penalised + self.precision.log_det / 2


def find_mode(problem: Problem, phi: FloatArray, start: FloatArray) -> Mode:
    """Newton's method for the effects.

    Parameters
    ----------
    problem : Problem
    phi : float[F + p]
    start : float[levels]
        Near the mode if one is known; the objective is convex, so any start will do.

    Returns
    -------
    Mode

    References
    ----------
    D. Bates, M. Mächler, B. Bolker, S. Walker (2015), "Fitting linear mixed-effects models using
    lme4", Journal of Statistical Software 67(1): penalised iteratively reweighted least squares.
    """
    layout, n = problem.layout, problem.n
    theta, beta = phi[: problem.factors], phi[problem.factors :]
    v, last = start, np.inf
    eta = problem.fixed.times(beta) + layout.spread(theta, v)
    for _ in range(_STEPS):
        curve = Curve(eta)
        residual = problem.correct - n * curve.p
        weight = n * curve.weight
        precision = Precision(layout, theta, weight)
        if last < _CLOSE:
            break
        step = precision.solve(layout.gather(theta, residual) - v)
        change = layout.spread(theta, step)
        size = _length(problem, eta, v, change, step)
        v, eta, last = v + size * step, eta + size * change, size * float(np.abs(step).max())
    value = float(n @ curve.softplus - problem.correct @ eta + v @ v / 2)
    return Mode(v, residual, weight, weight * (1 - 2 * curve.p), precision, value)


class Curve:
    """The logistic curve at some logits, from one exponential."""

    def __init__(self, eta: FloatArray) -> None:
        tail = np.exp(-np.abs(eta))
        self.larger = 1 / (1 + tail)
        self.weight = tail * self.larger * self.larger
        self.p = np.where(eta >= 0, self.larger, tail * self.larger)
        self.eta = eta

    @property
    def softplus(self) -> FloatArray:
        """``log(1 + exp(eta))``"""
        return floats(np.maximum(self.eta, 0) - np.log(self.larger))


def _length(
    problem: Problem, eta: FloatArray, v: FloatArray, change: FloatArray, step: FloatArray
) -> float:
    # Newton's step, halved until it descends; short ones always do.
    if max(np.abs(change).max(), np.abs(step).max()) < _SURE:
        return 1.0

    def penalised(size: float) -> float:
        at, logit = v + size * step, eta + size * change
        loss = problem.n @ Curve(logit).softplus - problem.correct @ logit
        return float(loss + at @ at / 2)

    now, size = penalised(0.0), 1.0
    while penalised(size) > now and size > 1e-6:
        size /= 2
    return size


def gradient(problem: Problem, phi: FloatArray, mode: Mode) -> FloatArray:
    """The slope of the objective at a mode, by implicit differentiation.

    The mode moves with phi, and the weights with the mode: `pull` is what the log determinant gains
    with each row's logit, and travels through the mode's own equation ``v = Lambda Z' (y - mu)``.

    Parameters
    ----------
    problem : Problem
    phi : float[F + p]
    mode : Mode
        At phi.

    Returns
    -------
    float[F + p]
    """
    layout, factors = problem.layout, problem.factors
    theta, beta = phi[:factors], phi[factors:]
    precision = mode.precision
    shared = precision.covariances()
    spread = np.einsum("f,fgn,g->n", theta, shared, theta)
    pull = mode.slope * spread / 2
    through = precision.solve(layout.gather(theta, pull))
    chained = pull - mode.weight * layout.spread(theta, through)
    slope = np.empty(len(phi))
    for factor in range(factors):
        rows = layout.rows_of(factor)
        effect = layout.part(factor, mode.v)[rows]
        towards = layout.part(factor, through)[rows]
        slope[factor] = (
            -mode.residual @ effect
            + mode.weight @ (theta @ shared[factor])
            + chained @ effect
            + mode.residual @ towards
        )
    slope[factors:] = problem.fixed.sums(chained - mode.residual)
    slope[factors:] += held_slope(problem, beta)
    return slope


def held_value(problem: Problem, beta: FloatArray) -> float:
    """What the rows of nobody add to the objective."""
    eta = problem.held @ beta
    return float(problem.held_n @ (np.logaddexp(0.0, eta) - eta / 2))


def held_slope(problem: Problem, beta: FloatArray) -> FloatArray:
    """The slope of `held_value`."""
    slope: FloatArray = problem.held.T @ (problem.held_n * (expit(problem.held @ beta) - 0.5))
    return slope


class Objective:
    """The objective as a function of phi, which remembers the last mode as its next start."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.v = np.zeros(problem.layout.levels + problem.layout.width)
        self.last = np.zeros(0)
        self.centre: tuple[FloatArray, FloatArray] | None = None

    def mode(self, phi: FloatArray) -> Mode:
        mode = find_mode(self.problem, phi, self._start(phi))
        self.v, self.last = mode.v, phi
        return mode

    def around(self, phi: FloatArray) -> Mode:
        """The mode at phi, from which the steps of central differences will start."""
        mode = self.mode(phi)
        self.centre = (phi, mode.v)
        return mode

    def _start(self, phi: FloatArray) -> FloatArray:
        if self.centre is None:
            return self.v
        centre, v = self.centre
        # The other side of a difference: the mode there is nearly the mirror image.
        if np.allclose(phi - centre, centre - self.last, rtol=1e-6, atol=1e-12):
            return floats(2 * v - self.v)
        return v

    def value(self, phi: FloatArray) -> float:
        return self.mode(phi).value + held_value(self.problem, phi[self.problem.factors :])

    def both(self, phi: FloatArray) -> tuple[float, FloatArray]:
        mode = self.mode(phi)
        value = mode.value + held_value(self.problem, phi[self.problem.factors :])
        return value, gradient(self.problem, phi, mode)
