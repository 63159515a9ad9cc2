"""How much less do answers weigh because listeners and items recur? Two-way clustering.

Conventions
-----------
An answer belongs to one listener and one item. The bootstrap draws listeners and items, each with
replacement, and weights an answer by the product of the two counts. The closed form adds the
variances between listeners and between items and subtracts what they share. Both describe new
listeners *and* new items and need no model. Below about 20 of either, the intervals are too narrow.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bachtest.stats.rates.proportions import LEVEL, normal_quantile, tail_of
from bachtest.stats.rates.result import Result

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
ASSUMPTIONS = "listeners and items each a random sample of many"
_DRAWS = 1999


@dataclass(frozen=True)
class ClusteredRate(Result):
    """A rate whose interval allows for listeners and items. With fewer than two of either, `se` is
    None and the interval is the whole of 0..1. `design_effect` is the variance over that of
    independent answers."""

    estimate: float | None
    low: float
    high: float
    se: float | None
    design_effect: float | None
    n: int
    listeners: int
    items: int
    level: float
    method: str
    assumptions: str = ASSUMPTIONS

    def __str__(self) -> str:
        if self.estimate is None:
            return "no answers"
        if self.se is None:
            return f"{self.estimate:.1%} (one listener or one item: no interval for others)"
        return f"{self.estimate:.1%} ({self.low:.1%} to {self.high:.1%}, {self.method})"


def two_way(
    listener: IntArray, item: IntArray, correct: FloatArray, n: FloatArray, *, level: float = LEVEL
) -> ClusteredRate:
    """The rate with its two-way cluster interval in closed form, in time linear in the answers.

    Parameters
    ----------
    listener, item : int[N]
        Codes from 0.
    correct, n : float[N]
        Right answers and answers of each row.
    level : float

    Returns
    -------
    ClusteredRate

    References
    ----------
    A. C. Cameron, J. B. Gelbach, D. L. Miller (2011), "Robust inference with multiway clustering",
    Journal of Business & Economic Statistics 29, 238-249. A. B. Owen (2007), "The pigeonhole
    bootstrap", Annals of Applied Statistics 1, 386-411.

    Examples
    --------
    >>> listener, item = np.divmod(np.arange(600), 30)
    >>> right = (np.random.default_rng(1).random(600) < 0.5 + 0.01 * item).astype(float)
    >>> print(two_way(listener, item, right, np.ones(600)))
    64.5% (60.4% to 68.4%, two-way clusters, closed form)
    """
    total = float(n.sum())
    listeners, items = _count(listener, n), _count(item, n)
    method = "two-way clusters, closed form"
    if total == 0:
        return ClusteredRate(None, 0.0, 1.0, None, None, 0, listeners, items, level, method)
    rate = float(correct.sum()) / total
    if min(listeners, items) < 2:
        return ClusteredRate(
            rate, 0.0, 1.0, None, None, int(total), listeners, items, level, method
        )
    residual = correct - n * rate
    _, cell = np.unique(listener * (int(item.max()) + 1) + item, return_inverse=True)
    parts = [
        float(np.sum(np.bincount(code, residual) ** 2)) * count / (count - 1)
        for code, count in ((listener, listeners), (item, items))
    ]
    shared = float(np.sum(np.bincount(cell, residual) ** 2))
    # By chance, or where nothing varies, the difference can fall below the larger part.
    variance = max(parts[0] + parts[1] - shared, *parts, 0.0) / total**2
    simple = rate * (1 - rate) / total
    effect = variance / simple if simple > 0 else None
    low, high = _on_the_logit(rate, math.sqrt(variance), total, level)
    return ClusteredRate(
        rate, low, high, math.sqrt(variance), effect, int(total), listeners, items, level, method
    )


def _count(code: IntArray, n: FloatArray) -> int:
    return int(np.count_nonzero(np.bincount(code, n))) if len(code) else 0


def _on_the_logit(rate: float, se: float, total: float, level: float) -> tuple[float, float]:
    if rate in (0.0, 1.0):
        # All right or all wrong, no variance is seen: the exact limit for as many answers.
        limit = (1 - level) ** (1 / total)
        return (limit, 1.0) if rate == 1.0 else (0.0, 1 - limit)
    half = normal_quantile(level) * se / (rate * (1 - rate))
    centre = math.log(rate / (1 - rate))
    return 1 / (1 + math.exp(half - centre)), 1 / (1 + math.exp(-half - centre))


def two_way_bootstrap(
    listener: IntArray,
    item: IntArray,
    correct: FloatArray,
    n: FloatArray,
    *,
    generator: np.random.Generator,
    draws: int = _DRAWS,
    level: float = LEVEL,
) -> ClusteredRate:
    """The rate with the percentile interval of the two-way (pigeonhole) bootstrap.

    Where all answers are right, or all wrong, the draws do not differ and the closed form is given.
    Time is proportional to draws times rows: use `two_way` for large tables.

    Parameters
    ----------
    listener, item : int[N]
    correct, n : float[N]
    generator : numpy Generator
    draws : int
    level : float

    Returns
    -------
    ClusteredRate

    Raises
    ------
    ValueError
        If there are fewer than 100 draws.

    References
    ----------
    A. B. Owen (2007), as in `two_way`.

    Examples
    --------
    >>> listener, item = np.divmod(np.arange(600), 30)
    >>> right = ((listener + item) % 3 > 0).astype(float)
    >>> rng = np.random.default_rng(1)
    >>> rate = two_way_bootstrap(listener, item, right, np.ones(600), generator=rng, draws=500)
    >>> 0.6 < rate.low < 0.64 and 0.69 < rate.high < 0.73
    True
    """
    if draws < 100:
        raise ValueError(f"{draws} draws are too few for an interval; use 100 or more")
    closed = two_way(listener, item, correct, n, level=level)
    method = f"two-way bootstrap over listeners and items, {draws} draws"
    if closed.estimate is None or closed.se is None:
        return replace(closed, method=method)
    if closed.estimate in (0.0, 1.0):
        return closed  # every draw has the same rate
    sizes = int(listener.max()) + 1, int(item.max()) + 1
    rates = np.empty(draws)
    for draw in range(draws):
        while True:
            weights = [
                np.bincount(generator.integers(size, size=size), minlength=size) for size in sizes
            ]
            weight = (weights[0][listener] * weights[1][item]).astype(np.float64)
            answers = float(weight @ n)
            if answers > 0:  # in a sparse table a draw may hold no answer
                break
        rates[draw] = float(weight @ correct) / answers
    tail = tail_of(level)
    low, high = np.quantile(rates, [tail, 1 - tail])
    se = float(rates.std(ddof=1))
    return ClusteredRate(
        closed.estimate, float(low), float(high), se,
        se**2 * closed.n / (closed.estimate * (1 - closed.estimate)), closed.n,
        closed.listeners, closed.items, level, method,
    )  # fmt: skip
