"""Population-averaged rates: what a new listener would do with a new item.

Conventions
-----------
The rate of a row of X is ``E[expit(x beta + s Z)]``, ``s^2`` the sum of all variances: the average
over listeners and items, not the rate of the average listener. A cell's rate is the weighted mean
over its rows. Intervals are symmetric on the logit of the rate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from bachtest.stats.mixed.blocks import FloatArray
from bachtest.stats.mixed.logit_normal import NODES, WEIGHTS


@dataclass(frozen=True)
class LogitRates:
    """Logits of rates, and how they move with phi: float[C] and float[C, F + p]."""

    logit: FloatArray
    slope: FloatArray


def marginal_logits(
    x: FloatArray, weight: FloatArray, cell: FloatArray, theta: FloatArray, beta: FloatArray
) -> LogitRates:
    """Logits of the cells' rates with their slopes in theta and beta.

    Parameters
    ----------
    x : float[R, p]
    weight : float[R]
        How much each row counts in its cell.
    cell : float[C, R]
        1 where the row belongs to the cell.
    theta : float[F]
    beta : float[p]

    Returns
    -------
    LogitRates

    References
    ----------
    S. L. Zeger, K.-Y. Liang, P. S. Albert (1988), "Models for longitudinal data: a generalized
    estimating equation approach", Biometrics 44, 1049-1060.

    Examples
    --------
    >>> one = np.ones((1, 1))
    >>> found = marginal_logits(one, one[0], one, np.array([1.0]), np.array([1.0]))
    >>> round(float(expit(found.logit[0])), 4)
    0.6967
    """
    spread = float(np.sqrt(theta @ theta))
    p = expit((x @ beta)[:, None] + spread * NODES)
    slope = p * (1 - p)
    share = cell * weight
    share = share / share.sum(axis=1, keepdims=True)
    rate = share @ (p @ WEIGHTS)
    in_beta = share @ ((slope @ WEIGHTS)[:, None] * x)
    in_spread = share @ (slope @ (WEIGHTS * NODES))
    in_theta = (
        np.outer(in_spread, theta / spread) if spread > 0 else np.zeros((len(rate), len(theta)))
    )
    moved = np.concatenate([in_theta, in_beta], axis=1) / (rate * (1 - rate))[:, None]
    return LogitRates(np.log(rate / (1 - rate)), moved)
