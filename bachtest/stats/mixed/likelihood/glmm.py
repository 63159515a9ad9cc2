"""Logit and probit mixed models with crossed random intercepts, by Laplace-approximated likelihood.

Conventions
-----------
As in `laplace`. The estimates are those of R's ``glmer(..., family = binomial, nAGQ = 1)`` iterated
to convergence (``tolPwrss = 1e-13``): standard deviations and coefficients are optimised together,
and the standard errors come from the curvature in both. Standard deviations are reported from 0 up;
their signs carry no meaning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from bachtest.stats.mixed.likelihood.blocks import (
    BlockLayout,
    FloatArray,
    IntArray,
    Precision,
    floats,
    sums_by,
)
from bachtest.stats.mixed.likelihood.laplace import (
    ConditionalMode,
    DesignMatrix,
    GlmmData,
    LaplaceObjective,
    penalty,
    pseudo_curve,
)
from bachtest.stats.mixed.likelihood.links import LOGIT, Link
from bachtest.stats.mixed.likelihood.scaled_objective import ScaledObjective

BoolArray = NDArray[np.bool_]

# A standard deviation beyond this means that every level is all right or all wrong.
MAX_SD = 10.0
_START_SD = 0.5
# Below the first, a standard deviation is 0; below the second, 0 is tried.
_ZERO_SD, _SMALL_SD = 1e-3, 0.1
# A gradient this small means an error of 1e-4 standard errors, and of 5e-9 in the objective.
_GRADIENT_TOLERANCE = 1e-4
# The least eigenvalue of a scaled curvature that is trusted.
_MIN_CURVATURE = 1e-3


class MixedError(ValueError):
    """A table to which no mixed model can be fitted; the message says why in one line."""


@dataclass(frozen=True)
class GlmmFit:
    """Estimates of one model.

    `theta` are the standard deviations of the factors (0 where they are fixed or vanish), `beta`
    the coefficients. `covariance` is of both, theta first, with zeros where theta is not free.
    `effects` and `effect_sds` are, for each factor, the most likely effect of each level on the
    link's scale and its conditional standard deviation. `loglik` is without binomial coefficients.
    """

    theta: FloatArray
    beta: FloatArray
    covariance: FloatArray
    loglik: float
    free: BoolArray
    effects: tuple[FloatArray, ...]
    effect_sds: tuple[FloatArray, ...]
    converged: bool

    @property
    def se(self) -> FloatArray:
        """float[p]: standard errors of the coefficients."""
        errors: FloatArray = np.sqrt(np.diag(self.covariance)[len(self.theta) :])
        return errors

    @property
    def phi(self) -> FloatArray:
        return np.concatenate([self.theta, self.beta])


def design_matrix(x: FloatArray) -> DesignMatrix:
    """X as its different rows, and which of them each row is.

    Examples
    --------
    >>> design_matrix(np.array([[1.0, 0.0], [1.0, 2.0], [1.0, 0.0]])).index
    array([0, 1, 0])
    """
    code = np.zeros(len(x), dtype=np.int64)
    for column in x.T:
        values, inverse = np.unique(column, return_inverse=True)
        _, code = np.unique(code * len(values) + inverse, return_inverse=True)
    _, first, index = np.unique(code, return_index=True, return_inverse=True)
    return DesignMatrix(np.ascontiguousarray(x[first], dtype=float), index)


def glmm_data(
    x: DesignMatrix,
    correct: FloatArray,
    n: FloatArray,
    codes: Sequence[IntArray],
    sizes: Sequence[int],
    pseudo: tuple[FloatArray, FloatArray] | None = None,
    link: Link = LOGIT,
) -> GlmmData:
    """Add up rows that are alike in everything, and lay out the random factors.

    Parameters
    ----------
    x : DesignMatrix
    correct, n : float[N]
    codes : sequence of int[N]
        The level of each row, for at least one factor.
    sizes : sequence of int
        Levels of each factor.
    pseudo : (float[P, p], float[P]), optional
        Pseudo-observations, see `GlmmData`.
    link : Link

    Returns
    -------
    GlmmData
    """
    large = int(np.argmax(sizes))
    row = codes[large].astype(np.int64)
    for factor, code in enumerate(codes):
        if factor != large:
            row = row * sizes[factor] + code
    row = row * len(x.patterns) + x.index
    _, first, index = np.unique(row, return_index=True, return_inverse=True)
    rows = len(first)
    if pseudo is None:
        pseudo = np.zeros((0, x.width)), np.zeros(0)
    return GlmmData(
        DesignMatrix(x.patterns, x.index[first]),
        sums_by(index, correct, rows),
        sums_by(index, n, rows),
        BlockLayout([code[first] for code in codes], sizes),
        *pseudo,
        link,
    )


def fit_glmm(
    data: GlmmData,
    *,
    fixed_at_zero: Sequence[int] = (),
    theta: FloatArray | None = None,
    start: FloatArray | None = None,
    errors: bool = True,
) -> GlmmFit:
    """Fit by maximum likelihood.

    Parameters
    ----------
    data : GlmmData
    fixed_at_zero : sequence of int
        Factors whose standard deviation is 0.
    theta : float[F], optional
        Standard deviations that are known and not estimated. The covariance still includes the
        uncertainty about them.
    start : float[F + p], optional
        Where to begin; chosen from the data otherwise.
    errors : bool
        Without, the covariance is left at zero: likelihood ratios need none.

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
    >>> correct = rng.random(900) < LOGIT.rate(0.4 + rng.normal(0, 1.0, 30)[item])
    >>> x = design_matrix(np.ones((900, 1)))
    >>> fit = fit_glmm(glmm_data(x, correct * 1.0, np.ones(900), [item], [30]))
    >>> f"{fit.beta[0]:.3f} {fit.se[0]:.3f} {fit.theta[0]:.3f}"
    '0.167 0.213 1.085'
    """
    objective = LaplaceObjective(data)
    free = np.ones(data.factors + data.x.width, dtype=bool)
    free[list(fixed_at_zero)] = False
    phi = _start(data, free) if start is None else np.where(free, start, 0.0)
    if theta is not None:
        phi[: data.factors], free[: data.factors] = theta, False
    search = _Search(objective, phi, free)
    search.run()
    if theta is not None:
        search.free[: data.factors] = theta > 0
    return _fit_at(search, errors=errors, polish=theta is None)


def maximum_at(
    data: GlmmData, at: int, value: float, start: FloatArray, fixed_at_zero: Sequence[int] = ()
) -> tuple[float, FloatArray]:
    """The log likelihood's maximum with one entry of phi fixed, and where it lies.

    Parameters
    ----------
    data : GlmmData
    at : int
        Position in phi.
    value : float
        Of that entry.
    start : float[F + p]
    fixed_at_zero : sequence of int
        Factors whose standard deviation is 0.

    Returns
    -------
    float, float[F + p]
    """
    free = np.ones(len(start), dtype=bool)
    free[[*fixed_at_zero, at]] = False
    phi = start.copy()
    phi[at] = value
    search = _Search(LaplaceObjective(data), phi, free)
    search.run()
    return search.loglik, search.phi


class _Search:
    """Searches for the maximum until no standard deviation vanishes or runs away any more."""

    def __init__(self, objective: LaplaceObjective, phi: FloatArray, free: BoolArray) -> None:
        self.objective, self.phi, self.free = objective, phi, free.copy()
        self.data = objective.data
        self.factors = self.data.factors
        self.converged, self.value = True, np.inf

    def run(self) -> None:
        while True:
            self._minimise()
            if not self._fix_one():
                return

    @property
    def loglik(self) -> float:
        """Without what the pseudo-observations add."""
        return penalty(self.data, self.phi[self.factors :]) - self.value

    def scaled(self) -> ScaledObjective:
        information = approximate_information(self.data, self.phi, self.objective.mode(self.phi))
        return ScaledObjective(
            self.objective.value_and_gradient, self.phi, self.free,
            information[np.ix_(self.free, self.free)],
        )  # fmt: skip

    def _minimise(self) -> None:
        if not self.free.any():
            self.value = self.objective.value(self.phi)
            return
        scaled = self.scaled()
        minimum = minimize(
            scaled, np.zeros(int(self.free.sum())), jac=True, method="BFGS",
            options={"gtol": _GRADIENT_TOLERANCE},
        )  # fmt: skip
        self.phi = scaled.phi(minimum.x)
        self.value, self.converged = float(minimum.fun), bool(minimum.success)

    def _fix_one(self) -> bool:
        # The objective is even in theta: a minimum at 0 is approached from either side.
        for factor in np.flatnonzero(self.free[: self.factors]):
            sd = abs(self.phi[factor])
            if sd > MAX_SD:
                self.phi[factor], self.free[factor] = MAX_SD, False
                return True
            if sd < _SMALL_SD:
                trial = self.phi.copy()
                trial[factor] = 0.0
                value = self.objective.value(trial)
                if sd < _ZERO_SD or value <= self.value + 1e-9:
                    self.phi, self.value, self.free[factor] = trial, value, False
                    return True
        return False


def approximate_information(data: GlmmData, phi: FloatArray, mode: ConditionalMode) -> FloatArray:
    """About the curvature of the objective.

    For the coefficients it is that of a linear mixed model with the mode's weights, for each
    standard deviation it follows from how far its levels are shrunken.

    Parameters
    ----------
    data : GlmmData
    phi : float[F + p]
    mode : ConditionalMode
        At phi.

    Returns
    -------
    float[F + p, F + p]
        Positive definite unless X is deficient.
    """
    factors, layout = data.factors, data.layout
    theta, beta = phi[:factors], phi[factors:]
    information = np.eye(len(phi))
    for factor in range(factors):
        known = 1 - layout.effects_of(factor, mode.precision.variances)
        curvature = 2 * float(known @ known) / max(theta[factor] ** 2, 0.01)
        information[factor, factor] = max(curvature, 1e-3)
    information[factors:, factors:] = information_of_coefficients(
        data, beta, mode.weight, mode.precision
    )
    return information


def information_of_coefficients(
    data: GlmmData, beta: FloatArray, weight: FloatArray, precision: Precision
) -> FloatArray:
    """``X' V^-1 X`` of the linear mixed model with these weights, pseudo-observations included.

    Parameters
    ----------
    data : GlmmData
    beta : float[p]
        For the pseudo-observations alone.
    weight : float[N]
    precision : Precision
        With that weight.

    Returns
    -------
    float[p, p]
    """
    x, layout, theta = data.x, data.layout, precision.theta
    columns = np.empty((x.width, x.width))
    for at in range(x.width):
        value = weight * x.column(at)
        effects = precision.solve(layout.to_levels(theta, value))
        columns[:, at] = x.transposed_times(value - weight * layout.to_rows(theta, effects))
    columns += data.pseudo_x.T @ (pseudo_curve(data, beta).weight[:, None] * data.pseudo_x)
    return floats((columns + columns.T) / 2)


def _start(data: GlmmData, free: BoolArray) -> FloatArray:
    # Coefficients without any effects: a few damped Newton steps on the patterns are near enough.
    count = len(data.x.patterns)
    x = np.concatenate([data.x.patterns, data.pseudo_x])
    n = np.concatenate([sums_by(data.x.index, data.n, count), data.pseudo_n])
    correct = sums_by(data.x.index, data.correct, count)
    correct = np.concatenate([correct, data.pseudo_n / 2])
    beta = np.zeros(data.x.width)
    for _ in range(6):
        curve = data.link.curve(x @ beta, correct, n)
        weight = curve.weight + 1e-9 * n
        score = x.T @ curve.residual
        step = np.linalg.lstsq(x.T @ (weight[:, None] * x), score, rcond=None)[0]
        beta = beta + step.clip(-2, 2)
    theta = np.full(data.factors, _START_SD)
    # Averaging over the effects flattens the curve: coefficients given the effects are larger.
    phi = np.concatenate([theta, beta * np.sqrt(1 + data.link.flattening * float(theta @ theta))])
    return np.where(free, phi, 0.0)


def _fit_at(search: _Search, *, errors: bool, polish: bool) -> GlmmFit:
    data, factors = search.data, search.factors
    covariance = np.zeros((len(search.phi), len(search.phi)))
    if errors:
        covariance[np.ix_(search.free, search.free)] = _covariance(search, polish)
    signs = np.ones(len(search.phi))
    signs[:factors] = np.where(search.phi[:factors] < 0, -1.0, 1.0)
    phi = search.phi * signs
    mode = search.objective.mode(search.phi)
    layout, theta = data.layout, search.phi[:factors]
    sds = np.sqrt(mode.precision.variances)
    return GlmmFit(
        theta=phi[:factors],
        beta=phi[factors:],
        covariance=covariance * np.outer(signs, signs),
        loglik=search.loglik,
        free=search.free,
        effects=tuple(theta[f] * layout.effects_of(f, mode.v) for f in range(factors)),
        effect_sds=tuple(abs(theta[f]) * layout.effects_of(f, sds) for f in range(factors)),
        converged=search.converged,
    )


def _covariance(search: _Search, polish: bool) -> FloatArray:
    # From the curvature in coefficients and standard deviations; where that is not positive, from
    # the expected information, which takes the standard deviations as known.
    scaled = search.scaled()
    origin = np.zeros(int(search.free.sum()))
    search.objective.centre_on(search.phi)
    curvature = scaled.curvature(origin)
    if not len(origin) or np.linalg.eigvalsh(curvature)[0] <= _MIN_CURVATURE:
        return floats(np.linalg.inv(scaled.unscaled(np.eye(len(origin)))))
    if polish:
        _, gradient = scaled(origin)
        search.phi = scaled.phi(floats(-np.linalg.solve(curvature, gradient)))
        search.value = search.objective.value(search.phi)
    return floats(np.linalg.inv(scaled.unscaled(curvature)))
