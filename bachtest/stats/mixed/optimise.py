"""Quasi-Newton descent in coordinates where one unit is about one standard error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from bachtest.stats.mixed.blocks import FloatArray

ValueAndSlope = Callable[[FloatArray], tuple[float, FloatArray]]

# A slope of this size is an error of 1e-4 standard errors, and of 5e-9 in the objective.
_FLAT = 1e-4
_STEPS = 200
# No step is longer than this, in standard errors: far from the minimum the scale is a guess.
_LONGEST = 30.0
# Central differences of the slope; their error is of the order of its square.
_DIFFERENCE = 0.01


@dataclass(frozen=True)
class Minimum:
    """Where the descent ended. `converged` is False where it ran out of steps or of precision."""

    point: FloatArray
    value: float
    slope: FloatArray
    converged: bool
    evaluations: int


class Scaled:
    """A function of some of phi's entries, in coordinates scaled by an information matrix.

    Parameters
    ----------
    function : phi -> (value, slope)
    origin : float[k]
        The point that has coordinates 0; entries that are not free stay there.
    free : bool[k]
    information : float[m, m]
        About the curvature of the free entries; positive definite.
    """

    def __init__(
        self,
        function: ValueAndSlope,
        origin: FloatArray,
        free: NDArray[np.bool_],
        information: FloatArray,
    ) -> None:
        self.function, self.origin, self.free = function, origin, free
        self.root = np.linalg.cholesky(information)

    def phi(self, z: FloatArray) -> FloatArray:
        phi = self.origin.copy()
        phi[self.free] += solve_triangular(self.root, z, lower=True, trans="T")
        return phi

    def __call__(self, z: FloatArray) -> tuple[float, FloatArray]:
        value, slope = self.function(self.phi(z))
        scaled: FloatArray = solve_triangular(self.root, slope[self.free], lower=True)
        return value, scaled

    def unscaled(self, curvature: FloatArray) -> FloatArray:
        """A matrix of second derivatives, back in the units of phi."""
        found: FloatArray = self.root @ curvature @ self.root.T
        return found


def descend(function: ValueAndSlope, start: FloatArray) -> Minimum:
    """BFGS from the identity, with steps halved until they descend.

    Parameters
    ----------
    function : z -> (value, slope)
    start : float[m]

    Returns
    -------
    Minimum

    References
    ----------
    J. Nocedal, S. J. Wright (2006), Numerical Optimization, 2nd ed., algorithm 6.1.
    """
    z, inverse = start, np.eye(len(start))
    value, slope = function(z)
    evaluations = 1
    for _ in range(_STEPS):
        if not len(z) or np.abs(slope).max() < _FLAT:
            return Minimum(z, value, slope, True, evaluations)
        step = -inverse @ slope
        if step @ slope >= 0:
            inverse, step = np.eye(len(z)), -slope
        step *= min(1.0, _LONGEST / float(np.linalg.norm(step)))
        while True:
            new_value, new_slope = function(z + step)
            evaluations += 1
            if new_value <= value + 1e-4 * float(step @ slope):
                break
            step = step / 2
            if np.abs(step).max() < 1e-8:
                return Minimum(z, value, slope, False, evaluations)
        inverse = _updated(inverse, step, new_slope - slope)
        z, value, slope = z + step, new_value, new_slope
    return Minimum(z, value, slope, False, evaluations)


def _updated(inverse: FloatArray, step: FloatArray, change: FloatArray) -> FloatArray:
    along = float(step @ change)
    if along <= 1e-10 * float(np.linalg.norm(step) * np.linalg.norm(change)):
        return inverse
    turned = np.eye(len(step)) - np.outer(step, change) / along
    updated: FloatArray = turned @ inverse @ turned.T + np.outer(step, step) / along
    return updated


def curvature(function: ValueAndSlope, at: FloatArray) -> FloatArray:
    """Second derivatives by central differences of the slope.

    Parameters
    ----------
    function : z -> (value, slope)
    at : float[m]

    Returns
    -------
    float[m, m]
        Symmetric.
    """
    found = np.empty((len(at), len(at)))
    for row, shift in enumerate(_DIFFERENCE * np.eye(len(at))):
        found[row] = (function(at + shift)[1] - function(at - shift)[1]) / (2 * _DIFFERENCE)
    return (found + found.T) / 2
