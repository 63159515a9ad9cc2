"""Conjugate gradients: linear equations without a factor of their matrix."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

# The error that will do, relative to the solution, and how many steps may be tried.
_RELATIVE_ERROR, _MAX_STEPS = 1e-6, 200


def conjugate_gradients(
    times: Callable[[FloatArray], FloatArray], diagonal: FloatArray, value: FloatArray
) -> FloatArray | None:
    """The solution `x` of ``A x = value``, preconditioned by the diagonal of A.

    Parameters
    ----------
    times : x -> A x
        Of a positive definite A.
    diagonal : float[k]
        That of A.
    value : float[k]

    Returns
    -------
    float[k] or None
        None where it has not converged after 200 steps.

    References
    ----------
    J. Nocedal, S. J. Wright (2006), "Numerical optimization", 2nd ed., algorithm 5.3.

    Examples
    --------
    >>> a = np.array([[2.0, 1.0], [1.0, 3.0]])
    >>> conjugate_gradients(a.__matmul__, np.diag(a), np.array([4.0, 7.0])).round(9).tolist()
    [1.0, 2.0]
    """
    solution, residual = np.zeros_like(value), value
    scaled = direction = residual / diagonal
    length = first = float(residual @ scaled)
    for _ in range(_MAX_STEPS):
        if length <= _RELATIVE_ERROR**2 * first:
            return solution
        product = times(direction)
        size = length / float(direction @ product)
        solution, residual = solution + size * direction, residual - size * product
        scaled, before = residual / diagonal, length
        length = float(residual @ scaled)
        direction = scaled + length / before * direction
    return None
