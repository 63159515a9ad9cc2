"""Random factors: listeners, items and excerpts, and whether their variance can be estimated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bachtest.stats.mixed.design import AnswerTable, Design, Factor, read_factor
from bachtest.stats.mixed.likelihood.blocks import FloatArray, sums_by
from bachtest.stats.mixed.likelihood.glmm import MixedError
from bachtest.stats.mixed.likelihood.small_sample import MIN_DF, MIN_LEVELS
from bachtest.stats.mixed.mixed_fit import SLOPE

LISTENER, ITEM, EXCERPT = "listener", "item", "excerpt"
# With slopes, listeners, items and excerpts are one dense matrix. A fit with 600 of them takes .4 s
# and one with 1,100 takes 1; the time is cubic in them.
MAX_DENSE_LEVELS = 2000


@dataclass(frozen=True)
class RandomFactor:
    """One random factor.

    `not_estimated` says why its variance is not estimated; it is empty where it is. `between` are
    the positions of the terms that are constant within a level. `df` is the number of levels above
    the columns of these terms, `smallest_cell` the least number of levels in one of their cells.
    """

    factor: Factor
    not_estimated: str
    between: frozenset[int]
    df: int
    smallest_cell: int

    @property
    def name(self) -> str:
        return self.factor.name

    @property
    def few(self) -> bool:
        """Whether large-sample intervals would be too narrow."""
        return not self.not_estimated and (self.smallest_cell < MIN_LEVELS or self.df < MIN_DF)


def read_random_factors(
    table: AnswerTable, excerpt: bool | None, slopes: Sequence[str] = ()
) -> list[Factor]:
    """The random factors in a table.

    Parameters
    ----------
    table : AnswerTable
    excerpt : bool or None
        None takes excerpts where there are any that recur across items.
    slopes : sequence of str
        Columns with by-listener random slopes: one factor each, the listener in the level.

    Returns
    -------
    list of Factor

    Raises
    ------
    MixedError
        If there is neither listener nor item, or a slope without listeners, or too many levels.
    """
    factors = [read_factor(table, name) for name in (LISTENER, ITEM) if name in table.columns]
    if not factors:
        raise MixedError(
            "no column 'listener' and no column 'item': a mixed model must know which answers"
            " share a listener or an item; the pooled rates need neither column"
        )
    if excerpt or (excerpt is None and EXCERPT in table.columns):
        factor = read_factor(table, EXCERPT)
        if excerpt or len(factor.levels) < len(factors[-1].levels):
            factors.append(factor)
    return factors + _slopes(table, factors, slopes)


def _slopes(table: AnswerTable, factors: Sequence[Factor], slopes: Sequence[str]) -> list[Factor]:
    if not slopes:
        return []
    listeners = factors[0]
    if listeners.name != LISTENER:
        raise MixedError(f"slopes by {', '.join(slopes)}: the table has no column 'listener'")
    levels = sum(len(factor.levels) for factor in factors)
    if levels > MAX_DENSE_LEVELS:
        raise MixedError(
            f"slopes by {', '.join(slopes)}: {levels:,} listeners, items and excerpts are more than"
            f" the {MAX_DENSE_LEVELS:,} that slopes can be fitted to; leave the slopes out"
        )
    return [_crossed(listeners, read_factor(table, name)) for name in dict.fromkeys(slopes)]


def _crossed(first: Factor, second: Factor) -> Factor:
    # A factor of the pairs of levels that occur.
    width = len(second.levels)
    pairs, code = np.unique(first.code * width + second.code, return_inverse=True)
    levels = tuple(f"{first.levels[p // width]} {second.levels[p % width]}" for p in pairs)
    return Factor(f"{first.name}{SLOPE}{second.name}", levels, code)


def make_random_factors(
    factors: Sequence[Factor], design: Design, n: FloatArray
) -> list[RandomFactor]:
    """Each random factor beside the fixed effects.

    Parameters
    ----------
    factors : sequence of Factor
    design : Design
    n : float[N]

    Returns
    -------
    list of RandomFactor
    """
    made: list[RandomFactor] = []
    for factor in factors:
        constant = [at for at, fixed in enumerate(design.factors) if _constant(factor, fixed)]
        between = frozenset(
            at for at, term in enumerate(design.terms) if set(term.parts) <= set(constant)
        )
        columns = sum(len(design.terms[at].columns) for at in between)
        levels = len(factor.levels)
        if SLOPE in factor.name:  # the levels of a listener are not independent of each other
            levels = min(levels, len(factors[0].levels))
        df = levels - max(columns, 1)
        fixed = [design.factors[at] for at in constant if at not in design.numeric]
        reason = _why_not_estimated(factor, n, df, made)
        made.append(RandomFactor(factor, reason, between, df, _smallest_cell(factor, fixed)))
    return made


def _constant(factor: Factor, fixed: Factor) -> bool:
    # Whether each level of the first has one level of the second.
    last = np.empty(len(factor.levels), dtype=np.int64)
    last[factor.code] = fixed.code
    return bool((last[factor.code] == fixed.code).all())


def _smallest_cell(factor: Factor, fixed: Sequence[Factor]) -> int:
    cell = np.zeros(len(factor.levels), dtype=np.int64)
    for one in fixed:
        of_level = np.zeros(len(factor.levels), dtype=np.int64)
        of_level[factor.code] = one.code
        cell = cell * len(one.levels) + of_level
    _, counts = np.unique(cell, return_counts=True)
    return int(counts.min())


def _why_not_estimated(
    factor: Factor, n: FloatArray, df: int, before: Sequence[RandomFactor]
) -> str:
    name, levels = factor.name, len(factor.levels)
    if levels == 1:
        return f"there is only one, and the result holds for that {name}"
    if sums_by(factor.code, n, levels).max() <= 1:
        return "with one answer for each, their spread cannot be told from chance"
    if df <= 0:
        return (
            f"there are as many cells as {name}s, so the two cannot be told apart, and the result"
            f" holds for these {name}s"
        )
    for other in before:
        if _constant(factor, other.factor) and _constant(other.factor, factor):
            return f"each {name} has one {other.name}, where their spread is counted"
    return ""
