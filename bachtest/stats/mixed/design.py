"""From a table's columns to the rows of X: factors, numbers, interactions.

Conventions
-----------
Factors are treatment-coded; the first level in canonical order is the reference. Rows of X that are
alike are stored once ("patterns"). A column that is a sum of others is excluded, as in R, and is
named in the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from bachtest.stats.mixed.likelihood.blocks import FloatArray, IntArray, sums_by
from bachtest.stats.mixed.likelihood.glmm import MixedError
from bachtest.stats.mixed.likelihood.laplace import DesignMatrix
from bachtest.stats.rates.order import sort_key

INTERCEPT = "(intercept)"


class AnswerTable(Protocol):
    """What the model reads from a table: named columns of text, and the counts of each row."""

    @property
    def columns(self) -> Sequence[str]: ...
    @property
    def n(self) -> ArrayLike: ...
    @property
    def correct(self) -> ArrayLike: ...
    def values(self, column: str) -> Sequence[str]: ...


@dataclass(frozen=True)
class Factor:
    """A column as levels: `code` is int[N], an index into `levels`."""

    name: str
    levels: tuple[str, ...]
    code: IntArray

    def numbers(self) -> FloatArray:
        """float[levels]: the levels as numbers.

        Raises
        ------
        MixedError
            If a level is not a number.
        """
        values = []
        for level in self.levels:
            try:
                values.append(float(level))
            except ValueError:
                raise MixedError(
                    f"{self.name} is {level!r} in some row; it must be a number"
                ) from None
        return np.array(values)


def read_factor(table: AnswerTable, name: str) -> Factor:
    """A column as a factor, its levels in canonical order.

    Raises
    ------
    MixedError
        If there is no such column.
    """
    if name not in table.columns:
        raise MixedError(f"no column {name!r}; the table has {', '.join(table.columns)}")
    cells = list(map(str, table.values(name)))
    # In their order of appearance, which is often nearly sorted.
    levels = sorted(dict.fromkeys(cells), key=lambda level: sort_key([name], [level]))
    rank = {level: at for at, level in enumerate(levels)}
    code = np.fromiter(map(rank.__getitem__, cells), dtype=np.int64, count=len(cells))
    return Factor(name, tuple(levels), code)


@dataclass(frozen=True)
class Term:
    """An intercept, a factor, a number or an interaction: its factors and its columns of X."""

    name: str
    parts: tuple[int, ...]
    columns: tuple[int, ...]


@dataclass(frozen=True)
class Design:
    """X, and how to make more rows of it.

    `combos` is int[patterns, F]: each pattern's levels; `sizes` is float[patterns]: its answers.
    `included` are the positions of the columns of X among all, `excluded` the names of the others.
    """

    factors: tuple[Factor, ...]
    numeric: frozenset[int]
    terms: tuple[Term, ...]
    names: tuple[str, ...]
    included: tuple[int, ...]
    excluded: tuple[str, ...]
    combos: IntArray
    sizes: FloatArray
    x: DesignMatrix

    def rows(self, combos: IntArray) -> FloatArray:
        """float[len(combos), p]: rows of X for any levels."""
        columns, _ = _columns(self.factors, self.numeric, self.terms, combos)
        return columns[:, list(self.included)]

    def crossed(self, pair: tuple[int, int]) -> FloatArray:
        """float[patterns, p + q]: X and the columns that one more interaction adds."""
        terms = [*self.terms, Term("", pair, ())]
        columns, _ = _columns(self.factors, self.numeric, terms, self.combos)
        return np.ascontiguousarray(columns[:, _independent(columns, self.sizes)])


def make_design(
    factors: Sequence[Factor],
    numeric: Sequence[str],
    interactions: Sequence[tuple[str, str]],
    n: FloatArray,
) -> Design:
    """Code the fixed effects.

    Parameters
    ----------
    factors : sequence of Factor
        One main effect each.
    numeric : sequence of str
        Names of the factors that enter as numbers.
    interactions : sequence of (str, str)
        Pairs of names.
    n : float[N]
        Answers of each row.

    Returns
    -------
    Design
    """
    names = [factor.name for factor in factors]
    numbers = frozenset(names.index(name) for name in numeric)
    combos, index = _patterns(factors, len(n))
    terms = [Term(INTERCEPT, (), ())]
    terms += [Term(factor.name, (at,), ()) for at, factor in enumerate(factors)]
    terms += [Term(f"{a} x {b}", (names.index(a), names.index(b)), ()) for a, b in interactions]
    sizes = sums_by(index, n, len(combos))
    x, labels = _columns(factors, numbers, terms, combos)
    included = _independent(x, sizes)
    term_of = [at for at, term_labels in enumerate(labels) for _ in term_labels]
    flat = [label for term_labels in labels for label in term_labels]
    terms = [
        Term(term.name, term.parts, tuple(i for i, k in enumerate(included) if term_of[k] == at))
        for at, term in enumerate(terms)
    ]
    return Design(
        tuple(factors), numbers, tuple(terms), tuple(flat[k] for k in included), tuple(included),
        tuple(flat[k] for k in range(len(flat)) if k not in included),
        combos, sizes, DesignMatrix(np.ascontiguousarray(x[:, included]), index),
    )  # fmt: skip


def _patterns(factors: Sequence[Factor], rows: int) -> tuple[IntArray, IntArray]:
    code = np.zeros(rows, dtype=np.int64)
    for factor in factors:
        # Renumbered each time, so that the product of many levels cannot overflow.
        _, code = np.unique(code * len(factor.levels) + factor.code, return_inverse=True)
    _, first, index = np.unique(code, return_index=True, return_inverse=True)
    empty = np.zeros((len(first), 0), dtype=np.int64)
    combos = np.stack([factor.code[first] for factor in factors], axis=1) if factors else empty
    return combos, index


def _columns(
    factors: Sequence[Factor], numeric: frozenset[int], terms: Sequence[Term], combos: IntArray
) -> tuple[FloatArray, list[list[str]]]:
    # All columns of X with their labels, term by term.
    def main_effect(at: int) -> tuple[FloatArray, list[str]]:
        factor = factors[at]
        if at in numeric:
            return factor.numbers()[combos[:, at]][:, None], [factor.name]
        indicators = np.eye(len(factor.levels))[combos[:, at]][:, 1:]
        return indicators, [f"{factor.name} {level}" for level in factor.levels[1:]]

    blocks, labels = [np.ones((len(combos), 1))], [[INTERCEPT]]
    for term in terms[1:]:
        block, names = main_effect(term.parts[0])
        for at in term.parts[1:]:
            other, other_names = main_effect(at)
            block = (block[:, :, None] * other[:, None, :]).reshape(len(combos), -1)
            names = [f"{a} x {b}" for a in names for b in other_names]
        blocks.append(block)
        labels.append(names)
    return np.concatenate(blocks, axis=1), labels


def _independent(x: FloatArray, sizes: FloatArray) -> list[int]:
    # Columns that are not sums of those before them.
    weighted = x * np.sqrt(sizes)[:, None]
    norms = np.sqrt((weighted**2).sum(axis=0))
    independent: list[int] = []
    basis = np.zeros((len(x), 0))
    for at in range(x.shape[1]):
        rest = weighted[:, at] - basis @ (basis.T @ weighted[:, at])
        rest -= basis @ (basis.T @ rest)
        length = float(np.sqrt(rest @ rest))
        if length > 1e-8 * max(float(norms[at]), 1e-300) and norms[at] > 0:
            independent.append(at)
            basis = np.column_stack([basis, rest / length])
    return independent
