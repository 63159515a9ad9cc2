"""The Laplace approximation of a logit or probit mixed model, with its gradient.

Conventions
-----------
`correct` of `n` answers a row are binomial with predictor ``eta = X beta + Z Lambda v``, `v`
standard normal; a link makes it a rate.
``phi = (theta, beta)``: standard deviations first, in the order of the factors. The objective is
``-log likelihood`` without binomial coefficients, so a table of counts and the same answers one by
one give the same value. It is even in each theta: signs carry no meaning.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bachtest.stats.mixed.likelihood.blocks import (
    BlockLayout,
    FloatArray,
    IntArray,
    Precision,
    sums_by,
)
from bachtest.stats.mixed.likelihood.links import LOGIT, Link, LinkCurve

_MAX_STEPS = 60
# A Newton step this small leaves an error of its square, or of a millionth of it.
_SMALL_STEP = 1e-5
# Another mode's factor solves steps up to this long, while each is a tenth of the one before. The
# last has to be shorter by a factor, as its error is not of the order of its square.
_NEAR_STEP, _NEAR_LOSS = 1e-3, 100.0
# Within one unit of eta the curvature changes by less than a factor of e: such a step descends.
_SAFE_STEP = 1.0


@dataclass(frozen=True)
class DesignMatrix:
    """X, of which many rows are alike: ``X = patterns[index]``."""

    patterns: FloatArray
    index: IntArray

    def times(self, beta: FloatArray) -> FloatArray:
        """``X beta``."""
        product: FloatArray = self.patterns @ beta
        return product[self.index]

    def transposed_times(self, value: FloatArray) -> FloatArray:
        """``X' value``."""
        total: FloatArray = self.patterns.T @ sums_by(self.index, value, len(self.patterns))
        return total

    def column(self, at: int) -> FloatArray:
        column: FloatArray = self.patterns[:, at][self.index]
        return column

    @property
    def width(self) -> int:
        return int(self.patterns.shape[1])


@dataclass(frozen=True)
class GlmmData:
    """What is fitted.

    `pseudo_x` (float[P, p]) are rows of X with `pseudo_n` pseudo-observations each, half of them
    right: a prior that keeps a coefficient finite where the answers would let it run away.
    """

    x: DesignMatrix
    correct: FloatArray
    n: FloatArray
    layout: BlockLayout
    pseudo_x: FloatArray
    pseudo_n: FloatArray
    link: Link = LOGIT

    @property
    def factors(self) -> int:
        return len(self.layout.sizes)


@dataclass(frozen=True)
class ConditionalMode:
    """The most likely effects given phi, and the curvature there.

    `precision` has the expected information `weight`, and `observed` the observed `curvature`: the
    same object where the link is the logit.
    """

    v: FloatArray
    residual: FloatArray
    weight: FloatArray
    weight_derivative: FloatArray
    curvature: FloatArray
    precision: Precision
    observed: Precision
    penalised: float

    @property
    def value(self) -> float:
        return self.penalised + self.precision.log_det / 2


def find_mode(
    data: GlmmData, phi: FloatArray, start: FloatArray, near: Precision | None = None
) -> ConditionalMode:
    """Newton's method for the effects, each step solved by blocks.

    Parameters
    ----------
    data : GlmmData
    phi : float[F + p]
    start : float[levels]
        Near the mode if one is known; the objective is convex, so any start will do.
    near : Precision, optional
        Of the mode at `start`, already factorised. It solves the first step in place of the factor
        here, and the next ones where they are short.

    Returns
    -------
    ConditionalMode

    References
    ----------
    D. Bates, M. Mächler, B. Bolker, S. Walker (2015), "Fitting linear mixed-effects models using
    lme4", Journal of Statistical Software 67(1): penalised iteratively reweighted least squares.
    """
    layout = data.layout
    theta, beta = phi[: data.factors], phi[data.factors :]
    v, error, moved = start, np.inf, np.inf
    eta = data.x.times(beta) + layout.to_rows(theta, v)
    for _ in range(_MAX_STEPS):
        curve = data.link.curve(eta, data.correct, data.n)
        observed = Precision(layout, theta, curve.curvature)
        if error < _SMALL_STEP:
            break
        step = (near or observed).step(layout.to_levels(theta, curve.residual) - v)
        change = layout.to_rows(theta, step)
        size = _step_size(data, eta, v, change, step)
        before, moved = moved, size * float(np.abs(step).max())
        v, eta = v + size * step, eta + size * change
        error = moved if near is None else _NEAR_LOSS * moved
        if moved > min(_NEAR_STEP, before / 10):
            near = None
    expected = observed if data.link.canonical else Precision(layout, theta, curve.weight)
    return ConditionalMode(
        v, curve.residual, curve.weight, curve.weight_derivative, curve.curvature,
        expected, observed, curve.loss + float(v @ v / 2),
    )  # fmt: skip


