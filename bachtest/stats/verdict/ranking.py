"""Which composer fools listeners most: marginal rates, all compared with each other.

Conventions
-----------
The composer with the lowest rate fools most and comes first. Intervals and comparisons hold for
all composers together: Bonferroni's level for the intervals, and the contrasts' for the ranks.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bachtest.stats.rates.proportions import LEVEL
from bachtest.stats.rates.result import Result
from bachtest.stats.verdict.contrasts import contrasts
from bachtest.stats.verdict.model_verdict import interval_of

if TYPE_CHECKING:
    from bachtest.stats.mixed.mixed_fit import RateTable


@dataclass(frozen=True)
class Ranked:
    """One composer; its rank is between `best` and `worst`, as far as the comparisons decide."""

    name: str
    estimate: float
    low: float
    high: float
    n: int
    best: int
    worst: int


@dataclass(frozen=True)
class Ranking(Result):
    """All composers, the one that fools most first."""

    ranked: tuple[Ranked, ...]
    level: float
    method: str = "marginal rates of the mixed model; intervals by Bonferroni, ranks by contrasts"
    assumptions: str = "as the mixed model"

    def __str__(self) -> str:
        rows = []
        for row in self.ranked:
            ranks = f"{row.best}" if row.best == row.worst else f"{row.best} to {row.worst}"
            rows.append(
                f"{row.name}: {row.estimate:.1%} ({row.low:.1%} to {row.high:.1%}), rank {ranks}"
            )
        return "\n".join(rows)


def rank(table: RateTable, *, level: float = LEVEL) -> Ranking:
    """Rank the cells of a marginal table.

    Parameters
    ----------
    table : RateTable
        By composer, or any one grouping.
    level : float
        Of all intervals and comparisons together.

    Returns
    -------
    Ranking

    Examples
    --------
    >>> import numpy as np
    >>> from bachtest.stats.mixed.mixed_fit import Rate, RateTable
    >>> rates = (
    ...     Rate(("x",), 0.7, 0.6, 0.8, 0.0, 0.1, None, 500, 350),
    ...     Rate(("y",), 0.55, 0.5, 0.6, 0.1, 0.1, None, 500, 275),
    ... )
    >>> print(rank(RateTable(("composer",), rates, np.diag([0.01, 0.01]))))
    y: 55.0% (49.4% to 60.5%), rank 1
    x: 70.0% (65.1% to 74.5%), rank 2
    """
    rates = table.rates
    compared = contrasts(table, level=level)
    below = Counter[str]()
    above = Counter[str]()
    for pair in compared.pairs if compared is not None else ():
        if pair.p < 1 - level:
            lower, higher = (
                (pair.first, pair.second) if pair.difference < 0 else (pair.second, pair.first)
            )
            above[lower] += 1
            below[higher] += 1
    shared = 1 - (1 - level) / max(1, len(rates))
    rows = []
    for rate in rates:
        name = " ".join(rate.labels)
        low, high = interval_of(rate, shared)
        rows.append(
            Ranked(
                name, rate.estimate, low, high, rate.n,
                1 + below[name], len(rates) - above[name],
            )
        )  # fmt: skip
    return Ranking(tuple(sorted(rows, key=lambda row: row.estimate)), level)
