"""How well can they tell? d', the distance between Bach and the machine in units of noise.

Conventions
-----------
Two clips, one of them Bach: two-alternative forced choice, where ``rate = Phi(d' / sqrt(2))``.
At 0 listeners guess; below 0 they take the machine for Bach. Pooled, as in `proportions`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from bachtest.stats.rates.proportions import LEVEL, clopper_pearson

_NORMAL = NormalDist()


@dataclass(frozen=True)
class DPrime:
    """d' with its interval. If all answers are right (or wrong) it is infinite, and `se` None."""

    estimate: float | None
    low: float
    high: float
    se: float | None
    n: int
    level: float
    method: str

    def __str__(self) -> str:
        if self.estimate is None:
            return "no answers"
        return f"d' {self.estimate:z.2f} ({self.low:z.2f} to {self.high:z.2f})"


def d_of_rate(rate: float) -> float:
    """d' of a rate of right answers in two-alternative forced choice.

    Parameters
    ----------
    rate : float
        In 0..1; the ends give minus and plus infinity.

    Raises
    ------
    ValueError
        If the rate is outside 0..1.

    References
    ----------
    N. A. Macmillan, C. D. Creelman (2005), "Detection Theory: A User's Guide", 2nd ed., ch. 7.

    Examples
    --------
    >>> round(d_of_rate(0.7602499389), 6)
    1.0
    """
    if not 0 <= rate <= 1:
        raise ValueError(f"rate {rate!r}; use a number between 0 and 1")
    if rate in (0, 1):
        return math.copysign(math.inf, rate - 0.5)
    return math.sqrt(2) * _NORMAL.inv_cdf(rate)


def d_prime_2afc(correct: int, n: int, *, level: float = LEVEL) -> DPrime:
    """d' of two-alternative forced choice, with the exact (Clopper-Pearson) interval.

    Parameters
    ----------
    correct, n : int
        Right answers, all answers. With none, the estimate is None and the interval unbounded.
    level : float

    Returns
    -------
    DPrime
        `se` is by the delta method.

    Raises
    ------
    ValueError
        If the counts are impossible, or the level is not between 0 and 1.

    References
    ----------
    P. B. Brockhoff, R. H. B. Christensen (2010), "Thurstonian models for sensory discrimination
    tests as generalized linear models", Food Quality and Preference 21, 330-338.

    Examples
    --------
    >>> print(d_prime_2afc(10, 15))
    d' 0.61 (-0.42 to 1.67)
    """
    rate = clopper_pearson(correct, n, level=level)
    low, high = d_of_rate(rate.low), d_of_rate(rate.high)
    if rate.estimate is None:
        return DPrime(None, low, high, None, n, level, rate.method)
    d = d_of_rate(rate.estimate)
    se = None
    if not math.isinf(d):
        spread = math.sqrt(rate.estimate * (1 - rate.estimate) / n)
        se = math.sqrt(2) * spread / _NORMAL.pdf(d / math.sqrt(2))
    return DPrime(d, low, high, se, n, level, rate.method)
