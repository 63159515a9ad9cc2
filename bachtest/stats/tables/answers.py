"""From the cells of a table of answers to answers: each step says what it decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from bachtest.stats.rates.protocols import DiscriminationProtocol
from bachtest.stats.rates.result import counted, listed
from bachtest.stats.tables.cell_words import MISSING, number, truth
from bachtest.stats.tables.choices.side_choices import score_choices
from bachtest.stats.tables.column_names import ANSWERS, FLAG, fold, known_name, options, suggested
from bachtest.stats.tables.csv_columns import CodedCsv, CsvColumn
from bachtest.stats.tables.repeats import check_repeats, items_by_condition
from bachtest.stats.tables.right_answers import ScoredAnswers, score
from bachtest.stats.tables.spellings import left_and_right, one_spelling, stated_groups
from bachtest.stats.tables.text_file import TableError, shown
from bachtest.stats.tables.validation import (
    BACH,
    check_bach,
    check_ids,
    raise_first,
    rows_with,
    value_of,
)

ONE_CONDITION = "all"
_OPTIONAL_GROUPS = ("composer", "experience")


def read_answers(
    table: CodedCsv,
    protocol: DiscriminationProtocol,
    *,
    header: Mapping[str, str],
    correct_is: Sequence[str] = (),
    skip_missing: bool = False,
    exported: bool = False,
    repeats: bool = True,
) -> ScoredAnswers:
    """The answers of a table.

    Parameters
    ----------
    table : CodedCsv
    protocol : DiscriminationProtocol
    header : mapping
        The names of the columns in the file.
    correct_is, skip_missing
        As in `score`.
    exported : bool
        An export is spelled as it is meant.
    repeats : bool
        Whether it is known how listeners were asked, so that repeated trials are meant.

    Returns
    -------
    ScoredAnswers

    Raises
    ------
    TableError
        If a cell is missing or says nothing, or a listener answered an item twice.
    """
    table, notes = rows_of_data(table, ANSWERS, header)
    if protocol.has_truth:
        table, note = _with_condition(table)
        notes += note
        table, note = left_and_right(table)
        notes += note
        answers = score(table, protocol, correct_is=correct_is, skip_missing=skip_missing)
        table, notes = answers.table, [*notes, *answers.notes]
    else:
        answers = score_choices(table, skip_missing=skip_missing, exported=exported)
        table, note = _with_condition(answers.table)
        notes += [*answers.notes, *note]
    check_ids(table)
    if not exported:
        table, note = one_spelling(table)
        notes += note
        table, note = stated_groups(table, _OPTIONAL_GROUPS)
        notes += note
    table, note = items_by_condition(table)
    notes += note
    notes += check_repeats(table, allowed=repeats)
    notes += _optional_columns(table, protocol)
    return replace(answers, table=table, notes=tuple(notes))


def rows_of_data(
    table: CodedCsv, names: Sequence[str], header: Mapping[str, str]
) -> tuple[CodedCsv, list[str]]:
    """The table without rows that say nothing in these columns, or repeat their names.

    Gorilla ends its files with a line of its own, and files are copied one below the other.

    Parameters
    ----------
    table : CodedCsv
    names : sequence of str
    header : mapping
        The names of these columns in the file.
    """
    notes = []

    def repeats(name: str, cell: str) -> bool:
        return fold(cell) == fold(header[name]) or known_name(cell) == name

    for what, holds in (
        (f"without {listed(names)}", lambda name, cell: not cell),
        ("that only repeats the names of the columns", repeats),
    ):
        other = np.ones(table.rows, dtype=bool)
        for name in reversed(names):  # those with the fewest different cells first
            other &= rows_with(table.columns[name], partial(holds, name))
            if not other.any():
                break
        else:
            if other.any():
                if holds is repeats:
                    _check_same_names(table, int(np.argmax(other)), header)
                line = table.line(int(np.argmax(other)))
                rows = counted(int(other.sum()), "row")
                notes.append(f"{rows} {what} left out (line {line}).")
                table = table.where(~other)
    return table, notes


def _check_same_names(table: CodedCsv, row: int, header: Mapping[str, str]) -> None:
    """A row of names is that of this table, and not of another one below it.

    Raises
    ------
    TableError
    """
    for name in filter(None, table.columns.in_file):
        cell = value_of(table.columns[name], row)
        if cell and fold(cell) not in (fold(name), fold(header[name])) and known_name(cell) != name:
            raise TableError(
                f"{table.place(row)}: another table begins here, with a column {shown(cell)}; give"
                " it a file of its own"
            )


def _with_condition(table: CodedCsv) -> tuple[CodedCsv, list[str]]:
    column = CsvColumn(np.zeros(table.rows, dtype=np.int32), (ONE_CONDITION,))
    if "condition" in table.columns:
        if not table.rows or not MISSING.issuperset(table.columns["condition"].used()):
            return table, []
        note = "The column condition is empty: all answers are of one condition."
        return table.replacing("condition", column), [note]
    note = "There is no column condition: all answers are of one condition."
    names = table.columns.in_file
    if guess := suggested(names, names, ["condition"]):
        note = f"{note[:-1]}; if another column is it, add {options(guess)}."
    return table.replacing("condition", column), [note]


def _optional_columns(table: CodedCsv, protocol: DiscriminationProtocol) -> list[str]:
    """Check the columns that only some analyses read, and say what these cannot read."""
    notes = []
    for name in table.names:
        if name.startswith(FLAG):
            invalid = rows_with(
                table.columns[name], lambda value: value not in MISSING and truth(value) is None
            )
            raise_first(table, name, invalid, name.replace("{", "") + " is {}; use 1 or 0")
    if BACH in table.columns and protocol.needs_bach_column:
        check_bach(table)
    elif BACH in table.columns:
        notes.append(
            "There is a column bach, which only --protocol yes-no reads; here each answer is taken"
            f" for one of protocol {protocol.name}."
        )
    if "trial" in table.columns:
        words = [cell for cell in table.columns["trial"].used() if number(cell) is None]
        if words:
            notes.append(
                f"trial: {shown(words[0])} is no number; the trend over trials leaves it out."
            )
    return notes
