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

from bachtest.stats.mixed.likelihood.blocks import (
    BlockLayout,
    FloatArray,
    IntArray,
    floats,
    sums_by,
)
from bachtest.stats.mixed.likelihood.laplace import DesignMatrix, GlmmData, LaplaceObjective
from bachtest.stats.mixed.likelihood.links import LOGIT, Link
from bachtest.stats.mixed.likelihood.search import BoolArray, Search

_START_SD = 0.5
# A gradient this small means an error of 1e-4 standard errors, and of 5e-9 in the objective.
_GRADIENT_TOLERANCE = 1e-4
# The same before a last Newton step with the exact curvature, and where the value alone is wanted
# and what is left of the way is taken off it: an error of 1e-6.
_BEFORE_POLISH, _FOR_VALUE = 1e-3, 1e-2
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
        Without, the covariance is left at zero.

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
    search = Search(objective, phi, free)
    polish = errors and theta is None
    search.run(_BEFORE_POLISH if polish else _GRADIENT_TOLERANCE)
    if theta is not None:
        search.free[: data.factors] = theta > 0
    return _fit_at(search, errors=errors, polish=polish)


def max_loglik(
    data: GlmmData,
    start: FloatArray,
    fixed_at_zero: Sequence[int] = (),
    information: FloatArray | None = None,
) -> float:
    """The log likelihood's maximum alone, to 1e-5: likelihood ratios need no more.

    Parameters
    ----------
    data : GlmmData
    start : float[F + p]
    fixed_at_zero : sequence of int
        Factors whose standard deviation is 0.
    information : float[F + p, F + p], optional
        About the curvature at the maximum, if it is known.
    """
    free = np.ones(len(start), dtype=bool)
    free[list(fixed_at_zero)] = False
    search = Search(LaplaceObjective(data), start, free, information)
    search.run(_FOR_VALUE)
    return search.loglik + search.remaining


def start_without(
    ml: GlmmFit, others: Sequence[int], fixed_at_zero: Sequence[int]
) -> tuple[FloatArray, FloatArray | None]:
    """Where `max_loglik` without some coefficients starts, and the curvature there.

    It is the maximum if the log likelihood is quadratic. The curvature is None where a standard
    deviation vanished or ran away: it may come back.

    Parameters
    ----------
    ml : GlmmFit
        With all coefficients.
    others : sequence of int
        Those that stay.
    fixed_at_zero : sequence of int

    Returns
    -------
    float[F + q], float[F + q, F + q] or None
    """
    factors, count = len(ml.theta), len(ml.phi)
    included = [*range(factors), *(factors + at for at in others)]
    if int(ml.free.sum()) + len(fixed_at_zero) < count:
        return np.concatenate([np.maximum(ml.theta, 0.3), ml.beta[list(others)]]), None
    dropped = np.setdiff1d(np.arange(count), included)
    information = np.eye(count)
    free = np.ix_(ml.free, ml.free)
    information[free] = np.linalg.inv(ml.covariance[free])
    within = information[np.ix_(included, included)]
    across = information[np.ix_(included, dropped)]
    start = ml.phi[included] + np.linalg.solve(within, across @ ml.phi[dropped])
    start[:factors] = np.where(ml.free[:factors], np.maximum(start[:factors], 0.1), 0.0)
    return start, within


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
    search = Search(LaplaceObjective(data), phi, free)
    search.run(_GRADIENT_TOLERANCE)
    return search.loglik, search.phi


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


def _fit_at(search: Search, *, errors: bool, polish: bool) -> GlmmFit:
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


def _covariance(search: Search, polish: bool) -> FloatArray:
    # From the curvature in coefficients and standard deviations; where that is not positive, from
    # the expected information, which takes the standard deviations as known.
    scaled = search.scaled()
    origin = np.zeros(int(search.free.sum()))
    _, gradient = scaled(origin)
    curvature = scaled.curvature(origin, gradient)
    if not len(origin) or np.linalg.eigvalsh(curvature)[0] <= _MIN_CURVATURE:
        search.information = None
        return floats(np.linalg.inv(search.scaled().unscaled(np.eye(len(origin)))))
    if polish:
        search.phi = scaled.phi(floats(-np.linalg.solve(curvature, gradient)))
        search.value = search.objective.value(search.phi)
    return floats(np.linalg.inv(scaled.unscaled(curvature)))
