"""What is valid at any time, from a table: in the order in which the games of an export ended."""

from __future__ import annotations

import numpy as np

from bachtest.stats.clustered.anytime_valid import (
    AnytimeInterval,
    empirical_bernstein_interval,
)
from bachtest.stats.clustered.population_band import (
    PopulationBand,
    population_band,
    spaced_looks,
)
from bachtest.stats.report.monitoring.finishing_order import finishing_order
from bachtest.stats.tables.table import Table


def population_band_of(table: Table, *, level: float) -> PopulationBand | None:
    """The band for new listeners and new items; with ranks, also its path, game after game.

    Parameters
    ----------
    table : Table
    level : float

    Returns
    -------
    PopulationBand or None
        None unless the table is one of answers with listeners and items. Without ranks, `looks` is
        empty: the band after all answers does not depend on their order.
    """
    if not table.of_answers or not {"listener", "item"} <= set(table.columns):
        return None
    order = finishing_order(table)
    looks = [] if order is None else spaced_looks(len(table))[:-1]
    rows = np.arange(len(table)) if order is None else order
    return population_band(
        table.column("listener").codes.astype(np.int64)[rows],
        table.column("item").codes.astype(np.int64)[rows],
        table.correct.astype(np.float64)[rows],
        table.n.astype(np.float64)[rows],
        looks=looks,
        level=level,
    )


def listener_mean_of(table: Table, *, level: float) -> AnytimeInterval | None:
    """The mean of the listeners, in the order in which they finished if there are ranks.

    Parameters
    ----------
    table : Table
    level : float

    Returns
    -------
    AnytimeInterval or None
        None unless the table is one of answers with listeners.
    """
    if not table.of_answers or "listener" not in table.columns:
        return None
    order = finishing_order(table)
    codes = table.column("listener").codes.astype(np.int64)
    answered = np.bincount(codes, table.n)
    last = np.arange(len(answered))
    if order is not None:
        last[codes[order]] = np.arange(len(codes))  # the last of several stands
    listeners = np.flatnonzero(answered)
    listeners = listeners[np.argsort(last[listeners])]
    means = np.bincount(codes, table.correct)[listeners] / answered[listeners]
    return empirical_bernstein_interval(means, level=level)
