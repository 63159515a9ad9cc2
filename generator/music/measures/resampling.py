"""Samples with replacement, for bootstraps over works."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 1000


def resampled(
    size: int, rng: np.random.Generator, *, resamples: int = RESAMPLES
) -> NDArray[np.int64]:
    """int[resamples, size]: each row draws as many indices as there are, with replacement.

    Examples
    --------
    >>> resampled(1, np.random.default_rng(0), resamples=2).tolist()
    [[0], [0]]
    """
    return rng.integers(0, size, (resamples, size))
