"""Rates of people or items whose logits are normal: their mean and their variance.

Conventions
-----------
``expit(logit + sd Z)`` with `Z` standard normal, integrated by Gauss-Hermite quadrature, 41 nodes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import expit

from bachtest.stats.mixed.likelihood.blocks import FloatArray, floats

NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(41)
WEIGHTS = floats(_WEIGHTS / _WEIGHTS.sum())
# Beyond this logit every rate that a float can hold is 0 or 1.
_END = 750.0


def mean_rate(logit: ArrayLike, sd: float) -> FloatArray:
    """The mean of logit-normal rates, elementwise in `logit`.

    Examples
    --------
    >>> mean_rate([0.0, 1.0], 1.0).round(4).tolist()
    [0.5, 0.6967]
    """
    return floats(expit(np.asarray(logit)[..., None] + sd * NODES) @ WEIGHTS)


def logit_of_mean(rate: float, sd: float) -> float:
    """The logit whose logit-normal rates have this mean.

    Examples
    --------
    >>> round(logit_of_mean(0.6967, 1.0), 3)
    1.0
    """
    return float(brentq(lambda logit: float(mean_rate(logit, sd)) - rate, -_END, _END))


def variance_between(rate: float, sd: float, other_sd: float) -> float:
    """The variance of one factor's rates, each averaged over the levels of the other factor.

    Parameters
    ----------
    rate : float
        The mean of all.
    sd, other_sd : float
        Standard deviations of the two factors on the logit scale.

    Examples
    --------
    >>> round(variance_between(0.6, 0.5, 0.6), 4)
    0.0113
    """
    centre = logit_of_mean(rate, float(np.hypot(sd, other_sd)))
    return float((mean_rate(centre + sd * NODES, other_sd) - rate) ** 2 @ WEIGHTS)
