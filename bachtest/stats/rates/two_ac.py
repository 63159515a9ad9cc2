"""Two clips and "no idea" allowed (2-AC): d' and the half-width tau of what feels the same.

Conventions
-----------
The difference that a listener feels is normal with mean d' and variance 2; beyond +-tau they
choose a clip, within it they say "no idea".
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

from bachtest.stats.rates.proportions import LEVEL, normal_quantile
from bachtest.stats.rates.result import Result, p_text

_NORMAL = NormalDist()
_ROOT2 = math.sqrt(2)
_FAR = 12.0


@dataclass(frozen=True)
class TwoAC(Result):
    """`se` and `tau` are None where no finite estimate exists."""

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
    assumptions: str = "pooled: answers independent of each other; one tau for all listeners"

    def __str__(self) -> str:
        if self.estimate is None:
            return "no answers" if self.n == 0 else "no answer but ties: d' unknown"
        tau = "" if self.tau is None else f", tau {self.tau:.2f}"
        return f"d' {self.estimate:.2f} ({self.low:.2f} to {self.high:.2f}){tau}, {p_text(self.p)}"


def two_ac(wrong: int, ties: int, right: int, *, level: float = LEVEL) -> TwoAC:
    """d' and tau from wrong choices, ties and right choices.

    Without ties tau is 0 and d' that of two-alternative forced choice. With no right choice, or no
    wrong one, d' is infinite and one limit stays finite.

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

    p = math.erfc(math.sqrt(max(0.0, loss(0.0))))
    if cut is None:
        d = math.inf if wrong == 0 else -math.inf
        return TwoAC(wrong, ties, right, n, d, *_limits(loss, drop, d), None, None, p, level)
    low_cut, high_cut = cut
    d, tau = -(low_cut + high_cut) / _ROOT2, (high_cut - low_cut) / _ROOT2
    return TwoAC(wrong, ties, right, n, d, *_limits(loss, drop, d), _se(counts, cut), tau, p, level)


def _cuts(wrong: int, ties: int, n: int) -> tuple[float, float] | None:
    # Where the standard normal is cut into wrong, tie and right; None where a cut is infinite.
    if wrong == 0 or wrong + ties == n:
        return None
    return _NORMAL.inv_cdf(wrong / n), _NORMAL.inv_cdf((wrong + ties) / n)


def _se(counts: tuple[int, int, int], cut: tuple[float, float]) -> float:
    # Delta method: the two cumulated shares are multinomial.
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

    def at(tau: float) -> float:
        below, above = _NORMAL.cdf((-tau - d) / _ROOT2), _NORMAL.cdf((d - tau) / _ROOT2)
        return _loglik(counts, (below, 1 - below - above, above))

    if counts[1] == 0:
        return at(0.0)
    return at(_highest(at, 0.0, _FAR))


def _highest(function: Callable[[float], float], low: float, high: float) -> float:
    # Golden section: the likelihood has one hill in tau.
    golden = (math.sqrt(5) - 1) / 2
    for _ in range(90):
        a, b = high - golden * (high - low), low + golden * (high - low)
        low, high = (a, high) if function(a) < function(b) else (low, b)
    return (low + high) / 2


def _limits(loss: Callable[[float], float], drop: float, d: float) -> tuple[float, float]:
    centre = max(-_FAR, min(_FAR, d))
    return (
        -math.inf if d == -math.inf else _crossing(loss, drop, centre, -_FAR),
        math.inf if d == math.inf else _crossing(loss, drop, centre, _FAR),
    )


def _crossing(loss: Callable[[float], float], drop: float, inside: float, outside: float) -> float:
    for _ in range(60):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if loss(middle) < drop else (inside, middle)
    return (inside + outside) / 2
