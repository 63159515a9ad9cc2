"""The search for the maximum of a mixed model's likelihood, and how curved it is there.

Conventions
-----------
As in `laplace`.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from bachtest.stats.mixed.likelihood.blocks import FloatArray, Precision, floats
from bachtest.stats.mixed.likelihood.laplace import (
    ConditionalMode,
    GlmmData,
    LaplaceObjective,
    penalty,
    pseudo_curve,
)
from bachtest.stats.mixed.likelihood.scaled_objective import ScaledObjective, minimise

BoolArray = NDArray[np.bool_]

# A standard deviation beyond this means that every level is all right or all wrong.
MAX_SD = 10.0
# Below the first, a standard deviation is 0; below the second, 0 is tried.
_ZERO_SD, _SMALL_SD = 1e-3, 0.1


class Search:
    """Searches for the maximum until no standard deviation vanishes or runs away any more.

    Parameters
    ----------
    objective : LaplaceObjective
    phi : float[F + p]
        Where to start.
    free : bool[F + p]
    information : float[F + p, F + p], optional
        About the curvature; found at the start otherwise.
    """

    def __init__(
        self,
        objective: LaplaceObjective,
        phi: FloatArray,
        free: BoolArray,
        information: FloatArray | None = None,
    ) -> None:
        self.objective, self.phi, self.free = objective, phi, free.copy()
        self.data = objective.data
        self.factors = self.data.factors
        self.information = information
        self.converged, self.value, self.remaining = True, np.inf, 0.0

    def run(self, tolerance: float) -> None:
        while True:
            self._minimise(tolerance)
            if not self._fix_one():
                return
            self.information = None

    @property
    def loglik(self) -> float:
        """Without what the pseudo-observations add."""
        return penalty(self.data, self.phi[self.factors :]) - self.value

    def scaled(self) -> ScaledObjective:
        if self.information is None:
            mode = self.objective.mode(self.phi)
            self.information = approximate_information(self.data, self.phi, mode)
        return ScaledObjective(
            self.objective.value_and_gradient, self.phi, self.free,
            self.information[np.ix_(self.free, self.free)],
        )  # fmt: skip

    def _minimise(self, tolerance: float) -> None:
        scaled = self.scaled()
        minimum = minimise(scaled, np.zeros(int(self.free.sum())), tolerance)
        self.phi = scaled.phi(minimum.z)
        self.value, self.converged = minimum.value, minimum.converged
        self.remaining = minimum.remaining

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
    columns = whitened_columns(data, weight, precision)
    products = np.stack([data.x.transposed_times(column) for column in columns])
    return with_pseudo_observations(data, beta, products)


def with_pseudo_observations(
    data: GlmmData, beta: FloatArray, information: FloatArray
) -> FloatArray:
    """An information of the coefficients, made symmetric, and what the prior adds to it."""
    prior = data.pseudo_x.T @ (pseudo_curve(data, beta).weight[:, None] * data.pseudo_x)
    return floats((information + information.T) / 2 + prior)


def whitened_columns(
    data: GlmmData, weight: FloatArray, precision: Precision
) -> Iterator[FloatArray]:
    """The columns of ``V^-1 X``, float[N] each, of the linear mixed model with these weights."""
    x, layout, theta = data.x, data.layout, precision.theta
    for at in range(x.width):
        value = weight * x.column(at)
        effects = precision.step(layout.to_levels(theta, value))
        yield value - weight * layout.to_rows(theta, effects)
