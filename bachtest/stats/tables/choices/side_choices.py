"""Answers to two clips that are both Bach's: which side was chosen, where nothing is right.

A table has the side in a column `chosen`: left and right, or first and second. Counts have `n`, and
how many of them chose the left clip, or the first, in a column of that name. Inside, the choice
stands where other tables have `correct`: it is 1 for the left clip, or for the first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from bachtest.stats.rates.protocols import OTHER_SIDE
from bachtest.stats.rates.result import counted
from bachtest.stats.tables.cell_words import LEFT_RIGHT, no_answer
from bachtest.stats.tables.column_names import fold, named_columns, options
from bachtest.stats.tables.csv_columns import CodedCsv
from bachtest.stats.tables.csv_rows import rows_of
from bachtest.stats.tables.header import Header, find_header
from bachtest.stats.tables.right_answers import ScoredAnswers
from bachtest.stats.tables.text_file import TableError, TextFile, shown
from bachtest.stats.tables.validation import raise_first, rows_with, value_of, whole_numbers

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
_CHOICE = "correct"
_ITS_CORRECT = "correct (in the file)"
_FIRST_SECOND = {
    "first": "first", "1st": "first", "erster": "first", "erste": "first", "erstes": "first",
    "second": "second", "2nd": "second", "zweiter": "second", "zweite": "second",
    "zweites": "second",
}  # fmt: skip
_SIDES = LEFT_RIGHT | _FIRST_SECOND
_COUNTED = re.compile(r"(?:chose[ _.-]|chosen[ _.-])?(left|first)|(left|first)[ _.-]chosen")
_USE = "use left or right, or first or second"
_SEARCHED = 100
_LIKELY = ("side", "response", "choice", "answer")


def find_choices_header(file: TextFile, chosen: Mapping[str, str]) -> Header:
    """The row that names the columns of a table of choices.

    Parameters
    ----------
    file : TextFile
    chosen : mapping
        Names as they are here to names as they are in the file.

    Returns
    -------
    Header
        The column with the choice is called `correct`.

    Raises
    ------
    TableError
        If no row is one.
    """
    columns = dict(chosen)
    if _CHOICE in columns:
        raise TableError(
            "--column correct=...: with two clips of Bach no answer is right or wrong; name the"
            " column with the side that was chosen, as in chosen=response"
        )
    stated = columns.pop("chosen", "") or columns.pop("first", "")
    cell = stated or _choice_cell(file, columns)
    if not cell:
        raise _no_choice(file, columns)
    header = find_header(file, columns | {_CHOICE: cell})
    notes = tuple(
        note.replace("as correct", "as the side chosen") if note.startswith("Column ") else note
        for note in header.notes
        if note != f"Column {shown(cell)} is read as correct." or stated
    )
    return replace(header, notes=notes)


def _choice_cell(file: TextFile, columns: Mapping[str, str]) -> str:
    """What the file calls the column with the choice; "" if it has none."""
    with rows_of(file) as rows:
        for _, cells in islice(rows, _SEARCHED):
            for cell in cells:
                folded = fold(cell)
                if folded != "chosen" and not _COUNTED.fullmatch(folded):
                    continue
                try:
                    names = named_columns(cells, {**columns, _CHOICE: cell}).names
                except TableError:
                    continue
                wanted = {"listener", "item"} if folded == "chosen" else {"n"}
                if wanted <= set(names):
                    return cell
    return ""


def _no_choice(file: TextFile, columns: Mapping[str, str]) -> TableError:
    try:
        place = f"{file.path}, line {find_header(file, columns).file.skipped + 1}"
    except TableError as error:
        place, lacks, _ = str(error).partition(": no column ")
        if not lacks:
            return error  # about the file, and not about its columns
    with rows_of(file) as rows:
        cells = [cell for _, row in islice(rows, _SEARCHED) for cell in row]
    likely = [cell for name in _LIKELY for cell in cells if fold(cell) == name]
    hint = f"; if {shown(likely[0])} is it, add {options({'chosen': likely[0]})}" if likely else ""
    return TableError(
        f"{place}: no column 'chosen'; with two clips of Bach a table of answers needs listener,"
        " item and chosen (left or right, or first or second), a table of counts n and left, or n"
        f" and first{hint}"
    )


def score_choices(table: CodedCsv, *, skip_missing: bool, exported: bool) -> ScoredAnswers:
    """Which answers chose the left clip, or the first.

    Parameters
    ----------
    table : CodedCsv
    skip_missing : bool
        Leave out rows without a choice.
    exported : bool
        An export holds other rounds too; those of two clips of Bach have neither a right answer nor
        a side of Bach's.

    Returns
    -------
    ScoredAnswers

    Raises
    ------
    TableError
        If a cell is no side, sides and orders are mixed, or some answer is right or wrong.
    """
    notes: list[str] = []
    if exported:
        table, notes = _of_bach_alone(table)
    else:
        notes += [*_without_truth(table), *_side_of_bach(table)]
    missing = rows_with(table.columns[_CHOICE], no_answer)
    if skip_missing and missing.any():
        notes.append(f"{counted(int(missing.sum()), 'row')} without a choice left out.")
        table = table.where(~missing)
    elif missing.any():
        raise_first(
            table, _CHOICE, missing,
            f"chosen is {{}}, which is no answer; delete {counted(int(missing.sum()), 'such row')},"
            " or leave them out with --skip-missing",
        )  # fmt: skip
    column = table.columns[_CHOICE]
    raise_first(
        table, _CHOICE, rows_with(column, lambda cell: fold(cell) not in _SIDES),
        "chosen is {}; " + _USE,
    )  # fmt: skip
    sides = {_SIDES[fold(cell)] for cell in column.used()}
    counted_side = "first" if sides & {"first", "second"} else "left"
    raise_first(
        table, _CHOICE,
        rows_with(
            column,
            lambda cell: _SIDES.get(fold(cell)) not in (counted_side, OTHER_SIDE[counted_side]),
        ),
        "chosen is {} here, and first or second elsewhere; " + _USE + ", in all rows",
    )  # fmt: skip
    is_counted = rows_with(column, lambda cell: _SIDES.get(fold(cell)) == counted_side)
    choices = is_counted.astype(np.int64)
    return ScoredAnswers(table, choices, np.zeros_like(choices), tuple(notes), counted_side)


def _of_bach_alone(table: CodedCsv) -> tuple[CodedCsv, list[str]]:
    """The rounds of an export in which both clips are Bach's."""
    other = rows_with(table.columns[_CHOICE], no_answer)
    for name in (_ITS_CORRECT, "side", "composer"):
        if name in table.names:
            other |= rows_with(table.columns[name], bool)
    left_out = int(other.sum())
    note = f"{counted(left_out, 'answer')} to rounds that were not of two clips of Bach left out."
    return table.where(~other), [note] * bool(left_out)


