"""From a table's columns to the rows of X: factors, numbers, interactions.

Conventions
-----------
Factors are treatment-coded, their first level in canonical order is the reference. Rows of X that
are alike are kept once ("patterns"). A column that others add up to is dropped, as R does, and
named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from bachtest.stats.mixed.blocks import FloatArray, IntArray, sums_by
from bachtest.stats.mixed.glmm import MixedError
from bachtest.stats.mixed.laplace import Fixed
from bachtest.stats.rates.order import sort_key

INTERCEPT = "(intercept)"


class AnswerTable(Protocol):
    """What a table must offer: named columns of text, and counts beside them."""

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
            If one is no number.
        """
        values = []
        for level in self.levels:
            try:
                values.append(float(level))
            except ValueError:
                raise MixedError(
                    f"{self.name} is {level!r} in some row; a number is needed"
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
    found: dict[str, int] = {}
    code = np.fromiter(
        (found.setdefault(str(value), len(found)) for value in table.values(name)), dtype=np.int64
    )
    levels = sorted(found, key=lambda level: sort_key([name], [level]))
    rank = np.empty(len(found), dtype=np.int64)
    rank[[found[level] for level in levels]] = np.arange(len(levels))
    return Factor(name, tuple(levels), rank[code])


@dataclass(frozen=True)
class Term:
    """One effect: an intercept, a factor, a number or an interaction, and its columns of X."""

    name: str
    parts: tuple[int, ...]
    columns: tuple[int, ...]


@dataclass(frozen=True)
class Design:
    """X, and how to make more of its rows.

    `combos` is int[patterns, F]: each pattern's levels; `sizes` float[patterns] its answers.
    """

    factors: tuple[Factor, ...]
    numeric: frozenset[int]
    terms: tuple[Term, ...]
    names: tuple[str, ...]
    kept: tuple[int, ...]
    dropped: tuple[str, ...]
    combos: IntArray
    sizes: FloatArray
    fixed: Fixed

    def rows(self, combos: IntArray) -> FloatArray:
        """float[len(combos), p]: rows of X for any levels."""
        whole, _ = _columns(self.factors, self.numeric, self.terms, combos)
        return whole[:, list(self.kept)]


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
        Names of those that enter as numbers.
    interactions : sequence of (str, str)
        Pairs of names.
    n : float[N]
        Answers a row.

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
    kept = _independent(x, sizes)
    owner = [at for at, term_labels in enumerate(labels) for _ in term_labels]
    flat = [label for term_labels in labels for label in term_labels]
    terms = [
        Term(term.name, term.parts, tuple(i for i, k in enumerate(kept) if owner[k] == at))
        for at, term in enumerate(terms)
    ]
    return Design(
        tuple(factors), numbers, tuple(terms), tuple(flat[k] for k in kept), tuple(kept),
        tuple(flat[k] for k in range(len(flat)) if k not in kept),
        combos, sizes, Fixed(np.ascontiguousarray(x[:, kept]), index),
    )  # fmt: skip


def _patterns(factors: Sequence[Factor], rows: int) -> tuple[IntArray, IntArray]:
    code = np.zeros(rows, dtype=np.int64)
    for factor in factors:
        # Made dense again each time, so that the product of many levels cannot overflow.
        _, code = np.unique(code * len(factor.levels) + factor.code, return_inverse=True)
    _, first, index = np.unique(code, return_index=True, return_inverse=True)
    empty = np.zeros((len(first), 0), dtype=np.int64)
    combos = np.stack([factor.code[first] for factor in factors], axis=1) if factors else empty
    return combos, index


def _columns(
    factors: Sequence[Factor], numeric: frozenset[int], terms: Sequence[Term], combos: IntArray
) -> tuple[FloatArray, list[list[str]]]:
    # All columns of X with their labels, term by term.
    def one(at: int) -> tuple[FloatArray, list[str]]:
        factor = factors[at]
        if at in numeric:
            return factor.numbers()[combos[:, at]][:, None], [factor.name]
        shown = np.eye(len(factor.levels))[combos[:, at]][:, 1:]
        return shown, [f"{factor.name} {level}" for level in factor.levels[1:]]

    parts, labels = [np.ones((len(combos), 1))], [[INTERCEPT]]
    for term in terms[1:]:
        block, names = one(term.parts[0])
        for at in term.parts[1:]:
            other, more = one(at)
            block = (block[:, :, None] * other[:, None, :]).reshape(len(combos), -1)
            names = [f"{a} x {b}" for a in names for b in more]
        parts.append(block)
        labels.append(names)
    return np.concatenate(parts, axis=1), labels


def _independent(x: FloatArray, sizes: FloatArray) -> list[int]:
    # Columns that are not sums of those before them, first come first kept.
    weighted = x * np.sqrt(sizes)[:, None]
    norms = np.sqrt((weighted**2).sum(axis=0))
    kept: list[int] = []
    basis = np.zeros((len(x), 0))
    for at in range(x.shape[1]):
        rest = weighted[:, at] - basis @ (basis.T @ weighted[:, at])
        rest -= basis @ (basis.T @ rest)
        left = float(np.sqrt(rest @ rest))
        if left > 1e-8 * max(float(norms[at]), 1e-300) and norms[at] > 0:
            kept.append(at)
            basis = np.column_stack([basis, rest / left])
    return kept
