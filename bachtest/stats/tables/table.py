"""Tables of answers from files: read, checked, and counted by group.

Conventions
-----------
A table is a CSV file with a header. It holds *answers*, one per line (``listener, item, condition,
correct`` and any further columns), or *counts* (``n, correct`` or ``n, rate``, and any columns to
group by). `correct` of an answer is 0 or 1 (``true`` and ``false`` are read too), or ``tie`` where
"no idea" was allowed. An empty cell of an optional column counts as ``unstated``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bachtest.stats.rates.order import UNSTATED
from bachtest.stats.rates.protocols import PAIR, DiscriminationProtocol
from bachtest.stats.rates.summary import AnswerCount
from bachtest.stats.tables.csv_columns import (
    CsvColumn,
    CsvColumns,
    TableError,
    TextFile,
    read_coded_csv,
)
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
_MAX_DENSE_KEY = 10_000_000


@dataclass(frozen=True)
class Table:
    """A table as read: coded columns, and `n`, `correct` and `ties` of each row, int[N].

    `ties` are answers of "no idea"; they count in `n` but not in `correct`.
    """

    path: Path
    data: CsvColumns = field(repr=False)
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

    def column(self, name: str) -> CsvColumn:
        """One column's codes and values, empty cells as ``unstated``.

        Raises
        ------
        TableError
            If there is no such column.
        """
        if name not in self.columns:
            raise TableError(f"{self.path}: no column {name!r}; it has {', '.join(self.columns)}")
        column = self.data[name]
        if "" not in column.values:
            return column
        return CsvColumn(column.codes, tuple(value or UNSTATED for value in column.values))

    def values(self, name: str) -> list[str]:
        """One column, row by row, empty cells as ``unstated``.

        Raises
        ------
        TableError
            If there is no such column.
        """
        column = self.column(name)
        cells = np.array([*column.values, ""], dtype=object)
        values: list[str] = cells[column.codes].tolist()
        return values

    def numbers(self, name: str) -> NDArray[np.float64]:
        """One column as float[N]; NaN where a cell is not a number.

        Raises
        ------
        TableError
            If there is no such column.
        """
        column = self.column(name)
        return np.array([*map(_number, column.values), np.nan])[column.codes]

    def flagged(self, flag: str) -> BoolArray:
        """Which rows carry a flag.

        Raises
        ------
        TableError
            If there is no such flag.
        """
        if flag not in self.flags:
            names = ", ".join(self.flags) or "none"
            raise TableError(f"{self.path}: no flag {flag!r}; its flags: {names}")
        return self.is_true(FLAG + flag)

    def is_true(self, name: str) -> BoolArray:
        """Which rows have 1 or true in a column."""
        column = self.data[name]
        truth = np.array([*(value.lower() in ("1", "true") for value in column.values), False])
        return truth[column.codes]

    def where(self, included: BoolArray) -> Table:
        """The included rows alone."""
        return Table(
            self.path, self.data.where(included), self.n[included], self.correct[included],
            self.ties[included], self.of_answers,
        )  # fmt: skip

    def without(self, flags: Sequence[str]) -> Table:
        """The rows that carry none of the flags."""
        included = np.ones(len(self), dtype=bool)
        for flag in flags:
            included &= ~self.flagged(flag)
        return self if included.all() else self.where(included)

    def without_ties(self) -> Table:
        """The answers that are not ties; a row that has only ties is dropped."""
        decided = self.where(self.n > self.ties)
        return replace(decided, n=decided.n - decided.ties, ties=np.zeros_like(decided.ties))

    def counts(self, by: Sequence[str] = ()) -> list[AnswerCount]:
        """The rows added up by the named columns, in no particular order."""
        columns = [self.column(name) for name in by]
        key = np.zeros(len(self), dtype=np.int64)
        for column in columns:
            key = key * max(1, len(column.values)) + column.codes
            if len(key) and key.max() > _MAX_DENSE_KEY:  # many combinations, few of them in use
                key = np.unique(key, return_inverse=True)[1]
        rows_with = np.bincount(key)
        first_row = np.zeros(len(rows_with), dtype=np.int64)
        first_row[key[::-1]] = np.arange(len(self))[::-1]
        used = np.flatnonzero(rows_with)
        n = np.bincount(key, self.n)[used].astype(np.int64).tolist()
        correct = np.bincount(key, self.correct)[used].astype(np.int64).tolist()
        return [
            AnswerCount(tuple(column.values[column.codes[row]] for column in columns), total, right)
            for row, total, right in zip(first_row[used].tolist(), n, correct, strict=True)
        ]

    def distinct(self, name: str) -> int | None:
        """How many distinct values a column has; None if there is no such column."""
        return len(np.unique(self.data[name].codes)) if name in self.columns else None


# The columns that the default analysis needs; an export has twice as many.
_DEFAULT_COLUMNS = frozenset(
    ("listener", "item", "condition", "composer", "experience", "correct", "n", "rate", "ties",
     "bach", "side", "first", "chosen", "trial", "version")
)  # fmt: skip


def _needed(name: str) -> bool:
    return name in _DEFAULT_COLUMNS or name.startswith(FLAG)


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
    skip_unscored: bool = False,
) -> Table:
    """Read a table of answers or of counts.

    Parameters
    ----------
    path : Path
        A CSV file.
    protocol : DiscriminationProtocol
        Decides what `correct` may be and which columns must be there.
    delimiter, encoding : str
    skip_unscored : bool
        Read answers alone that are right or wrong: an export has others too.

    Returns
    -------
    Table

    Raises
    ------
    TableError
        One line that names the file, the line, the value, and what to use instead.
    """
    coded = read_coded_csv(TextFile(path, delimiter, encoding), needed=_needed)
    of_answers = check_header(coded, protocol)
    if of_answers:
        if skip_unscored:
            correct_cells = coded.columns["correct"]
            scored = np.array([*(value != "" for value in correct_cells.values), False])
            coded = coded.where(scored[correct_cells.codes])
        n = np.ones(coded.rows, dtype=np.int64)
        correct, ties = check_answers(coded, protocol)
    elif set(COUNTS) <= set(coded.names):
        n, correct, ties = check_counts(coded, protocol)
    else:
        assert set(RATES) <= set(coded.names)
        n, correct = check_rates(coded)
        ties = np.zeros_like(n)
    return Table(path, coded.columns, n, correct, ties, of_answers)


__all__ = ["Table", "TableError", "read_table"]
