"""Discrimination tests as others run them: d', difference and similarity, by a protocol's curve.

Conventions
-----------
`pd` is the share of discriminators, ``(rate - chance) / (1 - chance)``. Everything is pooled: the
answers are treated as independent.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from bachtest.stats.rates.equivalence import check_margin
from bachtest.stats.rates.proportions import (
    LEVEL,
    POOLED,
    clopper_pearson,
    tail_above,
    tail_below,
)
from bachtest.stats.rates.protocols import PROTOCOLS, DiscriminationProtocol
from bachtest.stats.rates.result import Result, p_text


@dataclass(frozen=True)
class Discrimination(Result):
    """d' of one protocol, with the exact one-sided test that the rate is above chance.

    d' is below 0 only where listeners point to a clip as Bach's; elsewhere it ends at 0.
    """

    protocol: str
    correct: int
    n: int
    rate: float | None
    pd: float | None
    estimate: float | None
    low: float
    high: float
    se: float | None
    p: float
    level: float
    method: str = "exact binomial, one-sided; d' with the Clopper-Pearson interval"
    assumptions: str = POOLED

    @property
    def d_line(self) -> str:
        """The counts and d', without the test."""
        if self.estimate is None:
            return "no answers"
        d = f"{self.estimate:z.2f} ({self.low:z.2f} to {self.high:z.2f})"
        if self.low == self.high:
            d = "not defined below chance"
        return f"{self.protocol}: {self.correct:,} of {self.n:,}, d' {d}"

    def __str__(self) -> str:
        two_clips = self.protocol in PROTOCOLS and PROTOCOLS[self.protocol].two_clips
        if self.estimate is None or two_clips:
            # Of two clips the verdict has a two-sided test, which this one would contradict.
            return self.d_line
        return f"{self.d_line}, one-sided {p_text(self.p)}"


@dataclass(frozen=True)
class Similarity(Result):
    """The one-sided test that fewer than `pd0` discriminate: a small `p` shows similarity."""

    protocol: str
    correct: int
    n: int
    pd0: float
    rate0: float
    p: float
    method: str = "exact binomial, one-sided"
    assumptions: str = POOLED

    def __str__(self) -> str:
        return f"{self.protocol}: fewer than {self.pd0:.0%} discriminate, {p_text(self.p)}"


def discriminate(
    correct: int, n: int, protocol: DiscriminationProtocol, *, level: float = LEVEL
) -> Discrimination:
    """d' with its exact interval, and the exact test that the rate is above chance.

    Parameters
    ----------
    correct, n : int
    protocol : DiscriminationProtocol
        One with a curve.
    level : float

    Returns
    -------
    Discrimination

    Raises
    ------
    ValueError
        If the counts are impossible, or the protocol has no curve.

    References
    ----------
    P. B. Brockhoff, R. H. B. Christensen (2010), Food Quality and Preference 21, 330-338; the R
    package sensR, ``discrim``.

    Examples
    --------
    >>> from bachtest.stats.rates.protocols import PROTOCOLS
    >>> print(discriminate(10, 15, PROTOCOLS["pair"]))
    pair: 10 of 15, d' 0.61 (-0.42 to 1.67)
    >>> print(discriminate(30, 60, PROTOCOLS["triangle"]))
    triangle: 30 of 60, d' 1.47 (0.62 to 2.14), one-sided p = .006
    """
    interval = clopper_pearson(correct, n, level=level)
    d_low, d_high = protocol.d_of_rate(interval.low), protocol.d_of_rate(interval.high)
    if interval.estimate is None:
        return Discrimination(
            protocol.name, correct, n, None, None, None, d_low, d_high, None, 1.0, level
        )
    rate = interval.estimate
    d = protocol.d_of_rate(rate)
    se = None
    lowest = 0.0 if protocol.has_bach_side else protocol.chance
    if lowest < rate < 1 and math.isfinite(d) and (slope := protocol.slope(d)) > 0:
        se = math.sqrt(rate * (1 - rate) / n) / slope
    pd = max(0.0, (rate - protocol.chance) / (1 - protocol.chance))
    p = tail_above(correct, n, protocol.chance)
    return Discrimination(protocol.name, correct, n, rate, pd, d, d_low, d_high, se, p, level)


def similarity(correct: int, n: int, pd0: float, protocol: DiscriminationProtocol) -> Similarity:
    """Is the share who discriminate below `pd0`?

    Raises
    ------
    ValueError
        If the counts are impossible, or `pd0` is not between 0 and 1.

    References
    ----------
    The R package sensR, ``discrim(..., test = "similarity", pd0)``.

    Examples
    --------
    >>> from bachtest.stats.rates.protocols import PROTOCOLS
    >>> print(similarity(26, 75, 0.2, PROTOCOLS["triangle"]))
    triangle: fewer than 20% discriminate, p = .024
    """
    if not 0 < pd0 < 1:
        raise ValueError(f"pd0 {pd0!r}; use a share between 0 and 1")
    rate0 = protocol.chance + pd0 * (1 - protocol.chance)
    return Similarity(protocol.name, correct, n, pd0, rate0, tail_below(correct, n, rate0))


def similarity_to_margin(
    correct: int, n: int, margin: float, protocol: DiscriminationProtocol
) -> Similarity:
    """Is the rate below chance plus a margin?

    Raises
    ------
    ValueError
        If the counts or the margin are impossible.

    Examples
    --------
    >>> from bachtest.stats.rates.protocols import PROTOCOLS
    >>> print(similarity_to_margin(26, 75, 2 / 15, PROTOCOLS["triangle"]))
    triangle: fewer than 20% discriminate, p = .024
    """
    check_margin(margin, protocol.chance)
    return similarity(correct, n, margin / (1 - protocol.chance), protocol)
