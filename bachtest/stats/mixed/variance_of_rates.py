"""How much rates differ between the levels of one factor, averaged over the other."""

from __future__ import annotations

import numpy as np

_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(31)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()


def variance_between(rate: float, sd: float, other_sd: float) -> float:
    """The variance of a factor's rates: logit-normal with `sd`, averaged over `other_sd`.

    Examples
    --------
    >>> round(variance_between(0.6, 0.5, 0.6), 4)
    0.0113
    """
    z, w = _NODES[:, None], _NODES[None, :]

    def rates(centre: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        both = (1 + np.tanh((centre + sd * z + other_sd * w) / 2)) / 2  # logistic, for any spread
        found: np.ndarray[tuple[int, ...], np.dtype[np.float64]] = both @ _WEIGHTS
        return found

    low, high = -40.0, 40.0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if float(rates(middle) @ _WEIGHTS) < rate else (low, middle)
    found = rates((low + high) / 2)
    return float((found - rate) ** 2 @ _WEIGHTS)
