"""How often are they right: a rate and its Wilson interval.

Conventions
-----------
`correct` of `n` answers named the Bach clip. A guesser is right half of the time. Everything here
treats the answers as independent of each other ("pooled"); see docs/statistics.md for what that
leaves out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

CHANCE = 0.5
LEVEL = 0.95


@dataclass(frozen=True)
class Proportion:
    """A rate with its interval; `estimate` is None where there are no answers."""

    correct: int
    n: int
    estimate: float | None
    low: float
    high: float
    level: float
    method: str

    def __str__(self) -> str:
        if self.estimate is None:
            return "no answers"
        return (
            f"{self.correct} of {self.n}: {self.estimate:.1%}"
            f" ({self.low:.1%} to {self.high:.1%}, {self.method} {self.level:.0%})"
        )


def check_counts(correct: int, n: int) -> None:
    """Refuse counts that cannot be.

    Raises
    ------
    ValueError
        Unless ``0 <= correct <= n``.

    Examples
    --------
    >>> check_counts(3, 5)
    """
    if n < 0 or not 0 <= correct <= n:
        raise ValueError(f"{correct} correct of n={n}; use 0 <= correct <= n")


def tail_of(level: float) -> float:
    """What a two-sided interval of this level leaves out on each side.

    Raises
    ------
    ValueError
        If the level is not strictly between 0 and 1.

    Examples
    --------
    >>> round(tail_of(0.95), 6)
    0.025
    """
    if not 0 < level < 1:
        raise ValueError(f"level {level!r}; use a number between 0 and 1, such as 0.95")
    return (1 - level) / 2


def normal_quantile(level: float) -> float:
    """The two-sided standard normal quantile of a confidence level.

    Raises
    ------
    ValueError
        If the level is not strictly between 0 and 1.

    Examples
    --------
    >>> round(normal_quantile(0.95), 6)
    1.959964
    """
    return NormalDist().inv_cdf(1 - tail_of(level))


def wilson(correct: int, n: int, *, level: float = LEVEL) -> Proportion:
    """The rate with Wilson's score interval: the one to show.

    Parameters
    ----------
    correct, n : int
        Right answers, all answers. With none, the interval is the whole of 0..1.
    level : float
        Coverage that the interval aims at.

    Returns
    -------
    Proportion

    Raises
    ------
    ValueError
        If the counts cannot be, or the level is not between 0 and 1.

    References
    ----------
    E. B. Wilson (1927), "Probable inference, the law of succession, and statistical inference",
    Journal of the American Statistical Association 22, 209-212.

    Examples
    --------
    >>> print(wilson(60, 100))
    60 of 100: 60.0% (50.2% to 69.1%, wilson 95%)
    """
    check_counts(correct, n)
    z = normal_quantile(level)
    if n == 0:
        return Proportion(0, 0, None, 0.0, 1.0, level, "wilson")
    rate = correct / n
    shrink = 1 + z * z / n
    centre = (rate + z * z / (2 * n)) / shrink
    half = z / shrink * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    # At 0 and n the limit is exactly 0 or 1; rounding would leave it a hair off.
    low = 0.0 if correct == 0 else centre - half
    high = 1.0 if correct == n else centre + half
    return Proportion(correct, n, rate, low, high, level, "wilson")
