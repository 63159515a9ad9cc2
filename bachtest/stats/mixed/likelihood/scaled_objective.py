"""The objective in coordinates where one unit is about one standard error, and its minimum.

The identity is then close to the curvature at the maximum, and a quasi-Newton search starts well: a
fit with twelve parameters takes four to six evaluations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from bachtest.stats.mixed.likelihood.blocks import FloatArray

ValueAndGradient = Callable[[FloatArray], tuple[float, FloatArray]]

# Step of the differences, in standard errors. The gradient is analytic, so one side is enough: the
# error is a share of the step in which the curvature hardly changes.
_DIFFERENCE = 2e-4
# Wolfe's conditions: the share of the promised descent that will do, and of the slope left over.
_DESCENT, _SLOPE = 1e-4, 0.9
_MAX_ITERATIONS, _MAX_TRIALS = 200, 40
# The least information in any direction, as a share of the most: rounding may leave less than none.
_LEAST_INFORMATION = 1e-10
# What rounding leaves of a value, relative to it.
_ROUNDING = 1e-13


class ScaledObjective:
    """A function of some of phi's entries, in coordinates scaled by an information matrix.

    Parameters
    ----------
    function : phi -> (value, gradient)
    origin : float[k]
        The point with coordinates 0; entries that are not free stay there.
    free : bool[k]
    information : float[m, m]
        About the curvature of the free entries; made positive definite where it is not.
    """

    def __init__(
        self,
        function: ValueAndGradient,
        origin: FloatArray,
        free: NDArray[np.bool_],
        information: FloatArray,
    ) -> None:
        self.function, self.origin, self.free = function, origin, free
        values, vectors = np.linalg.eigh(information)
        floor = _LEAST_INFORMATION * max(values.max(initial=0.0), 1.0)
        self.root = np.linalg.cholesky((vectors * values.clip(floor)) @ vectors.T)

    def phi(self, z: FloatArray) -> FloatArray:
        phi = self.origin.copy()
        phi[self.free] += solve_triangular(self.root, z, lower=True, trans="T")
        return phi

    def __call__(self, z: FloatArray) -> tuple[float, FloatArray]:
        value, gradient = self.function(self.phi(z))
        scaled: FloatArray = solve_triangular(self.root, gradient[self.free], lower=True)
        return value, scaled

    def curvature(self, z: FloatArray, gradient: FloatArray) -> FloatArray:
        """float[m, m]: second derivatives at z, by differences from the gradient there."""
        second = np.empty((len(z), len(z)))
        for row, shift in enumerate(_DIFFERENCE * np.eye(len(z))):
            second[row] = (self(z + shift)[1] - gradient) / _DIFFERENCE
        return (second + second.T) / 2

    def unscaled(self, curvature: FloatArray) -> FloatArray:
        """A matrix of second derivatives, in the units of phi."""
        in_phi: FloatArray = self.root @ curvature @ self.root.T
        return in_phi


@dataclass(frozen=True)
class Minimum:
    """Where a search ended; `inverse` is about the inverse of the curvature there."""

    z: FloatArray
    value: float
    gradient: FloatArray
    inverse: FloatArray
    converged: bool

    @property
    def remaining(self) -> float:
        """How far the value still lies above the minimum, by the curvature."""
        return float(self.gradient @ self.inverse @ self.gradient) / 2


def minimise(function: ValueAndGradient, z: FloatArray, tolerance: float) -> Minimum:
    """The minimum by Broyden, Fletcher, Goldfarb and Shanno's method, from the identity.

    The first step is a whole one: SciPy's has length one, and would waste two evaluations here.

    Parameters
    ----------
    function : z -> (value, gradient)
        In coordinates where the curvature is about the identity.
    z : float[m]
        Where to start.
    tolerance : float
        Of the largest entry of the gradient.

    Returns
    -------
    Minimum

    References
    ----------
    J. Nocedal, S. J. Wright (2006), "Numerical optimization", 2nd ed., chapter 6. The line search:
    A. S. Lewis, M. L. Overton (2013), "Nonsmooth optimization via quasi-Newton methods",
    Mathematical Programming 141, 135-163.

    Examples
    --------
    >>> minimum = minimise(lambda z: (float(z @ z), 2 * z), np.array([3.0, 4.0]), 1e-6)
    >>> float(np.abs(minimum.z).max()) < 1e-6
    True
    """
    inverse = np.eye(len(z))
    value, gradient = function(z)
    for _ in range(_MAX_ITERATIONS):
        if not len(z) or np.abs(gradient).max() <= tolerance:
            return Minimum(z, value, gradient, inverse, True)
        step = -inverse @ gradient
        size, next_value, next_gradient = _line_search(function, z, value, gradient, step)
        if size == 0:
            break
        step, change = size * step, next_gradient - gradient
        z, value, gradient = z + step, next_value, next_gradient
        inverse = _updated(inverse, step, change)
    return Minimum(z, value, gradient, inverse, False)


def _line_search(
    function: ValueAndGradient, z: FloatArray, value: float, gradient: FloatArray, step: FloatArray
) -> tuple[float, float, FloatArray]:
    # A share of the step that descends enough and flattens the slope, by bisection; 0 if none does.
    slope, low, high, size = float(gradient @ step), 0.0, np.inf, 1.0
    best = 0.0, value, gradient
    for _ in range(_MAX_TRIALS):
        trial_value, trial_gradient = function(z + size * step)
        excess = trial_value - value - _DESCENT * size * slope
        if excess <= _ROUNDING * abs(value):
            best = size, trial_value, trial_gradient
            if float(trial_gradient @ step) >= _SLOPE * slope:
                break
            low = size
        else:
            high = size
        size = (low + high) / 2 if np.isfinite(high) else 2 * low
    return best


def _updated(inverse: FloatArray, step: FloatArray, change: FloatArray) -> FloatArray:
    # The inverse curvature that explains how the gradient changed over the step.
    bend = float(step @ change)
    if bend <= 0:
        return inverse
    image = inverse @ change
    outer = np.outer(step, image)
    scale = (1 + float(change @ image) / bend) / bend
    updated: FloatArray = inverse - (outer + outer.T) / bend + scale * np.outer(step, step)
    return updated
