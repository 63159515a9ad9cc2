"""d' of choices with ties over new listeners and new items: the two-way bootstrap of the 2-AC.

Conventions
-----------
There is no mixed model of the three kinds of answer here, so d' is that of the shares of all
answers. What is resampled are listeners and items, as in `two_way_clustering`: pooled, the interval
would be too narrow by as much as these differ.
"""

from __future__ import annotations

from dataclasses import replace
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from bachtest.stats.rates.proportions import LEVEL, tail_of
from bachtest.stats.rates.two_ac import TwoAC, two_ac

_INVERSE = np.vectorize(NormalDist().inv_cdf, otypes=[np.float64])
_MAX_DRAWS, _MIN_DRAWS = 999, 199
# Draws times rows.
_MAX_WORK = 20_000_000


def two_ac_bootstrap(
    listener: NDArray[np.int64],
    item: NDArray[np.int64],
    kinds: NDArray[np.float64],
    *,
    generator: np.random.Generator,
    level: float = LEVEL,
) -> TwoAC:
    """d' and tau, with the percentile interval over listeners and items.

    Parameters
    ----------
    listener, item : int[N]
    kinds : float[3, N]
        Wrong choices, ties and right choices of each row.
    generator : numpy Generator
    level : float

    Returns
    -------
    TwoAC
        `p` is twice the smaller share of draws on one side of 0, at least one draw. Where d' is
        infinite or unknown the result is the pooled one, and its `method` says so.

    References
    ----------
    A. B. Owen (2007), "The pigeonhole bootstrap", Annals of Applied Statistics 1, 386-411.

    Examples
    --------
    >>> listener, item = np.divmod(np.arange(600), 30)
    >>> kind = (3 * listener + 2 * item) % 7
    >>> kinds = np.array([kind < 2, kind == 2, kind > 2], dtype=float)
    >>> found = two_ac_bootstrap(listener, item, kinds, generator=np.random.default_rng(1))
    >>> pooled = two_ac(*(int(count) for count in kinds.sum(axis=1)))
    >>> found.estimate == pooled.estimate, found.low < found.estimate < found.high
    (True, True)
    """
    pooled = two_ac(*(int(count) for count in kinds.sum(axis=1)), level=level)
    if pooled.tau is None:
        return pooled
    draws = int(np.clip(_MAX_WORK // max(1, len(listener)), _MIN_DRAWS, _MAX_DRAWS))
    sizes = int(listener.max()) + 1, int(item.max()) + 1
    shares = np.full((draws, 3), 1 / 3)
    for draw in range(draws):
        one, other = (
            np.bincount(generator.integers(size, size=size), minlength=size) for size in sizes
        )
        counted = kinds @ (one[listener] * other[item]).astype(np.float64)
        # Half an answer each keeps a draw without one kind finite.
        shares[draw] = (counted + 0.5) / (counted.sum() + 1.5)
    below, up_to = _INVERSE(shares[:, 0]), _INVERSE(shares[:, 0] + shares[:, 1])
    ds = -(below + up_to) / np.sqrt(2)
    tail = tail_of(level)
    low, high = np.quantile(ds, [tail, 1 - tail])
    p = 2 * max(1, min(int((ds <= 0).sum()), int((ds >= 0).sum()))) / draws
    return replace(
        pooled,
        low=float(low),
        high=float(high),
        se=float(ds.std(ddof=1)),
        p=min(1.0, p),
        method=f"2-AC; two-way bootstrap over listeners and items, {draws} draws",
        assumptions="listeners and items random samples; one tau for all listeners",
    )
