"""Who shares a level: listeners, items, excerpts, and which of their spreads can be estimated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bachtest.stats.mixed.blocks import FloatArray, sums_by
from bachtest.stats.mixed.design import AnswerTable, Design, Factor, read_factor
from bachtest.stats.mixed.glmm import MixedError
from bachtest.stats.mixed.result import SLOPE
from bachtest.stats.mixed.small_sample import FEW, FEW_DEGREES

LISTENER, ITEM, EXCERPT = "listener", "item", "excerpt"
# With slopes, listeners, items and excerpts are one dense matrix. A fit with 600 of them takes 2 s,
# one with 1,100 takes 7: nobody waits for many more.
MOST_DENSE = 2000


@dataclass(frozen=True)
class Group:
    """One random factor.

    `held` says why its spread is not estimated; it is empty where it is. `between` are the
    positions of the terms that are constant within a level, `degrees` the levels above their
    columns, `fewest` the least number of levels in a cell of them.
    """

    factor: Factor
    held: str
    between: frozenset[int]
    degrees: int
    fewest: int

    @property
    def name(self) -> str:
        return self.factor.name

    @property
    def few(self) -> bool:
        """Whether large-sample intervals would be too sure."""
        return not self.held and (self.fewest < FEW or self.degrees < FEW_DEGREES)


def read_groups(
    table: AnswerTable, excerpt: bool | None, slopes: Sequence[str] = ()
) -> list[Factor]:
    """The random factors that a table has.

    Parameters
    ----------
    table : AnswerTable
    excerpt : bool or None
        None takes excerpts where there are any that recur across items.
    slopes : sequence of str
        Columns whose levels are harder for some listeners than for others: one factor each, of
        the listener in the level.

    Returns
    -------
    list of Factor

    Raises
    ------
    MixedError
        If there is neither listener nor item, or a slope without listeners, or too many levels.
    """
    found = [read_factor(table, name) for name in (LISTENER, ITEM) if name in table.columns]
    if not found:
        raise MixedError(
            "neither a column 'listener' nor 'item': a mixed model needs to know which answers"
            " share one; the pooled rates need no such column"
        )
    if excerpt or (excerpt is None and EXCERPT in table.columns):
        factor = read_factor(table, EXCERPT)
        if excerpt or len(factor.levels) < len(found[-1].levels):
            found.append(factor)
    return found + _slopes(table, found, slopes)


def _slopes(table: AnswerTable, found: Sequence[Factor], slopes: Sequence[str]) -> list[Factor]:
    if not slopes:
        return []
    if found[0].name != LISTENER:
        raise MixedError(f"slopes by {', '.join(slopes)}: the table has no column 'listener'")
    dense = sum(len(factor.levels) for factor in found)
    if dense > MOST_DENSE:
        raise MixedError(
            f"slopes by {', '.join(slopes)}: {dense} listeners, items and excerpts; slopes can be"
            f" fitted to {MOST_DENSE} of them at most, so leave the slopes out"
        )
    return [_crossed(found[0], read_factor(table, name)) for name in dict.fromkeys(slopes)]


def _crossed(first: Factor, second: Factor) -> Factor:
    """A factor of the pairs of levels that occur."""
    width = len(second.levels)
    pairs, code = np.unique(first.code * width + second.code, return_inverse=True)
    levels = tuple(f"{first.levels[p // width]} {second.levels[p % width]}" for p in pairs)
    return Factor(f"{first.name}{SLOPE}{second.name}", levels, code)


def make_groups(factors: Sequence[Factor], design: Design, n: FloatArray) -> list[Group]:
    """Look at each random factor beside the fixed effects.

    Parameters
    ----------
    factors : sequence of Factor
    design : Design
    n : float[N]

    Returns
    -------
    list of Group
    """
    groups: list[Group] = []
    for factor in factors:
        constant = [at for at, fixed in enumerate(design.factors) if _constant(factor, fixed)]
        between = frozenset(
            at for at, term in enumerate(design.terms) if set(term.parts) <= set(constant)
        )
        columns = sum(len(design.terms[at].columns) for at in between)
        degrees = len(factor.levels) - max(columns, 1)
        fewest = _fewest(factor, [design.factors[k] for k in constant if k not in design.numeric])
        held = _why_held(factor, n, degrees, groups)
        groups.append(Group(factor, held, between, degrees, fewest))
    return groups


def _constant(factor: Factor, fixed: Factor) -> bool:
    last = np.empty(len(factor.levels), dtype=np.int64)
    last[factor.code] = fixed.code
    return bool((last[factor.code] == fixed.code).all())


def _fewest(factor: Factor, fixed: Sequence[Factor]) -> int:
    cell = np.zeros(len(factor.levels), dtype=np.int64)
    for one in fixed:
        of_level = np.zeros(len(factor.levels), dtype=np.int64)
        of_level[factor.code] = one.code
        cell = cell * len(one.levels) + of_level
    _, counts = np.unique(cell, return_counts=True)
    return int(counts.min())


def _why_held(factor: Factor, n: FloatArray, degrees: int, before: Sequence[Group]) -> str:
    name, levels = factor.name, len(factor.levels)
    if levels == 1:
        return f"one {name} only: what is said holds for this {name}"
    if sums_by(factor.code, n, levels).max() <= 1:
        return f"one answer from each {name}: their spread cannot be told from the toss of a coin"
    if degrees <= 0:
        return (
            f"{levels} {name}s in as many cells: {name}s and cells cannot be told apart, and what"
            f" is said holds for these {name}s"
        )
    for group in before:
        if _constant(factor, group.factor) and _constant(group.factor, factor):
            return f"each {name} has one {group.name}: their spread is counted there"
    return ""