def _without_truth(table: CodedCsv) -> list[str]:
    if _ITS_CORRECT not in table.names:
        return []
    stated = rows_with(table.columns[_ITS_CORRECT], lambda cell: not no_answer(cell))
    raise_first(
        table, _ITS_CORRECT, stated,
        "correct is {}, but with two clips of Bach no answer is right or wrong; delete the column,"
        " or, if one of the clips was not Bach's, the option --protocol all-bach",
    )  # fmt: skip
    return ["The column correct is empty, and not read."]


def _side_of_bach(table: CodedCsv) -> list[str]:
    if "side" not in table.names or not rows_with(table.columns["side"], bool).any():
        return []
    return ["The column side is not read: with two clips of Bach neither side is his."]


def check_choice_counts(
    table: CodedCsv, cell_of: Mapping[str, str]
) -> tuple[IntArray, IntArray, str]:
    """`n`, how many chose the counted side, and which side that is.

    Parameters
    ----------
    table : CodedCsv
    cell_of : mapping
        What the file calls the columns.

    Raises
    ------
    TableError
        If a cell is not a whole number, or more chose that side than there are.
    """
    called = cell_of[_CHOICE]
    named = _COUNTED.fullmatch(fold(called))
    if named is None:
        raise TableError(
            f"{table.header_place}: does {shown(called)} count those who chose the left clip, or"
            " the first? call the column left or first"
        )
    side = named[1] or named[2]
    _without_truth(table)
    n, choices = whole_numbers(table, "n"), whole_numbers(table, _CHOICE, called)
    if (choices > n).any():
        row = int(np.argmax(choices > n))
        raise TableError(
            f"{table.place(row)}: {choices[row]} of n={n[row]} chose the {side} clip; correct one"
            " of the numbers"
        )
    _check_other_side(table, n, choices, OTHER_SIDE[side])
    return n, choices, side


def _check_other_side(table: CodedCsv, n: IntArray, choices: IntArray, other: str) -> None:
    name = next((name for name in table.names if fold(name) == other), "")
    if not name:
        return
    differs = choices + whole_numbers(table, name) != n
    if differs.any():
        row = int(np.argmax(differs))
        raise TableError(
            f"{table.place(row)}: {choices[row]} and {value_of(table.columns[name], row)} chose a"
            f" side, but n is {n[row]}; correct one of the numbers"
        )
