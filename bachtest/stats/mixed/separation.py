"""Cells that are all right or all wrong: where a coefficient would run away, and what holds it."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array, eye_array, hstack

from bachtest.stats.mixed.blocks import FloatArray

# A linear programme of this many patterns takes a second; numbers with more distinct values than
# this are hardly ever separated, and the descent says so when they are.
_MOST = 5000


def separated(patterns: FloatArray, right: FloatArray, n: FloatArray) -> list[int]:
    """Patterns whose answers some direction of the coefficients fits ever better, without end.

    Parameters
    ----------
    patterns : float[G, p]
        Different rows of X.
    right, n : float[G]
        Right answers and answers of each.

    Returns
    -------
    list of int
        Empty where maximum likelihood exists without random effects.

    References
    ----------
    A. Albert, J. A. Anderson (1984), "On the existence of maximum likelihood estimates in logistic
    regression models", Biometrika 71, 1-10. K. Konis (2007): found by linear programming.

    Examples
    --------
    >>> separated(np.array([[1.0, 0.0], [1.0, 1.0]]), np.array([3.0, 8.0]), np.array([6.0, 8.0]))
    [1]
    """
    pure = (right == 0) | (right == n)
    if not pure.any() or len(patterns) > _MOST:
        return []
    towards = np.where(right[pure] == 0, -1.0, 1.0)[:, None] * patterns[pure]
    count, width = towards.shape
    # Free coefficients b, gains 0 <= t <= 1 with t <= towards @ b; mixed patterns must not move.
    gains = hstack([csr_array(-towards), eye_array(count)])
    still = patterns[~pure]
    fixed = hstack([csr_array(still), csr_array((len(still), count))]) if len(still) else None
    found = linprog(
        np.concatenate([np.zeros(width), -np.ones(count)]),
        A_ub=gains,
        b_ub=np.zeros(count),
        A_eq=fixed,
        b_eq=np.zeros(len(still)) if len(still) else None,
        bounds=[(None, None)] * width + [(0, 1)] * count,
        method="highs",
    )
    if found.status != 0:
        return []
    return [int(at) for at in np.flatnonzero(pure)[found.x[width:] > 0.5]]


def held_rows(patterns: FloatArray, which: list[int]) -> tuple[FloatArray, FloatArray]:
    """Answers of nobody for the separated patterns, half of them right.

    One in all for each direction that runs away: for a single cell that is the prior Beta(1/2, 1/2)
    on its rate, whatever the reference level.

    Parameters
    ----------
    patterns : float[G, p]
    which : list of int
        From `separated`.

    Returns
    -------
    float[P, p], float[P]

    References
    ----------
    S. Greenland, M. A. Mansournia (2015), "Penalization, bias reduction, and default priors in
    logistic and related categorical and survival regressions", Statistics in Medicine 34,
    3133-3143.
    """
    rows = patterns[which]
    if not which:
        return rows, np.zeros(0)
    rank = float(np.linalg.matrix_rank(rows))
    return rows, np.full(len(which), rank / len(which))
