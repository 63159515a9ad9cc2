"""What a table of answers, counts or rates must satisfy, checked column by column."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from bachtest.stats.rates.protocols import DiscriminationProtocol
from bachtest.stats.tables.csv_columns import CodedCsv, CsvColumn, TableError, separator_hint

IntArray = NDArray[np.int64]
REQUIRED = ("listener", "item", "condition", "correct")
COUNTS = ("n", "correct")
RATES = ("n", "rate")
TIE = "tie"
# For yes/no: 1 where the clip was Bach's.
BACH = "bach"
_TRUTH = {"0": 0, "1": 1, "false": 0, "true": 1}
_TIE_CODE = 2
_BACH_HINT = "use 1 for Bach's clips and 0 for the machine's"


def check_header(table: CodedCsv, protocol: DiscriminationProtocol) -> bool:
    """Whether the table holds answers; False for counts or rates.

    Raises
    ------
    TableError
        If it can be neither.
    """
    path, names = table.file.path, list(table.names)
    if protocol.needs_bach_column and BACH not in names:
        raise TableError(
            f"{path}, line 1: no column {BACH!r}: --protocol {protocol.name} needs to know which"
            " clips were Bach's (1) and which the machine's (0); if all were the machine's, use"
            " --protocol single-fakes"
        )
    if set(COUNTS) <= set(names) or (set(RATES) <= set(names) and "correct" not in names):
        return False
    required = [name for name in REQUIRED if name != "condition" or protocol.needs_condition]
    if missing := [name for name in required if name not in names]:
        if hint := separator_hint(names):
            raise TableError(f"{path}, line 1: {hint}: {','.join(names)[:60]!r}")
        raise TableError(
            f"{path}, line 1: no column {', '.join(map(repr, missing))}; a table of answers needs"
            f" {', '.join(required)}, a table of counts {' and '.join(COUNTS)}; this one has"
            f" {', '.join(names)}"
        )
    return True


def check_answers(table: CodedCsv, protocol: DiscriminationProtocol) -> tuple[IntArray, IntArray]:
    """`correct` and `ties` of a table of answers.

    Raises
    ------
    TableError
        If a required cell is empty, `correct` is not an answer, a listener answered an item twice,
        or side and choice contradict `correct`.
    """
    for name in REQUIRED:
        if name in table.columns:
            _raise_first(table, name, lambda value: not value, f"{name} is empty")
    allowed, hint = _TRUTH, "use 0 or 1"
    if protocol.allows_ties:
        allowed, hint = _TRUTH | {TIE: _TIE_CODE}, f"use 0, 1 or {TIE}"
    answers = _mapped(table, "correct", allowed, hint)
    if protocol.needs_bach_column:
        _mapped(table, BACH, _TRUTH, _BACH_HINT)
    _check_answered_once(table)
    correct, ties = (answers == 1).astype(np.int64), (answers == _TIE_CODE).astype(np.int64)
    if {"side", "chosen"} <= set(table.names):
        _check_sides(table, correct, ties)
    return correct, ties


def check_counts(
    table: CodedCsv, protocol: DiscriminationProtocol
) -> tuple[IntArray, IntArray, IntArray]:
    """`n`, `correct` and `ties` of a table of counts.

    Raises
    ------
    TableError
        If one is not a whole number, or more are right than there are.
    """
    n, correct = (_whole_numbers(table, name) for name in COUNTS)
    with_ties = protocol.allows_ties and "ties" in table.columns
    ties = _whole_numbers(table, "ties") if with_ties else np.zeros_like(n)
    too_many = np.flatnonzero(correct + ties > n)
    if len(too_many):
        row = int(too_many[0])
        and_ties = f" and {ties[row]} ties" if ties[row] else ""
        raise TableError(
            f"{table.place(row)}: {correct[row]} correct{and_ties} of n={n[row]}: a rate outside"
            " 0..1"
        )
    if "rate" in table.columns:
        _rates(table)
    if protocol.needs_bach_column:
        _mapped(table, BACH, _TRUTH, _BACH_HINT)
    return n, correct, ties


def check_rates(table: CodedCsv) -> tuple[IntArray, IntArray]:
    """`n` and the nearest whole number of right answers of a table of rates.

    Raises
    ------
    TableError
        If a rate is outside 0..1.
    """
    n = _whole_numbers(table, "n")
    return n, np.rint(n * _rates(table)).astype(np.int64)


def _rates(table: CodedCsv) -> NDArray[np.float64]:
    def invalid(text: str) -> bool:
        try:
            return not 0 <= float(text) <= 1
        except ValueError:
            return True

    _raise_first(table, "rate", invalid, "rate is {!r}; use a number from 0 to 1")
    column = table.columns["rate"]
    return np.array([*map(float, column.values), 0.0])[column.codes]


def _whole_numbers(table: CodedCsv, name: str) -> IntArray:
    def invalid(text: str) -> bool:
        return not (text.isascii() and text.isdigit()) or len(text) > 15

    _raise_first(table, name, invalid, name + " is {!r}; use a whole number")
    column = table.columns[name]
    return np.array([*map(int, column.values), 0], dtype=np.int64)[column.codes]


def _mapped(table: CodedCsv, name: str, allowed: dict[str, int], hint: str) -> IntArray:
    _raise_first(
        table, name, lambda value: value.lower() not in allowed, name + " is {!r}; " + hint
    )
    column = table.columns[name]
    # Some values may be in no row any more, because they stood in blank lines: any code will do.
    codes = [allowed.get(value.lower(), 0) for value in column.values]
    return np.array([*codes, 0], dtype=np.int64)[column.codes]


def _raise_first(table: CodedCsv, name: str, invalid: Callable[[str], bool], message: str) -> None:
    column = table.columns[name]
    rows = np.array([*map(invalid, column.values), False])[column.codes]
    if rows.any():
        row = int(np.argmax(rows))
        if name == "correct" and not _value(column, row):
            message = "correct is empty"
        raise TableError(f"{table.place(row)}: {message.format(_value(column, row))}")


def _value(column: CsvColumn, row: int) -> str:
    value: str = column.values[column.codes[row]]
    return value


def _check_answered_once(table: CodedCsv) -> None:
    listener, item = table.columns["listener"], table.columns["item"]
    key = listener.codes.astype(np.int64) * max(1, len(item.values)) + item.codes
    order = np.argsort(key, kind="stable")
    repeated = np.flatnonzero(key[order][1:] == key[order][:-1])
    if len(repeated):
        at = repeated[np.argmin(order[repeated + 1])]
        first, row = int(order[at]), int(order[at + 1])
        raise TableError(
            f"{table.place(row)}: listener {_value(listener, row)!r} answered item"
            f" {_value(item, row)!r} already on line {table.line(first)}"
        )


def _check_sides(table: CodedCsv, correct: IntArray, ties: IntArray) -> None:
    side, chosen = table.columns["side"], table.columns["chosen"]
    values = sorted({*side.values, *chosen.values})
    code_of = {value: code for code, value in enumerate(values)}
    side_codes, chosen_codes = (
        np.array([*(code_of[value] for value in column.values), 0])[column.codes]
        for column in (side, chosen)
    )
    stated = np.ones(len(side_codes), dtype=bool)
    if "" in code_of:
        stated = (side_codes != code_of[""]) & (chosen_codes != code_of[""])
    contradictory = stated & (ties == 0) & ((side_codes == chosen_codes) != (correct == 1))
    if contradictory.any():
        row = int(np.argmax(contradictory))
        raise TableError(
            f"{table.place(row)}: correct is {_value(table.columns['correct'], row)}, but Bach was"
            f" {_value(side, row)} and {_value(chosen, row)} was chosen"
        )
