"""Two clips with "no idea" allowed (2-AC): d', and tau, half the width of the zone of ties.

Conventions
-----------
The difference that a listener perceives is normal with mean d' and variance 2. Outside +-tau they
choose a clip, inside they say "no idea".
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from bachtest.stats.rates.proportions import LEVEL, POOLED, normal_quantile
from bachtest.stats.rates.result import Result, p_text

_NORMAL = NormalDist()
_ROOT2 = math.sqrt(2)
# One answer in 10^17 is wrong there: no table has as many.
_MAX_D = 12.0
_PRECISION = {"xatol": 1e-9}


@dataclass(frozen=True)
class TwoAC(Result):
    """`se` and `tau` are None if they have no finite estimate."""

    wrong: int
    ties: int
    right: int
    n: int
    estimate: float | None
    low: float
    high: float
    se: float | None
    tau: float | None
    p: float
    level: float
    method: str = "2-AC, maximum likelihood; profile likelihood interval, likelihood-ratio test"
    assumptions: str = f"{POOLED}; one tau for all listeners"

    def __str__(self) -> str:
        if self.estimate is None:
            return "no answers" if self.n == 0 else "only ties: d' unknown"
        tau = "" if self.tau is None else f", tau {self.tau:.2f}"
        return (
            f"d' {self.estimate:z.2f} ({self.low:z.2f} to {self.high:z.2f}){tau}, {p_text(self.p)}"
        )


def two_ac(wrong: int, ties: int, right: int, *, level: float = LEVEL) -> TwoAC:
    """d' and tau from wrong choices, ties and right choices.

    Without ties tau is 0, and d' is that of two-alternative forced choice. With no right choice, or
    no wrong one, d' is infinite and one limit is finite.

    Raises
    ------
    ValueError
        If a count is negative.

    References
    ----------
    R. H. B. Christensen, H.-S. Lee, P. B. Brockhoff (2012), "Estimation of the Thurstonian model
    for the 2-AC protocol", Food Quality and Preference 24, 119-128; sensR, ``twoAC``.

    Examples
    --------
    >>> print(two_ac(2, 2, 6))
    d' 0.77 (-0.27 to 1.86), tau 0.42, p = .148
    """
    from scipy.stats import chi2

    counts = (wrong, ties, right)
    if min(counts) < 0:
        raise ValueError(f"{min(counts)} answers; use counts from 0 up")
    n = sum(counts)
    if wrong + right == 0:
        return TwoAC(wrong, ties, right, n, None, -math.inf, math.inf, None, None, 1.0, level)
    cut = _cuts(wrong, ties, n)
    best = _loglik(counts, (wrong / n, ties / n, right / n))
    drop = normal_quantile(level) ** 2 / 2

    def loss(d: float) -> float:
        return best - _profile(counts, d)

    p = float(chi2.sf(2 * loss(0.0), 1))
    if cut is None:
        d = math.inf if wrong == 0 else -math.inf
        return TwoAC(wrong, ties, right, n, d, *_limits(loss, drop, d), None, None, p, level)
    low_cut, high_cut = cut
    d, tau = -(low_cut + high_cut) / _ROOT2, (high_cut - low_cut) / _ROOT2
    return TwoAC(wrong, ties, right, n, d, *_limits(loss, drop, d), _se(counts, cut), tau, p, level)


def _cuts(wrong: int, ties: int, n: int) -> tuple[float, float] | None:
    # The points that divide the standard normal into wrong, tie and right; None if one is infinite.
    if wrong == 0 or wrong + ties == n:
        return None
    return _NORMAL.inv_cdf(wrong / n), _NORMAL.inv_cdf((wrong + ties) / n)


def _se(counts: tuple[int, int, int], cut: tuple[float, float]) -> float:
    # Delta method: the two cumulative shares are multinomial.
    n = sum(counts)
    shares = counts[0] / n, (counts[0] + counts[1]) / n
    slope = [-_ROOT2 / 2 / _NORMAL.pdf(z) for z in cut]
    variance = sum(s * s * a * (1 - a) for s, a in zip(slope, shares, strict=True))
    covariance = slope[0] * slope[1] * shares[0] * (1 - shares[1])
    return math.sqrt((variance + 2 * covariance) / n)


def _loglik(counts: tuple[int, int, int], chances: tuple[float, float, float]) -> float:
    total = 0.0
    for count, chance in zip(counts, chances, strict=True):
        if count:
            total += count * math.log(chance) if chance > 0 else -math.inf
    return total


def _profile(counts: tuple[int, int, int], d: float) -> float:
    """The best log likelihood over tau at this d'."""
    from scipy.optimize import minimize_scalar
    from scipy.special import ndtr

    if d < 0:  # mirrored, so that the chance of a tie below is a difference of small numbers
        counts, d = counts[::-1], -d

    def loss(tau: float) -> float:
        below, up_to, above = ndtr(np.array([-tau - d, tau - d, d - tau]) / _ROOT2)
        return -_loglik(counts, (below, up_to - below, above))

    if counts[1] == 0:
        return -loss(0.0)
    # Wider than the largest d', so that even there most answers can be ties.
    best = minimize_scalar(loss, bounds=(0, 2 * _MAX_D), method="bounded", options=_PRECISION)
    return -float(best.fun)


def _limits(loss: Callable[[float], float], drop: float, d: float) -> tuple[float, float]:
    """Where the log likelihood has dropped by `drop` on both sides of d'."""
    from scipy.optimize import brentq

    def excess(x: float) -> float:
        return loss(x) - drop

    centre = max(-_MAX_D, min(_MAX_D, d))
    low = -math.inf if d == -math.inf else float(brentq(excess, -_MAX_D, centre))
    high = math.inf if d == math.inf else float(brentq(excess, centre, _MAX_D))
    return low, high
