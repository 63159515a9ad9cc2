"""Answers of one listener to one item: a table has one, or a column `trial` tells them apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bachtest.stats.rates.result import counted
from bachtest.stats.tables.column_names import options, suggested
from bachtest.stats.tables.csv_columns import CodedCsv, CsvColumn
from bachtest.stats.tables.spellings import merged_column, same_id
from bachtest.stats.tables.text_file import TableError, shown

_TRIAL = "trial"
Keys = NDArray[np.int64]


def items_by_condition(table: CodedCsv) -> tuple[CodedCsv, list[str]]:
    """The table with an item in two conditions as two items, and what was decided."""
    item, condition = table.columns["item"], table.columns["condition"]
    some_condition = np.zeros(len(item.values), dtype=np.int32)
    some_condition[item.codes] = condition.codes
    if (some_condition[item.codes] == condition.codes).all():
        return table, []
    key = _crossed(item, condition)
    used, codes = np.unique(key, return_inverse=True)
    pairs = [divmod(each, max(1, len(condition.values))) for each in used.tolist()]
    conditions_of = np.bincount([pair[0] for pair in pairs], minlength=len(item.values))
    taken, labels = set(item.values), []
    for item_code, condition_code in pairs:
        label = item.values[item_code]
        if conditions_of[item_code] > 1:
            label = f"{label} ({condition.values[condition_code]})"
            while label in taken:
                label += "'"
        taken.add(label)
        labels.append(label)
    several = int((conditions_of > 1).sum())
    example = shown(item.values[int(np.argmax(conditions_of > 1))])
    note = (
        f"{counted(several, 'item')} {'stands' if several == 1 else 'stand'} in more than one"
        f" condition, {example} for one; an item in two conditions is two items."
    )
    column = CsvColumn(codes.astype(np.int32), tuple(labels))
    return table.replacing("item", column), [note]


def check_repeats(table: CodedCsv, *, allowed: bool) -> list[str]:
    """What was decided about answers of one listener to one item.

    Parameters
    ----------
    table : CodedCsv
    allowed : bool
        Whether it is known how listeners were asked; else nobody has said that they were asked
        several times.

    Raises
    ------
    TableError
        If a listener answered an item twice, and no trial tells the answers apart.
    """
    listener, item = table.columns["listener"], table.columns["item"]
    key = _crossed(listener, item)
    repeated = _first_repeat(key)
    if repeated is None:
        return []
    answered = f"listener {_cell(listener, repeated[1])} answered item {_cell(item, repeated[1])}"
    if _TRIAL not in table.columns:
        raise TableError(
            f"{table.place(repeated[1])}: {answered} already on line {table.line(repeated[0])};"
            " delete one answer, or, if the item was asked several times, as in ABX and triangle"
            f" tests, add a column trial that numbers them{_numbered_by(table)}"
        )
    trial, _ = merged_column(_TRIAL, table.columns[_TRIAL], same_id)
    pairs, pair = np.unique(key, return_inverse=True)
    again = _first_repeat(pair * max(1, len(trial.values)) + trial.codes)
    if again is not None:
        raise TableError(
            f"{table.place(again[1])}: listener {_cell(listener, again[1])} answered item"
            f" {_cell(item, again[1])} in trial {_cell(trial, again[1])} already on line"
            f" {table.line(again[0])}; number the trials of an item, or delete one answer"
        )
    if not allowed:
        raise TableError(
            f"{table.place(repeated[1])}: {answered} already on line {table.line(repeated[0])}, in"
            " another trial; such repeats are normal in ABX and triangle tests: say how listeners"
            " were asked, with --protocol abx, --protocol triangle or another"
        )
    several = int((np.bincount(pair) > 1).sum())
    return [
        f"Some items were answered several times by one listener ({several:,} of {len(pairs):,}"
        " pairs of a listener and an item); the column trial tells these answers apart."
    ]


def _numbered_by(table: CodedCsv) -> str:
    names = table.columns.in_file
    guess = suggested(names, names, [_TRIAL])
    return f", or say which column does: {options(guess)}" if guess else ""


def _crossed(one: CsvColumn, other: CsvColumn) -> Keys:
    return one.codes.astype(np.int64) * max(1, len(other.values)) + other.codes


def _first_repeat(key: Keys) -> tuple[int, int] | None:
    """The first row whose key stood in a row before, after that row."""
    order = np.argsort(key, kind="stable")
    repeated = np.flatnonzero(key[order][1:] == key[order][:-1])
    if not len(repeated):
        return None
    at = repeated[np.argmin(order[repeated + 1])]
    return int(order[at]), int(order[at + 1])


def _cell(column: CsvColumn, row: int) -> str:
    return shown(column.values[column.codes[row]])
