"""Tables of answers from files: read, checked with file, line and value, counted by group.

Conventions
-----------
A table is a CSV file with a header. It holds *answers*, one a line (``listener, item, condition,
correct`` and any further columns), or *counts* (``n, correct`` or ``n, rate``, and any columns to
group by). `correct` of an answer is 0 or 1 (``true`` and ``false`` are read too), or ``tie`` where
"no idea" was allowed. An empty cell of a column that is not required counts as ``unstated``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bachtest.stats.rates.order import UNSTATED
from bachtest.stats.rates.protocols import PAIR, DiscriminationProtocol
from bachtest.stats.rates.summary import Count
from bachtest.stats.tables.csv_columns import Column, Columns, TableError, TextFile, read_grid
from bachtest.stats.tables.validation import (
    COUNTS,
    RATES,
    check_answers,
    check_counts,
    check_header,
    check_rates,
)

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
FLAG = "flag_"
_DENSE = 10_000_000


@dataclass(frozen=True)
class Table:
    """A table as read: coded columns, and `n`, `correct` and `ties` of each row, int[N].

    `ties` are answers of "no idea", which are in `n` and not in `correct`.
    """

    path: Path
    data: Columns = field(repr=False)
    n: IntArray
    correct: IntArray
    ties: IntArray
    of_answers: bool

    @property
    def columns(self) -> tuple[str, ...]:
        return self.data.names

    @property
    def flags(self) -> tuple[str, ...]:
        return tuple(name[len(FLAG) :] for name in self.columns if name.startswith(FLAG))

    def __len__(self) -> int:
        return len(self.n)

    def column(self, name: str) -> Column:
        """One column's codes and values, empty cells as ``unstated``.

        Raises
        ------
        TableError
            If there is no such column.
        """
        if name not in self.columns:
            raise TableError(f"{self.path}: no column {name!r}; it has {', '.join(self.columns)}")
        found = self.data[name]
        if "" not in found.values:
            return found
        return Column(found.codes, tuple(value or UNSTATED for value in found.values))

    def values(self, name: str) -> list[str]:
        """One column, row by row, empty cells as ``unstated``.

        Raises
        ------
        TableError
            If there is no such column.
        """
        found = self.column(name)
        cells = np.array([*found.values, ""], dtype=object)
        listed: list[str] = cells[found.codes].tolist()
        return listed

    def numbers(self, name: str) -> NDArray[np.float64]:
        """One column as float[N]; what is no number is NaN.

        Raises
        ------
        TableError
            If there is no such column.
        """
        found = self.column(name)
        return np.array([*map(_number, found.values), np.nan])[found.codes]

    def flagged(self, flag: str) -> BoolArray:
        """Which rows carry a flag.

        Raises
        ------
        TableError
            If there is no such flag.
        """
        if flag not in self.flags:
            has = ", ".join(self.flags) or "none"
            raise TableError(f"{self.path}: no flag {flag!r}; its flags: {has}")
        found = self.data[FLAG + flag]
        marks = np.array([*(value.lower() in ("1", "true") for value in found.values), False])
        return marks[found.codes]

    def where(self, keep: BoolArray) -> Table:
        """The rows that are kept."""
        return Table(
            self.path, self.data.where(keep), self.n[keep], self.correct[keep], self.ties[keep],
            self.of_answers,
        )  # fmt: skip

    def without(self, flags: Sequence[str]) -> Table:
        """The table less the rows that carry one of the flags."""
        keep = np.ones(len(self), dtype=bool)
        for flag in flags:
            keep &= ~self.flagged(flag)
        return self if keep.all() else self.where(keep)

    def without_ties(self) -> Table:
        """The answers that are no ties; rows of nothing but ties go."""
        decided = self.where(self.n > self.ties)
        return replace(decided, n=decided.n - decided.ties, ties=np.zeros_like(decided.ties))

    def counts(self, by: Sequence[str] = ()) -> list[Count]:
        """The rows added up by the columns named, in no particular order."""
        columns = [self.column(name) for name in by]
        key = np.zeros(len(self), dtype=np.int64)
        for column in columns:
            key = key * max(1, len(column.values)) + column.codes
            if len(key) and key.max() > _DENSE:  # many combinations, few of them in use
                key = np.unique(key, return_inverse=True)[1]
        rows = np.bincount(key)
        first = np.zeros(len(rows), dtype=np.int64)
        first[key[::-1]] = np.arange(len(self))[::-1]
        used = np.flatnonzero(rows)
        n = np.bincount(key, self.n)[used].astype(np.int64).tolist()
        correct = np.bincount(key, self.correct)[used].astype(np.int64).tolist()
        return [
            Count(tuple(column.values[column.codes[row]] for column in columns), total, right)
            for row, total, right in zip(first[used].tolist(), n, correct, strict=True)
        ]

    def distinct(self, name: str) -> int | None:
        """How many different values a column has; None where it is missing."""
        return len(np.unique(self.data[name].codes)) if name in self.columns else None


# What the questions asked by default need; an export has twice as many columns.
_ASKED = frozenset(
    ("listener", "item", "condition", "composer", "experience", "correct", "n", "rate", "ties",
     "bach", "side", "first", "chosen", "trial")
)  # fmt: skip


def _needed(name: str) -> bool:
    return name in _ASKED or name.startswith(FLAG)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def read_table(
    path: Path,
    *,
    protocol: DiscriminationProtocol = PAIR,
    delimiter: str = ",",
    encoding: str = "utf-8",
) -> Table:
    """Read a table of answers or of counts.

    Parameters
    ----------
    path : Path
        A CSV file.
    protocol : DiscriminationProtocol
        Decides what `correct` may be and which columns must be there.
    delimiter, encoding : str

    Returns
    -------
    Table

    Raises
    ------
    TableError
        With one line that names the file, the line and the value, and what would be right.
    """
    grid = read_grid(TextFile(path, delimiter, encoding), needed=_needed)
    of_answers = check_header(grid, protocol)
    if of_answers:
        n = np.ones(grid.rows, dtype=np.int64)
        correct, ties = check_answers(grid, protocol)
    elif set(COUNTS) <= set(grid.names):
        n, correct, ties = check_counts(grid, protocol)
    else:
        assert set(RATES) <= set(grid.names)
        n, correct = check_rates(grid)
        ties = np.zeros_like(n)
    return Table(path, grid.columns, n, correct, ties, of_answers)


__all__ = ["Table", "TableError", "read_table"]
