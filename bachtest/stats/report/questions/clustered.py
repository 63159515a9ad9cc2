"""Questions that need no model: one function each, from a table to a result."""

from __future__ import annotations

import numpy as np

from bachtest.stats.clustered.beta_binomial import BetaBinomialFit, beta_binomial
from bachtest.stats.clustered.response_bias import (
    SideBias,
    Trend,
    side_bias,
    side_bias_by_listener,
    trend,
)
from bachtest.stats.clustered.two_ac_clustering import two_ac_bootstrap
from bachtest.stats.clustered.two_way_clustering import ClusteredRate, two_way, two_way_bootstrap
from bachtest.stats.rates.two_ac import TwoAC, two_ac
from bachtest.stats.tables.table import Table

# Draws times rows of the bootstrap; larger tables use the closed form.
_MAX_BOOTSTRAP_WORK = 20_000_000
_SEED = 1


def sums_of(table: Table, name: str) -> tuple[list[str], np.ndarray, np.ndarray]:
    """The levels of a column that have answers: their names, right answers, answers."""
    column = table.column(name)
    size = len(column.values)
    n = np.bincount(column.codes, table.n, size)
    correct = np.bincount(column.codes, table.correct, size)
    answered = n > 0
    names = [value for value, some in zip(column.values, answered, strict=True) if some]
    return names, correct[answered].astype(np.int64), n[answered].astype(np.int64)


def ties_of(table: Table, alpha: float) -> TwoAC:
    """d' and tau of answers with ties; without listeners and items, pooled."""
    kinds = np.array([table.n - table.ties - table.correct, table.ties, table.correct], dtype=float)
    if {"listener", "item"} <= set(table.columns) and len(table):
        listener, item = (
            table.column(name).codes.astype(np.int64) for name in ("listener", "item")
        )
        generator = np.random.default_rng(_SEED)
        return two_ac_bootstrap(listener, item, kinds, generator=generator, level=1 - alpha)
    return two_ac(*(int(count) for count in kinds.sum(axis=1)), level=1 - alpha)


def clustered_rate(table: Table, alpha: float) -> ClusteredRate | None:
    """The rate with listeners and items resampled; None if the table lacks either."""
    if not {"listener", "item"} <= set(table.columns):
        return None
    rows = (
        table.column("listener").codes.astype(np.int64),
        table.column("item").codes.astype(np.int64),
        table.correct.astype(np.float64),
        table.n.astype(np.float64),
    )
    draws = min(999, _MAX_BOOTSTRAP_WORK // max(1, len(table)))
    if draws < 999 or not len(table):
        return two_way(*rows, level=1 - alpha)
    generator = np.random.default_rng(_SEED)
    return two_way_bootstrap(*rows, generator=generator, draws=draws, level=1 - alpha)


def spread_of(table: Table, name: str, alpha: float) -> BetaBinomialFit | None:
    """Whether the levels of a column differ by more than chance; None without the column."""
    if name not in table.columns:
        return None
    _, correct, n = sums_of(table, name)
    return beta_binomial(correct, n, level=1 - alpha)


def side_biases(table: Table, alpha: float) -> tuple[SideBias, ...]:
    """The bias towards the clip heard first, and towards the one on the left.

    It is clustered by listener where the table names listeners, and pooled elsewhere.
    """
    bach_at: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    if "first" in table.columns:
        first = table.truth("first")
        bach_at["first"] = first == 1, first == 0
    if "side" in table.columns:
        side = table.column("side")
        left, right = (
            np.array([*(value == name for value in side.values), False])[side.codes]
            for name in ("left", "right")
        )
        if left.any() or right.any() or not len(table):
            bach_at["left"] = left, right
    return tuple(_side_bias(table, name, *sides, 1 - alpha) for name, sides in bach_at.items())


def _side_bias(
    table: Table, name: str, on_side: np.ndarray, off_side: np.ndarray, level: float
) -> SideBias:
    chosen = np.where(on_side, table.correct, table.n - table.correct)
    if "listener" not in table.columns:
        sums = [(int(chosen[on].sum()), int(table.n[on].sum())) for on in (on_side, off_side)]
        return side_bias(name, *sums[0], *sums[1], level=level)
    known = on_side | off_side
    listener = table.column("listener").codes.astype(np.int64)[known]
    return side_bias_by_listener(
        name,
        chosen[known].astype(np.float64),
        table.n[known].astype(np.float64),
        on_side[known],
        listener,
        level=level,
    )


def trend_of(table: Table, alpha: float) -> Trend | None:
    """Whether listeners grow better or worse from trial to trial; None if that is not told."""
    if not {"trial", "listener"} <= set(table.columns):
        return None
    trial = table.numbers("trial")
    known = np.isfinite(trial)
    if not known.all():
        table, trial = table.where(known), trial[known]
    listener = table.column("listener").codes.astype(np.int64)
    n, correct = table.n.astype(np.float64), table.correct.astype(np.float64)
    return trend(trial, correct, n, listener, level=1 - alpha)
