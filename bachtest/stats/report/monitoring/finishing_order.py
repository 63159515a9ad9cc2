"""The order in which the games of an export ended, and so the order of its answers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bachtest.stats.tables.table import Table

# Of an export since version 6: the rank of an answer's game, by which had its last answer first.
FINISH_RANK = "finish_rank"


def finishing_order(table: Table) -> NDArray[np.int64] | None:
    """The rows by rank and trial.

    Parameters
    ----------
    table : Table

    Returns
    -------
    int[N] or None
        None without ranks, or where a rank is no number.
    """
    if FINISH_RANK not in table.columns:
        return None
    ranks = table.numbers(FINISH_RANK)
    if not np.isfinite(ranks).all():
        return None
    trials = table.numbers("trial") if "trial" in table.columns else np.zeros(len(table))
    return np.lexsort((trials, ranks)).astype(np.int64)
