"""Counts of what happens in a piece, and their comparison with Bach's.

Conventions
-----------
A `Count` is how often something happened, of how many times it could have. Rates are taken over
sums of counts, never as means of rates: a work of two bars does not weigh as much as one of forty.
Intervals come from a bootstrap over works, the same works drawn for both sides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Below this rate two sides are compared as a ratio, above it as a difference in points.
RARE = 0.20
# Fewer cases than this on either side: reported, not compared.
FEW = 20
REPLICATES = 1000


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
    """One rate of a composer beside Bach's on the same works.

    `kind` is ``"ratio"``, ``"difference"`` (in points of 100), or ``"few"`` where the counts are
    too small to compare; `value`, `low` and `high` are then 0.
    """

    machine: Count
    bach: Count
    kind: str
    value: float
    low: float
    high: float


def total(counts: Sequence[Count]) -> Count:
    """Sum over works."""
    return sum(counts, Count())


def compare(
    machine: Sequence[Count],
    bach: Sequence[Count],
    *,
    seed: int = 0,
    replicates: int = REPLICATES,
    level: float = 0.95,
) -> Comparison:
    """Compare a composer's rate with Bach's, work by work.

    Parameters
    ----------
    machine, bach : sequences of Count, one entry a work, in the same order
    seed : int
        Of the bootstrap.
    replicates : int
        Bootstrap samples of works.
    level : float
        Coverage of the percentile interval.

    Returns
    -------
    Comparison
        A ratio where Bach's rate is under `RARE`, else a difference in points. A sum under `FEW`
        on either side makes a ratio ``"few"``.

    Raises
    ------
    ValueError
        If both sides differ in length or are empty.

    Examples
    --------
    >>> compare([Count(60, 1000)], [Count(20, 1000)], replicates=10).value
    3.0
    """
    if len(machine) != len(bach) or not machine:
        raise ValueError(
            f"{len(machine)} works against {len(bach)}; give the same works, 1 or more"
        )
    ours, his = total(machine), total(bach)
    rare = his.rate < RARE
    if rare and min(ours.count, his.count) < FEW:
        return Comparison(ours, his, "few", 0.0, 0.0, 0.0)
    value = ours.rate / his.rate if rare else 100 * (ours.rate - his.rate)
    rates = _bootstrapped(machine, bach, seed, replicates)
    with np.errstate(divide="ignore", invalid="ignore"):
        drawn = rates[0] / rates[1] if rare else 100 * (rates[0] - rates[1])
    low, high = np.quantile(drawn[np.isfinite(drawn)], [(1 - level) / 2, (1 + level) / 2])
    return Comparison(
        ours, his, "ratio" if rare else "difference", float(value), float(low), float(high)
    )


def compare_all(
    machine: Sequence[Mapping[str, Count]], bach: Sequence[Mapping[str, Count]], *, seed: int = 0
) -> dict[str, Comparison]:
    """`compare` for every name of the first work; one mapping a work."""
    names = list(machine[0]) if machine else []
    return {
        name: compare([work[name] for work in machine], [work[name] for work in bach], seed=seed)
        for name in names
    }


def _bootstrapped(
    machine: Sequence[Count], bach: Sequence[Count], seed: int, replicates: int
) -> NDArray[np.float64]:
    table = np.array(
        [[(c.count, c.of) for c in side] for side in (machine, bach)], dtype=np.float64
    )  # [side, work, (count, of)]
    drawn = np.random.default_rng(seed).integers(0, table.shape[1], (replicates, table.shape[1]))
    sums = table[:, drawn].sum(axis=2)  # [side, replicate, (count, of)]
    rates: NDArray[np.float64] = sums[..., 0] / np.maximum(sums[..., 1], 1)
    return rates
