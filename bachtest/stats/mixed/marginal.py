"""Population-averaged rates: how often a new listener is right about a new item.

Conventions
-----------
The rate of a row of X is ``E[p(x beta + s Z)]``, `p` by the link, with `s^2` the sum of all
variances: the mean over listeners and items, not the rate of the average listener. A cell's rate is
the weighted mean over its rows. Intervals are symmetric on the logit of the rate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bachtest.stats.mixed.likelihood.blocks import FloatArray
from bachtest.stats.mixed.likelihood.links import LOGIT, Link
from bachtest.stats.mixed.logit_normal import NODES, WEIGHTS


@dataclass(frozen=True)
class MarginalLogits:
    """Logits of rates, and their gradient in phi: float[C] and float[C, F + p]."""

    logit: FloatArray
    gradient: FloatArray


def marginal_logits(
    x: FloatArray,
    weight: FloatArray,
    cell: FloatArray,
    theta: FloatArray,
    beta: FloatArray,
    link: Link = LOGIT,
) -> MarginalLogits:
    """Logits of the cells' rates, with their gradients in theta and beta.

    Parameters
    ----------
    x : float[R, p]
    weight : float[R]
        How much each row counts in its cell.
    cell : float[C, R]
        1 where the row belongs to the cell.
    theta : float[F]
    beta : float[p]
    link : Link

    Returns
    -------
    MarginalLogits

    References
    ----------
    S. L. Zeger, K.-Y. Liang, P. S. Albert (1988), "Models for longitudinal data: a generalized
    estimating equation approach", Biometrics 44, 1049-1060.

    Examples
    --------
    >>> one = np.ones((1, 1))
    >>> marginal = marginal_logits(one, one[0], one, np.array([1.0]), np.array([1.0]))
    >>> round(float(LOGIT.rate(marginal.logit)[0]), 4)
    0.6967
    """
    sd = float(np.sqrt(theta @ theta))
    eta = (x @ beta)[:, None] + sd * NODES  # (R, nodes)
    p, derivative = link.rate(eta), link.slope(eta)
    share = cell * weight
    share = share / share.sum(axis=1, keepdims=True)
    rate = share @ (p @ WEIGHTS)
    by_beta = share @ ((derivative @ WEIGHTS)[:, None] * x)
    by_sd = share @ (derivative @ (WEIGHTS * NODES))
    by_theta = np.outer(by_sd, theta / sd) if sd > 0 else np.zeros((len(rate), len(theta)))
    gradient = np.concatenate([by_theta, by_beta], axis=1) / (rate * (1 - rate))[:, None]
    return MarginalLogits(np.log(rate / (1 - rate)), gradient)