def _step_size(
    data: GlmmData, eta: FloatArray, v: FloatArray, change: FloatArray, step: FloatArray
) -> float:
    # Halved until it descends; short Newton steps always do.
    if max(np.abs(change).max(), np.abs(step).max()) < _SAFE_STEP:
        return 1.0

    def penalised(size: float) -> float:
        at = v + size * step
        curve = data.link.curve(eta + size * change, data.correct, data.n)
        return curve.loss + float(at @ at / 2)

    now, size = penalised(0.0), 1.0
    while penalised(size) > now and size > 1e-6:
        size /= 2
    return size


def gradient(data: GlmmData, phi: FloatArray, mode: ConditionalMode) -> FloatArray:
    """The gradient of the objective at a mode, by implicit differentiation.

    The mode moves with phi, and the weights with the mode: `det_gradient` is what half the log
    determinant gains with each row's predictor, at a fixed mode; `det_total` lets the mode follow
    through its own equation ``v = Lambda Z' (y - mu)``.

    Parameters
    ----------
    data : GlmmData
    phi : float[F + p]
    mode : ConditionalMode
        At phi.

    Returns
    -------
    float[F + p]
    """
    layout, factors = data.layout, data.factors
    theta, beta = phi[:factors], phi[factors:]
    shared = mode.precision.covariances()  # (F, F, N)
    variance = np.einsum("f,fgn,g->n", theta, shared, theta)
    det_gradient = mode.weight_derivative * variance / 2
    adjoint = mode.observed.step(layout.to_levels(theta, det_gradient))
    det_total = det_gradient - mode.curvature * layout.to_rows(theta, adjoint)
    slope = np.empty(len(phi))
    for factor in range(factors):
        code = layout.code_of(factor)
        effect = layout.effects_of(factor, mode.v)[code]
        slope[factor] = (
            -mode.residual @ effect
            + mode.weight @ (theta @ shared[factor])
            + det_total @ effect
            + mode.residual @ layout.effects_of(factor, adjoint)[code]
        )
    slope[factors:] = data.x.transposed_times(det_total - mode.residual)
    slope[factors:] += penalty_gradient(data, beta)
    return slope


def pseudo_curve(data: GlmmData, beta: FloatArray) -> LinkCurve:
    """The pseudo-observations, half of them right, at some coefficients."""
    return data.link.curve(data.pseudo_x @ beta, data.pseudo_n / 2, data.pseudo_n)


def penalty(data: GlmmData, beta: FloatArray) -> float:
    """What the pseudo-observations add to the objective."""
    return pseudo_curve(data, beta).loss


def penalty_gradient(data: GlmmData, beta: FloatArray) -> FloatArray:
    """The gradient of `penalty`."""
    slope: FloatArray = -data.pseudo_x.T @ pseudo_curve(data, beta).residual
    return slope


class LaplaceObjective:
    """The objective as a function of phi; it starts each search for a mode from the last one."""

    def __init__(self, data: GlmmData) -> None:
        self.data = data
        self.v = np.zeros(data.layout.levels + data.layout.width)
        self.phi: FloatArray = np.zeros(0)
        self.last: ConditionalMode | None = None

    def mode(self, phi: FloatArray) -> ConditionalMode:
        """The mode at phi; asked again for the same phi, the same with its factor."""
        if self.last is not None and np.array_equal(phi, self.phi):
            return self.last
        # Large matrices make room for the next ones.
        keep = self.last is not None and not self.data.layout.is_wide
        near = self.last.observed if self.last is not None and keep else None
        self.last = None
        mode = find_mode(self.data, phi, self.v, near)
        self.v, self.phi, self.last = mode.v, phi.copy(), mode
        return mode

    def value(self, phi: FloatArray) -> float:
        return self.mode(phi).value + penalty(self.data, phi[self.data.factors :])

    def value_and_gradient(self, phi: FloatArray) -> tuple[float, FloatArray]:
        mode = self.mode(phi)
        value = mode.value + penalty(self.data, phi[self.data.factors :])
        return value, gradient(self.data, phi, mode)
