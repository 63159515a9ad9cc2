"""Tables of answers from files: read, checked, and counted by group.

Conventions
-----------
A table is a CSV file with a header. It holds *answers*, one per line (``listener, item, condition,
correct`` and any further columns), or *counts* (``n, correct`` or ``n, rate``, and any columns to
group by). `correct` of an answer is 0 or 1, a word for it such as ``true``, or ``tie`` where
"no idea" was allowed. An empty cell of an optional column counts as ``unstated``. What was decided
in reading, because people write tables in many ways, is in the table's ``notes``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bachtest.stats.rates.order import UNSTATED
from bachtest.stats.rates.protocols import PAIR, DiscriminationProtocol
from bachtest.stats.rates.summary import AnswerCount
from bachtest.stats.tables.answers import read_answers, rows_of_data
from bachtest.stats.tables.cell_words import number, truth
from bachtest.stats.tables.choices.side_choices import check_choice_counts, find_choices_header
from bachtest.stats.tables.column_names import COUNTS, FLAG, KNOWN, RATES, fold
from bachtest.stats.tables.csv_columns import (
    CodedCsv,
    CsvColumn,
    CsvColumns,
    check_names,
    read_coded_csv,
)
from bachtest.stats.tables.header import Header, find_header
from bachtest.stats.tables.spellings import (
    GROUPS,
    merged_column,
    one_spelling,
    same_group,
    stated_groups,
)
from bachtest.stats.tables.text_file import TableError, text_file
from bachtest.stats.tables.validation import (
    check_bach,
    check_counts,
    check_header,
    check_no_total,
    check_rates,
)

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
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
    notes: tuple[str, ...] = ()
    # Names of columns in the file that the table has under another name.
    renamed: Mapping[str, str] = field(default_factory=dict, repr=False)
    # Without a truth, `correct` says how many answers chose this side.
    chosen_side: str = ""

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
        return self._as_numbers(name, number)

    def truth(self, name: str) -> NDArray[np.float64]:
        """One column as 1 and 0, float[N]; NaN where a cell is neither, nor a word for it.

        Raises
        ------
        TableError
            If there is no such column.
        """
        return self._as_numbers(name, truth)

    def _as_numbers(self, name: str, read: Callable[[str], float | None]) -> NDArray[np.float64]:
        column = self.column(name)
        numbers = [np.nan if value is None else value for value in map(read, column.values)]
        return np.array([*numbers, np.nan])[column.codes]

    def grouped_by(self, names: Sequence[str]) -> Table:
        """The table with one spelling for each group of these columns; what was decided is noted.

        Raises
        ------
        TableError
            If there is no such column.
        """
        table = self
        for name in names:
            if name in GROUPS:
                continue  # done when the table was read
            column, note = merged_column(name, table.column(name), same_group)
            if note:
                data = table.data.replacing(name, column)
                table = replace(table, data=data, notes=(*table.notes, note))
        return table

    def name_of(self, name: str) -> str:
        """The column that somebody means: by its name here or in the file, whatever its case."""
        if name in self.columns:
            return name
        meant = {self.renamed[cell] for cell in self.renamed if fold(cell) == fold(name)}
        meant |= {column for column in self.columns if fold(column) == fold(name)}
        return meant.pop() if len(meant) == 1 else name

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
        """Which rows have 1 or a word for it in a column."""
        true: BoolArray = self.truth(name) == 1
        return true

    def where(self, included: BoolArray) -> Table:
        """The included rows alone."""
        return replace(
            self, data=self.data.where(included), n=self.n[included],
            correct=self.correct[included], ties=self.ties[included],
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


@dataclass(frozen=True)
class TableOptions:
    """How a table is written, where it does not say so itself.

    Parameters
    ----------
    delimiter, encoding : str
    columns : mapping
        Names of columns as they are here to names in the file.
    correct_is : sequence of str
        Cells of `correct` that mean right, instead of 1, true, yes and the like.
    skip_missing : bool
        Leave out answers that are neither right nor wrong.
    data : bytes or None
        What was read from standard input instead of a file.
    """

    delimiter: str = ","
    encoding: str = "utf-8"
    columns: Mapping[str, str] = field(default_factory=dict)
    correct_is: Sequence[str] = ()
    skip_missing: bool = False
    data: bytes | None = field(default=None, repr=False)


def read_table(
    path: Path,
    *,
    protocol: DiscriminationProtocol = PAIR,
    options: TableOptions | None = None,
    exported: bool = False,
    repeats: bool = True,
) -> Table:
    """Read a table of answers or of counts.

    Parameters
    ----------
    path : Path
        A CSV file, or the name of what `options` hold.
    protocol : DiscriminationProtocol
        Decides what `correct` may be and which columns must be there.
    options : TableOptions or None
    exported : bool
        An export is spelled as it is meant, and has answers that are neither right nor wrong.
    repeats : bool
        Whether it is known how listeners were asked, so that repeated trials are meant.

    Returns
    -------
    Table

    Raises
    ------
    TableError
        One line that names the file, the line, the value, and what to use instead.
    """
    options = options or TableOptions()
    file = text_file(path, options.delimiter, options.encoding, options.data)
    find = find_header if protocol.has_truth else find_choices_header
    header = find(file, options.columns)
    names = header.columns.names
    check_names(header.file, names)
    coded = read_coded_csv(header.file, needed=_needed, names=names)
    if check_header(coded, protocol):
        answers = read_answers(
            coded,
            protocol,
            header=header.columns.cell_of,
            correct_is=options.correct_is,
            skip_missing=options.skip_missing or exported,
            exported=exported,
            repeats=repeats,
        )
        n = np.ones(answers.table.rows, dtype=np.int64)
        table = Table(
            path, answers.table.columns, n, answers.correct, answers.ties, True,
            chosen_side=answers.chosen_side,
        )  # fmt: skip
        return _noted(table, header, answers.notes)
    return _counts(path, coded, protocol, header)


def _counts(path: Path, coded: CodedCsv, protocol: DiscriminationProtocol, header: Header) -> Table:
    kind = COUNTS if set(COUNTS) <= set(coded.names) else RATES
    coded, notes = rows_of_data(coded, kind, header.columns.cell_of)
    chosen_side = ""
    if not protocol.has_truth:
        n, correct, chosen_side = check_choice_counts(coded, header.columns.cell_of)
        ties = np.zeros_like(n)
    elif kind is COUNTS:
        n, correct, ties = check_counts(coded, protocol)
    else:
        n, correct, rate_notes = check_rates(coded)
        ties, notes = np.zeros_like(n), [*notes, *rate_notes]
    check_no_total(coded, n, correct)
    if protocol.needs_bach_column:
        check_bach(coded)
    coded, spelling = one_spelling(coded)
    coded, unstated = stated_groups(coded, GROUPS)
    table = Table(path, coded.columns, n, correct, ties, False, chosen_side=chosen_side)
    return _noted(table, header, [*notes, *spelling, *unstated, *_empty_groups(coded)])


def _empty_groups(table: CodedCsv) -> list[str]:
    """Where spreadsheets merge cells, all but the first are empty in the file."""
    return [
        f"{name}: an empty cell counts as {UNSTATED}; where cells were merged, fill them in."
        for name in GROUPS
        if name in table.columns and "" in (used := table.columns[name].used()) and len(used) > 1
    ]


def _noted(table: Table, header: Header, notes: Sequence[str]) -> Table:
    columns = header.columns
    renamed = dict(zip(columns.cells, columns.names, strict=True))
    return replace(table, notes=(*header.notes, *notes), renamed=renamed)


def _needed(name: str) -> bool:
    return name in KNOWN or name.startswith(FLAG)


__all__ = ["Table", "TableError", "TableOptions", "read_table"]
