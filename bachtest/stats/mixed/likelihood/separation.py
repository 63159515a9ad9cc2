"""Separation: cells that are all right or all wrong, whose coefficient would run away."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array, eye_array, hstack

from bachtest.stats.mixed.likelihood.blocks import FloatArray

# A linear programme of this many patterns takes a second. Numeric columns with more values than
# this are hardly ever separated, and the search for the maximum says so when they are.
_MAX_PATTERNS = 5000


def separated_patterns(patterns: FloatArray, correct: FloatArray, n: FloatArray) -> list[int]:
    """Patterns whose answers some direction of the coefficients fits better and better, endlessly.

    Parameters
    ----------
    patterns : float[G, p]
        The different rows of X.
    correct, n : float[G]
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
    >>> patterns = np.array([[1.0, 0.0], [1.0, 1.0]])
    >>> separated_patterns(patterns, np.array([3.0, 8.0]), np.array([6.0, 8.0]))
    [1]
    """
    pure = (correct == 0) | (correct == n)
    if not pure.any() or len(patterns) > _MAX_PATTERNS:
        return []
    towards = np.where(correct[pure] == 0, -1.0, 1.0)[:, None] * patterns[pure]
    count, width = towards.shape
    # Free coefficients b, gains 0 <= t <= 1 with t <= towards @ b; mixed patterns must not move.
    gains = hstack([csr_array(-towards), eye_array(count)])
    mixed = patterns[~pure]
    unmoved = hstack([csr_array(mixed), csr_array((len(mixed), count))]) if len(mixed) else None
    solution = linprog(
        np.concatenate([np.zeros(width), -np.ones(count)]),
        A_ub=gains,
        b_ub=np.zeros(count),
        A_eq=unmoved,
        b_eq=np.zeros(len(mixed)) if len(mixed) else None,
        bounds=[(None, None)] * width + [(0, 1)] * count,
        method="highs",
    )
    if solution.status != 0:
        return []
    return [int(at) for at in np.flatnonzero(pure)[solution.x[width:] > 0.5]]


def pseudo_observations(
    patterns: FloatArray, separated: list[int]
) -> tuple[FloatArray, FloatArray]:
    """Pseudo-observations for the separated patterns, half of them right.

    There is one in all for each direction that runs away: for a single cell that is Jeffreys' prior
    Beta(1/2, 1/2) on its rate, whatever the reference level.

    Parameters
    ----------
    patterns : float[G, p]
    separated : list of int
        From `separated_patterns`.

    Returns
    -------
    float[P, p], float[P]

    References
    ----------
    S. Greenland, M. A. Mansournia (2015), "Penalization, bias reduction, and default priors in
    logistic and related categorical and survival regressions", Statistics in Medicine 34,
    3133-3143.
    """
    rows = patterns[separated]
    if not separated:
        return rows, np.zeros(0)
    rank = float(np.linalg.matrix_rank(rows))
    return rows, np.full(len(separated), rank / len(separated))
