"""How much two cells differ: every pair of a table's marginal rates, with joint intervals.

Conventions
-----------
The odds ratio is that of the two marginal rates. Its interval is symmetric in the difference of
their logits. The difference in points follows from the same limits, with the mean of the two logits
held where it is: so both intervals and the p-value always agree about which side of nothing they
are on. The limits hold for all pairs of a table together: the quantile is that of the largest
absolute t of all pairs (single-step), from a fixed seed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bachtest.stats.rates.proportions import LEVEL
from bachtest.stats.rates.result import Result, p_text

if TYPE_CHECKING:
    from bachtest.stats.mixed.mixed_fit import RateTable

FloatArray = NDArray[np.float64]
# More pairs than this are a table that nobody reads.
MAX_PAIRS = 200
_DRAWS, _SEED = 50_000, 1


@dataclass(frozen=True)
class Contrast:
    """Two cells: `difference` is the first's marginal rate minus the second's, as a share.

    `se` is of the logits' difference. `p` is adjusted for all pairs of the table.
    """

    first: str
    second: str
    difference: float
    low: float
    high: float
    odds_ratio: float
    odds_low: float
    odds_high: float
    se: float
    p: float

    def __str__(self) -> str:
        return (
            f"{self.first} - {self.second}: {100 * self.difference:+.1f} points"
            f" ({100 * self.low:+.1f} to {100 * self.high:+.1f}), odds ratio"
            f" {self.odds_ratio:.2f} ({self.odds_low:.2f} to {self.odds_high:.2f}),"
            f" {p_text(self.p)}"
        )


@dataclass(frozen=True)
class Contrasts(Result):
    """Every pair of one table's cells; `quantile` is what the limits are in standard errors."""

    by: tuple[str, ...]
    pairs: tuple[Contrast, ...]
    quantile: float
    level: float
    method: str = "single-step maximum of |t| over all pairs, 50,000 draws, seed 1"
    assumptions: str = "as the mixed model"

    def __str__(self) -> str:
        return "\n".join(map(str, self.pairs))


def contrasts(table: RateTable, *, level: float = LEVEL) -> Contrasts | None:
    """Every pair of cells; None where there are fewer than two cells, or too many.

    Parameters
    ----------
    table : RateTable
    level : float
        Of all intervals together.

    Returns
    -------
    Contrasts or None

    References
    ----------
    T. Hothorn, F. Bretz, P. Westfall (2008), "Simultaneous inference in general parametric models",
    Biometrical Journal 50, 346-363.

    Examples
    --------
    >>> from bachtest.stats.mixed.mixed_fit import Rate, RateTable
    >>> rates = (
    ...     Rate(("S",), 0.7, 0.66, 0.74, 0.0, 0.1, None, 500, 350),
    ...     Rate(("B",), 0.55, 0.5, 0.6, 0.1, 0.1, None, 500, 275),
    ... )
    >>> print(contrasts(RateTable(("condition",), rates, np.diag([0.01, 0.01]))))
    S - B: +15.0 points (+8.6 to +21.2), odds ratio 1.91 (1.45 to 2.52), p < .001
    """
    rates = table.rates
    pairs = list(combinations(range(len(rates)), 2))
    if not 0 < len(pairs) <= MAX_PAIRS:
        return None
    logits = np.array([math.log(rate.estimate / (1 - rate.estimate)) for rate in rates])
    compared = np.zeros((len(pairs), len(rates)))
    for row, (first, second) in enumerate(pairs):
        compared[row, first], compared[row, second] = 1.0, -1.0
    covariance = compared @ table.covariance @ compared.T
    ses = np.sqrt(np.maximum(np.diag(covariance), 1e-18))
    difference = compared @ logits
    largest = _largest_t(covariance / np.outer(ses, ses), table.df)
    quantile = float(np.quantile(largest, level))
    reached = (largest[None] >= np.abs(difference / ses)[:, None]).sum(axis=1)
    beyond = (reached + 1) / (_DRAWS + 1)  # of the draws and the table itself
    names = [" ".join(rate.labels) for rate in rates]
    found = [
        _contrast(names, logits, pair, float(delta), float(se), quantile, float(p))
        for pair, delta, se, p in zip(pairs, difference, ses, beyond, strict=True)
    ]
    return Contrasts(table.by, tuple(found), quantile, level)


def _contrast(
    names: list[str],
    logits: FloatArray,
    pair: tuple[int, int],
    delta: float,
    se: float,
    quantile: float,
    p: float,
) -> Contrast:
    first, second = pair
    mean = float(logits[first] + logits[second]) / 2

    def points(apart: float) -> float:
        return math.tanh((mean + apart / 2) / 2) / 2 - math.tanh((mean - apart / 2) / 2) / 2

    low, high = delta - quantile * se, delta + quantile * se
    return Contrast(
        names[first], names[second],
        points(delta), points(low), points(high),
        math.exp(delta), math.exp(low), math.exp(high), se, p,
    )  # fmt: skip


def _largest_t(correlation: FloatArray, df: float | None) -> FloatArray:
    # float[draws]: draws of the largest |t| if no pair differs.
    values, vectors = np.linalg.eigh(correlation)
    kept = values > 1e-9 * values.max()
    root = vectors[:, kept] * np.sqrt(values[kept])
    rng = np.random.default_rng(_SEED)
    normal = root @ rng.standard_normal((int(kept.sum()), _DRAWS))
    if df is not None:
        normal /= np.sqrt(rng.chisquare(df, _DRAWS) / df)
    largest: FloatArray = np.abs(normal).max(axis=0)
    return largest
