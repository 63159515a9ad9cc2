"""A ratio of sums over works, with an interval from a bootstrap over works."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from generator.music.measures.resampling import resampled

RATIO_RESAMPLES = 2000


@dataclass(frozen=True)
class Ratio:
    """An estimate with a 95 % percentile interval; `n` counts the works."""

    estimate: float
    low: float
    high: float
    n: int


def ratio_over_works(
    counts: ArrayLike, totals: ArrayLike, *, rng: np.random.Generator, scale: float = 1.0
) -> Ratio | None:
    """sum(counts) / sum(totals) * scale; None if the totals sum to 0.

    Parameters
    ----------
    counts, totals : float[N], one entry per work

    Raises
    ------
    ValueError
        If the two differ in length.

    References
    ----------
    Efron and Tibshirani 1993, "An Introduction to the Bootstrap", chapter 13 (percentiles).

    Examples
    --------
    >>> ratio_over_works([1, 1], [2, 2], rng=np.random.default_rng(0))
    Ratio(estimate=0.5, low=0.5, high=0.5, n=2)
    """
    over, under = np.asarray(counts, dtype=float), np.asarray(totals, dtype=float)
    if over.shape != under.shape:
        raise ValueError(f"{over.size} counts for {under.size} totals")
    if under.sum() <= 0:
        return None
    picks = resampled(over.size, rng, resamples=RATIO_RESAMPLES)
    sums = under[picks].sum(1)
    drawn = over[picks].sum(1)[sums > 0] / sums[sums > 0]
    low, high = np.quantile(drawn, (0.025, 0.975)) * scale
    return Ratio(float(over.sum() / under.sum() * scale), float(low), float(high), over.size)


def share_over_works(values: Sequence[float], *, rng: np.random.Generator) -> Ratio | None:
    """The plain mean over works, with its interval."""
    return ratio_over_works(values, np.ones(len(values)), rng=rng)
