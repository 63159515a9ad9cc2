"""Which composer fools listeners most: marginal rates, all compared with each other.

Conventions
-----------
The composer with the lowest rate fools most and comes first. Intervals and comparisons hold for
all composers together: Bonferroni's level for the intervals, Holm's adjustment for the pairs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bachtest.stats.rates.multiplicity import holm
from bachtest.stats.rates.proportions import LEVEL
from bachtest.stats.rates.result import Result
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
class CellComparison:
    """Two composers: the difference of their logits, the first minus the second."""

    first: str
    second: str
    difference: float
    se: float
    p: float
    p_holm: float


@dataclass(frozen=True)
class Ranking(Result):
    """All composers, the one that fools most first."""

    ranked: tuple[Ranked, ...]
    comparisons: tuple[CellComparison, ...]
    level: float
    method: str = "marginal rates of the mixed model; intervals by Bonferroni, pairs by Holm"
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

    References
    ----------
    S. Holm (1979), Scandinavian Journal of Statistics 6, 65-70.

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
    pairs = [(i, j) for i in range(len(rates)) for j in range(i + 1, len(rates))]
    logits = [math.log(rate.estimate / (1 - rate.estimate)) for rate in rates]
    differences = [logits[i] - logits[j] for i, j in pairs]
    cov = table.covariance
    ses = [math.sqrt(max(0.0, cov[i, i] + cov[j, j] - 2 * cov[i, j])) for i, j in pairs]
    dfs = [min((d for d in (rates[i].df, rates[j].df) if d), default=None) for i, j in pairs]
    p_values = [_p(d, se, df) for d, se, df in zip(differences, ses, dfs, strict=True)]
    adjusted = holm(p_values)
    names = [" ".join(rate.labels) for rate in rates]
    lower = [0] * len(rates)
    higher = [0] * len(rates)
    for (i, j), difference, p in zip(pairs, differences, adjusted, strict=True):
        if p < 1 - level:
            below, above = (i, j) if difference < 0 else (j, i)
            higher[above] += 1
            lower[below] += 1
    shared = 1 - (1 - level) / max(1, len(rates))
    rows = []
    for at, rate in enumerate(rates):
        low, high = interval_of(rate, shared)
        rows.append(
            Ranked(
                names[at], rate.estimate, low, high, rate.n,
                1 + higher[at], len(rates) - lower[at],
            )
        )  # fmt: skip
    comparisons = tuple(
        CellComparison(names[i], names[j], d, se, p, a)
        for (i, j), d, se, p, a in zip(pairs, differences, ses, p_values, adjusted, strict=True)
    )
    return Ranking(tuple(sorted(rows, key=lambda row: row.estimate)), comparisons, level)


def _p(difference: float, se: float, df: float | None) -> float:
    from scipy.stats import norm, t

    if se == 0:
        return 1.0
    z = abs(difference) / se
    return float(2 * (norm.sf(z) if df is None else t.sf(z, df)))
