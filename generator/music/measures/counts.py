"""Counts of what happens in a piece, and their comparison with Bach's.

Conventions
-----------
A `Count` is how often something happened, of how often it could have. Rates are taken over
sums of counts, never as means of rates: a work of two bars must not weigh as much as one of forty.
Intervals come from a bootstrap over works that draws the same works for both sides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from generator.music.measures.resampling import RESAMPLES, resampled

# Below this rate two sides are compared as a ratio, above it as a difference in points.
RARE_RATE = 0.20
# With fewer cases than this on either side a rate is reported, not compared.
MIN_CASES = 20


@dataclass(frozen=True)
class Count:
    """`count` cases of `of` possible ones."""

    count: int = 0
    of: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(self.count + other.count, self.of + other.of)

    @property
    def rate(self) -> float:
        """Share of cases; 0 where nothing could happen."""
        return self.count / self.of if self.of else 0.0


@dataclass(frozen=True)
class Comparison:
    """A composer's rate beside Bach's on the same works.

    `kind` is ``"ratio"``, ``"difference"`` (in points of 100), or ``"few"`` where the counts are
    too small to compare; `value`, `low` and `high` are then 0.
    """

    machine: Count
    bach: Count
    kind: str
    value: float
    low: float
    high: float


def share(cases: ArrayLike) -> float:
    """Share of truth values that are true; 0 where there are none.

    Examples
    --------
    >>> share([True, False]), share([])
    (0.5, 0.0)
    """
    flags = np.asarray(cases, dtype=np.bool_)
    return float(flags.mean()) if flags.size else 0.0


def total(counts: Sequence[Count]) -> Count:
    """Sum over works."""
    return sum(counts, Count())


def compare(
    machine: Sequence[Count],
    bach: Sequence[Count],
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
    level: float = 0.95,
    as_ratio: bool | None = None,
) -> Comparison:
    """Compare a composer's rate with Bach's, work by work.

    Parameters
    ----------
    machine, bach : sequences of Count, one entry a work, in the same order
    seed : int
        Of the bootstrap.
    resamples : int
        Of works, for the bootstrap.
    level : float
        Coverage of the percentile interval.
    as_ratio : bool, optional
        Whether the rates are compared as a ratio; by default where Bach's is below `RARE_RATE`.

    Returns
    -------
    Comparison
        A ratio, or a difference in points. A ratio becomes ``"few"`` if either side sums to less
        than `MIN_CASES`.

    Raises
    ------
    ValueError
        If the two sides differ in length or are empty.

    Examples
    --------
    >>> compare([Count(60, 1000)], [Count(20, 1000)], resamples=10).value
    3.0
    """
    if len(machine) != len(bach) or not machine:
        raise ValueError(
            f"{len(machine)} works against {len(bach)}; give the same works, 1 or more"
        )
    machine_total, bach_total = total(machine), total(bach)
    rare = bach_total.rate < RARE_RATE if as_ratio is None else as_ratio
    if rare and min(machine_total.count, bach_total.count) < MIN_CASES:
        return Comparison(machine_total, bach_total, "few", 0.0, 0.0, 0.0)
    if rare:
        kind, value = "ratio", machine_total.rate / bach_total.rate
    else:
        kind, value = "difference", 100 * (machine_total.rate - bach_total.rate)
    rates = _bootstrapped(machine, bach, seed, resamples)
    with np.errstate(divide="ignore", invalid="ignore"):
        drawn = rates[0] / rates[1] if rare else 100 * (rates[0] - rates[1])
    low, high = np.quantile(drawn[np.isfinite(drawn)], [(1 - level) / 2, (1 + level) / 2])
    return Comparison(machine_total, bach_total, kind, float(value), float(low), float(high))


def _bootstrapped(
    machine: Sequence[Count], bach: Sequence[Count], seed: int, resamples: int
) -> NDArray[np.float64]:
    table = np.array(
        [[(c.count, c.of) for c in side] for side in (machine, bach)], dtype=np.float64
    )  # [side, work, (count, of)]
    drawn = resampled(table.shape[1], np.random.default_rng(seed), resamples=resamples)
    sums = table[:, drawn].sum(axis=2)  # [side, resample, (count, of)]
    rates: NDArray[np.float64] = sums[..., 0] / np.maximum(sums[..., 1], 1)
    return rates
