"""The objective in coordinates where one unit is about one standard error.

The identity is then close to the curvature at the maximum, and a quasi-Newton search starts well: a
fit with twelve parameters takes about eight evaluations.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from bachtest.stats.mixed.likelihood.blocks import FloatArray

ValueAndGradient = Callable[[FloatArray], tuple[float, FloatArray]]

# Step of the central differences, in standard errors; their relative error is of the order of its
# square.
_DIFFERENCE = 0.01


class ScaledObjective:
    """A function of some of phi's entries, in coordinates scaled by an information matrix.

    Parameters
    ----------
    function : phi -> (value, gradient)
    origin : float[k]
        The point with coordinates 0; entries that are not free stay there.
    free : bool[k]
    information : float[m, m]
        About the curvature of the free entries; positive definite.
    """

    def __init__(
        self,
        function: ValueAndGradient,
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
        value, gradient = self.function(self.phi(z))
        scaled: FloatArray = solve_triangular(self.root, gradient[self.free], lower=True)
        return value, scaled

    def curvature(self, z: FloatArray) -> FloatArray:
        """float[m, m]: second derivatives at z, by central differences of the gradient."""
        second = np.empty((len(z), len(z)))
        for row, shift in enumerate(_DIFFERENCE * np.eye(len(z))):
            second[row] = (self(z + shift)[1] - self(z - shift)[1]) / (2 * _DIFFERENCE)
        return (second + second.T) / 2

    def unscaled(self, curvature: FloatArray) -> FloatArray:
        """A matrix of second derivatives, in the units of phi."""
        in_phi: FloatArray = self.root @ curvature @ self.root.T
        return in_phi
