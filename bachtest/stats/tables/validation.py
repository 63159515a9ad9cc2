"""What a table of answers, counts or rates must satisfy, checked column by column."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from functools import partial

import numpy as np
from numpy.typing import NDArray

from bachtest.stats.rates.protocols import DiscriminationProtocol
from bachtest.stats.tables.cell_words import (
    MISSING,
    truth,
    whole_number,
    whole_number_hint,
    written_rate,
)
from bachtest.stats.tables.column_names import ANSWERS, COUNTS, fold
from bachtest.stats.tables.csv_columns import CodedCsv, CsvColumn
from bachtest.stats.tables.text_file import TableError, shown

_TOTAL = re.compile(
    r".*\b(total|sum|all|overall|mean|average|summe|gesamt\w*|insgesamt|alle|mittelwert"
    r"|durchschnitt)\b.*"
)
# In fewer rows than these, two may be alike by chance: then only the plain word counts.
_FEWEST_SUMMED = 3
_TOTALS = {"total", "grand total", "sum", "summe", "gesamt", "gesamtergebnis", "insgesamt"}
IntArray = NDArray[np.int64]
# For yes/no: 1 where the clip was Bach's.
BACH = "bach"
_BACH_HINT = "use 1 for Bach's clips and 0 for the machine's"


def check_header(table: CodedCsv, protocol: DiscriminationProtocol) -> bool:
    """Whether the table holds answers; False for counts or rates.

    Raises
    ------
    TableError
        If the protocol needs another column.
    """
    names = set(table.names)
    if protocol.needs_bach_column and BACH not in names:
        raise TableError(
            f"{table.header_place}: no column {BACH!r}: --protocol {protocol.name} needs to know"
            " which clips were Bach's (1) and which the machine's (0); if all were the machine's,"
            " use --protocol single-fakes"
        )
    counts = set(COUNTS) <= names or ("rate" in names and "correct" not in names)
    return set(ANSWERS) <= names and not counts


def check_ids(table: CodedCsv) -> None:
    """Every answer has a listener, an item and a condition.

    Raises
    ------
    TableError
    """
    for name in ("listener", "item", "condition"):
        column = table.columns[name]
        if MISSING.isdisjoint(column.values):
            continue
        rows = rows_with(column, lambda value: value in MISSING)
        if rows.any():
            row = int(np.argmax(rows))
            missing = "empty" if not value_of(column, row) else f"{shown(value_of(column, row))}"
            why = "" if missing == "empty" else ", which means that it is missing"
            raise TableError(
                f"{table.place(row)}: {name} is {missing}{why}; write which {name} it is, or delete"
                " the row"
            )


def check_bach(table: CodedCsv) -> None:
    """The column `bach` says of every clip whether it was Bach's.

    Raises
    ------
    TableError
    """
    invalid = rows_with(table.columns[BACH], lambda value: truth(value) is None)
    raise_first(table, BACH, invalid, "bach is {}; " + _BACH_HINT)


def check_counts(
    table: CodedCsv, protocol: DiscriminationProtocol
) -> tuple[IntArray, IntArray, IntArray]:
    """`n`, `correct` and `ties` of a table of counts.

    Raises
    ------
    TableError
        If one is not a whole number, or more are right than there are.
    """
    n, correct = (whole_numbers(table, name) for name in COUNTS)
    ties = _ties(table, protocol)
    too_many = np.flatnonzero(correct + ties > n)
    if len(too_many):
        row = int(too_many[0])
        and_ties = f" and {ties[row]} ties" if ties[row] else ""
        raise TableError(
            f"{table.place(row)}: {correct[row]} correct{and_ties} of n={n[row]}: a rate outside"
            " 0..1"
        )
    if "rate" in table.columns:
        _check_rate_cells(table)
        _check_rates_agree(table, n, correct, ties)
    return n, correct, ties


def _check_rates_agree(table: CodedCsv, n: IntArray, correct: IntArray, ties: IntArray) -> None:
    column = table.columns["rate"]
    for row in np.flatnonzero((n > 0) & (ties == 0)).tolist():
        rate = written_rate(value_of(column, row))
        share = int(correct[row]) / int(n[row])
        # One in the last place: some programs cut off where others round.
        if rate and abs(share - float(rate.value)) > max(float(rate.unit), 1e-9):
            raise TableError(
                f"{table.place(row)}: {correct[row]} correct of n={n[row]} is a rate of"
                f" {share:.4g}, but the column rate says {shown(value_of(column, row))[1:-1]};"
                " correct one of them, or delete the column rate"
            )


def _ties(table: CodedCsv, protocol: DiscriminationProtocol) -> IntArray:
    if "ties" not in table.columns:
        return np.zeros(table.rows, dtype=np.int64)
    ties = whole_numbers(table, "ties")
    if not protocol.allows_ties and ties.any():
        row = int(np.argmax(ties > 0))
        raise TableError(
            f"{table.place(row)}: {ties[row]} ties; --protocol pair-ties reads them, otherwise take"
            " them out of n and delete the column"
        )
    return ties


def check_no_total(table: CodedCsv, n: IntArray, correct: IntArray) -> None:
    """No row is the sum of the others, as spreadsheets and pivot tables write it.

    Raises
    ------
    TableError
    """
    sums = (n * 2 == n.sum()) & (correct * 2 == correct.sum()) & (n > 0)
    names = set(table.names) & set(table.columns.loaded) - {*COUNTS, "rate", "ties"}
    for row in np.flatnonzero(sums).tolist():
        cells = [value_of(table.columns[name], row) for name in sorted(names)]
        few = len(n) < _FEWEST_SUMMED
        named = next((cell for cell in cells if _is_total(cell, plainly=few)), "")
        unnamed = bool(cells) and not any(cells) and not few
        if named or unnamed:
            raise TableError(
                f"{table.place(row)}: {shown(named) if named else 'this row'} is the sum of the"
                " other rows; delete the row, or all is counted twice"
            )
    _check_no_subtotal(table, n, correct, names)


def _check_no_subtotal(
    table: CodedCsv, n: IntArray, correct: IntArray, names: Collection[str]
) -> None:
    """No row is the sum of those since the last such row, as pivot tables write it.

    Raises
    ------
    TableError
    """
    is_total = partial(_is_total, plainly=True)
    totals = np.zeros(table.rows, dtype=np.bool_)
    for name in names:
        totals |= rows_with(table.columns[name], is_total)
    first = 0
    for row in np.flatnonzero(totals).tolist():
        group = slice(first, row)
        if n[row] and n[row] == n[group].sum() and correct[row] == correct[group].sum():
            raise TableError(
                f"{table.place(row)}: this row is the sum of the rows above it; delete all such"
                " rows, or their answers are counted twice"
            )
        first = row + 1


def _is_total(cell: str, *, plainly: bool) -> bool:
    if plainly:
        return fold(cell).rstrip(":") in _TOTALS
    return _TOTAL.fullmatch(fold(cell)) is not None


def check_rates(table: CodedCsv) -> tuple[IntArray, IntArray, list[str]]:
    """`n`, right answers and notes of a table of rates.

    Raises
    ------
    TableError
        If a rate is outside 0..1, or is not that of one whole number of right answers.
    """
    n = whole_numbers(table, "n")
    _check_rate_cells(table)
    column = table.columns["rate"]
    sizes, size_codes = np.unique(n, return_inverse=True)
    key = column.codes.astype(np.int64) * max(1, len(sizes)) + size_codes
    pairs, first, pair = np.unique(key, return_index=True, return_inverse=True)
    right = np.zeros(len(pairs), dtype=np.int64)
    rounded: list[str] = []
    for at in np.argsort(first).tolist():
        row = int(first[at])
        text, size = value_of(column, row), int(n[row])
        right[at] = _right_answers(table, row, text, size)
        if not rounded and (around := _others(text, size, int(right[at]))):
            rounded = [
                f"rate: {text} of n={size:,} is read as {right[at]:,} right answers; if it is"
                f" rounded, it may be {around}: add a column correct to settle it."
            ]
    return n, right[pair], [*_rate_notes(column), *rounded]


def _others(text: str, n: int, right: int) -> str:
    """Other numbers of right answers with this rate, if it was rounded."""
    rate = written_rate(text)
    away = int(n * rate.unit / 2) if rate and rate.unit else 0
    low, high = max(0, right - away), min(n, right + away)
    return f"any from {low:,} to {high:,}" if low < high and away else ""


def _right_answers(table: CodedCsv, row: int, text: str, n: int) -> int:
    rate = written_rate(text)
    assert rate is not None
    whole = rate.whole_answers(n)
    if len(whole) == 1:
        return whole[0]
    below, above = rate.nearest(n)
    either = f"either {below} or {above}" if whole else f"neither {below} nor {above}"
    raise TableError(
        f"{table.place(row)}: rate {text} of n={n} is {either} right answers ({below / n:.4g} or"
        f" {above / n:.4g}); write the number of right answers in a column correct"
    )


def _rate_notes(column: CsvColumn) -> list[str]:
    written = [(text, written_rate(text)) for text in column.used()]
    notes = []
    if percent := [(text, rate) for text, rate in written if rate and rate.percent]:
        text, rate = percent[0]
        notes.append(f"rate: {shown(text)} is read as {rate.value.normalize():f}.")
    elif comma := [(text, rate) for text, rate in written if rate and rate.comma]:
        text, rate = comma[0]
        notes.append(f"rate: {shown(text)} has a decimal comma, and is read as {rate.value:f}.")
    return notes


def _check_rate_cells(table: CodedCsv) -> None:
    invalid = rows_with(table.columns["rate"], lambda value: written_rate(value) is None)
    raise_first(
        table,
        "rate",
        invalid,
        "rate is {}; use a number from 0 to 1, or one with a percent sign",
    )


def whole_numbers(table: CodedCsv, name: str, called: str = "") -> IntArray:
    """A column of counts, under the name that a message calls it by.

    Raises
    ------
    TableError
        If a cell is no whole number.
    """
    column = table.columns[name]
    invalid = rows_with(column, lambda value: whole_number(value) is None)
    if invalid.any():
        value = value_of(column, int(np.argmax(invalid)))
        raise_first(table, name, invalid, (called or name) + " is {}; " + whole_number_hint(value))
    numbers = [whole_number(value) or 0 for value in column.values]
    return np.array([*numbers, 0], dtype=np.int64)[column.codes]


def rows_with(column: CsvColumn, holds: Callable[[str], bool]) -> NDArray[np.bool_]:
    """Which rows have a cell of which something holds."""
    return np.array([*map(holds, column.values), False])[column.codes]


def value_of(column: CsvColumn, row: int) -> str:
    value: str = column.values[column.codes[row]]
    return value


def raise_first(table: CodedCsv, name: str, rows: NDArray[np.bool_], message: str) -> None:
    """Name the first of some rows, and its cell for {} in the message.

    Raises
    ------
    TableError
        If there is such a row.
    """
    if rows.any():
        row = int(np.argmax(rows))
        cell = shown(value_of(table.columns[name], row))
        raise TableError(f"{table.place(row)}: {message.replace('{}', cell, 1)}")
