"""What a table of answers, counts or rates must satisfy, checked column by column."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from bachtest.stats.rates.protocols import DiscriminationProtocol
from bachtest.stats.tables.csv_columns import Column, Grid, TableError, separated_otherwise

IntArray = NDArray[np.int64]
REQUIRED = ("listener", "item", "condition", "correct")
COUNTS = ("n", "correct")
RATES = ("n", "rate")
TIE = "tie"
# For yes/no: 1 where the clip that was judged is Bach's.
BACH = "bach"
_TRUTH = {"0": 0, "1": 1, "false": 0, "true": 1}
_IN_TIES = 2


def check_header(grid: Grid, protocol: DiscriminationProtocol) -> bool:
    """Whether the table holds answers; False for counts or rates.

    Raises
    ------
    TableError
        If it can be neither.
    """
    path, names = grid.source.path, list(grid.names)
    if protocol.needs_bach_column and BACH not in names:
        raise TableError(
            f"{path}, line 1: no column {BACH!r}: --protocol {protocol.name} needs to know which"
            " clips were Bach's (1) and which the machine's (0); where all were the machine's use"
            " --protocol single-fakes"
        )
    if set(COUNTS) <= set(names) or (set(RATES) <= set(names) and "correct" not in names):
        return False
    required = [name for name in REQUIRED if name != "condition" or protocol.needs_condition]
    if missing := [name for name in required if name not in names]:
        if other := separated_otherwise(names):
            raise TableError(f"{path}, line 1: {other}: {','.join(names)[:60]!r}")
        raise TableError(
            f"{path}, line 1: no column {', '.join(map(repr, missing))}; a table of answers needs"
            f" {', '.join(required)}, a table of counts {' and '.join(COUNTS)}; this one has"
            f" {', '.join(names)}"
        )
    return True


def check_answers(grid: Grid, protocol: DiscriminationProtocol) -> tuple[IntArray, IntArray]:
    """`correct` and `ties` of a table of answers.

    Raises
    ------
    TableError
        If a required cell is empty, `correct` is no answer, somebody answered an item twice, or a
        side and a choice contradict `correct`.
    """
    for name in REQUIRED:
        if name in grid.columns:
            _raise_first(grid, name, lambda value: not value, f"{name} is empty")
    allowed, words = _TRUTH, "use 0 or 1"
    if protocol.allows_ties:
        allowed, words = _TRUTH | {TIE: _IN_TIES}, f"use 0, 1 or {TIE}"
    right = _mapped(grid, "correct", allowed, words)
    if protocol.needs_bach_column:
        _mapped(grid, BACH, _TRUTH, "use 1 for Bach's clips and 0 for the machine's")
    _check_twice(grid)
    correct, ties = (right == 1).astype(np.int64), (right == _IN_TIES).astype(np.int64)
    if {"side", "chosen"} <= set(grid.names):
        _check_sides(grid, correct, ties)
    return correct, ties


def check_counts(
    grid: Grid, protocol: DiscriminationProtocol
) -> tuple[IntArray, IntArray, IntArray]:
    """`n`, `correct` and `ties` of a table of counts.

    Raises
    ------
    TableError
        If one is no whole number, or more are right than there are.
    """
    n, correct = (_whole(grid, name) for name in COUNTS)
    with_ties = protocol.allows_ties and "ties" in grid.columns
    ties = _whole(grid, "ties") if with_ties else np.zeros_like(n)
    many = np.flatnonzero(correct + ties > n)
    if len(many):
        row = int(many[0])
        also = f" and {ties[row]} ties" if ties[row] else ""
        raise TableError(
            f"{grid.where(row)}: {correct[row]} correct{also} of n={n[row]}: a rate outside 0..1"
        )
    if "rate" in grid.columns:
        _rates(grid)
    if protocol.needs_bach_column:
        _mapped(grid, BACH, _TRUTH, "use 1 for Bach's clips and 0 for the machine's")
    return n, correct, ties


def check_rates(grid: Grid) -> tuple[IntArray, IntArray]:
    """`n` and the nearest whole number of right answers of a table of rates.

    Raises
    ------
    TableError
        If a rate is outside 0..1.
    """
    n = _whole(grid, "n")
    return n, np.rint(n * _rates(grid)).astype(np.int64)


def _rates(grid: Grid) -> NDArray[np.float64]:
    def outside(text: str) -> bool:
        try:
            return not 0 <= float(text) <= 1
        except ValueError:
            return True

    _raise_first(grid, "rate", outside, "rate is {!r}; use a number from 0 to 1")
    column = grid.columns["rate"]
    return np.array([*map(float, column.values), 0.0])[column.codes]


def _whole(grid: Grid, name: str) -> IntArray:
    def bad(text: str) -> bool:
        return not (text.isascii() and text.isdigit()) or len(text) > 15

    _raise_first(grid, name, bad, name + " is {!r}; use a whole number")
    column = grid.columns[name]
    return np.array([*map(int, column.values), 0], dtype=np.int64)[column.codes]


def _mapped(grid: Grid, name: str, allowed: dict[str, int], words: str) -> IntArray:
    _raise_first(
        grid, name, lambda value: value.lower() not in allowed, name + " is {!r}; " + words
    )
    column = grid.columns[name]
    # Values that no row has any more (they stood in blank lines) are anything.
    codes = [allowed.get(value.lower(), 0) for value in column.values]
    return np.array([*codes, 0], dtype=np.int64)[column.codes]


def _raise_first(grid: Grid, name: str, bad: Callable[[str], bool], words: str) -> None:
    column = grid.columns[name]
    wrong = np.array([*map(bad, column.values), False])[column.codes]
    if wrong.any():
        row = int(np.argmax(wrong))
        if name == "correct" and not _value(column, row):
            words = "correct is empty"
        raise TableError(f"{grid.where(row)}: {words.format(_value(column, row))}")


def _value(column: Column, row: int) -> str:
    value: str = column.values[column.codes[row]]
    return value


def _check_twice(grid: Grid) -> None:
    listener, item = grid.columns["listener"], grid.columns["item"]
    key = listener.codes.astype(np.int64) * max(1, len(item.values)) + item.codes
    order = np.argsort(key, kind="stable")
    again = np.flatnonzero(key[order][1:] == key[order][:-1])
    if len(again):
        at = again[np.argmin(order[again + 1])]
        before, row = int(order[at]), int(order[at + 1])
        raise TableError(
            f"{grid.where(row)}: listener {_value(listener, row)!r} answered item"
            f" {_value(item, row)!r} already on line {grid.line(before)}"
        )


def _check_sides(grid: Grid, correct: IntArray, ties: IntArray) -> None:
    side, chosen = grid.columns["side"], grid.columns["chosen"]
    both: Sequence[str] = sorted({*side.values, *chosen.values})
    number = {name: at for at, name in enumerate(both)}
    a, b = (
        np.array([*(number[value] for value in column.values), 0])[column.codes]
        for column in (side, chosen)
    )
    stated = np.ones(len(a), dtype=bool)
    if "" in number:
        stated = (a != number[""]) & (b != number[""])
    wrong = stated & (ties == 0) & ((a == b) != (correct == 1))
    if wrong.any():
        row = int(np.argmax(wrong))
        raise TableError(
            f"{grid.where(row)}: correct is {_value(grid.columns['correct'], row)} where Bach was"
            f" {both[a[row]]} and {both[b[row]]} was chosen"
        )
