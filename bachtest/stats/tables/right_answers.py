"""Which answers of a table are right: from 1 and 0, from words, or from the word that is right."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bachtest.stats.rates.protocols import DiscriminationProtocol
from bachtest.stats.rates.result import counted, listed
from bachtest.stats.tables.cell_words import PLAIN_TRUTH, TIE_CODE, TIES, no_answer, truth
from bachtest.stats.tables.column_names import KEY, fold
from bachtest.stats.tables.csv_columns import CodedCsv
from bachtest.stats.tables.text_file import TableError, shown
from bachtest.stats.tables.validation import raise_first, rows_with, value_of

IntArray = NDArray[np.int64]
_CORRECT = "correct"
_SHOWN, _FEW = 4, 3
_MAY_SAY_WHAT_IS_RIGHT = re.compile(r"reference|target|truth", re.IGNORECASE)


@dataclass(frozen=True)
class ScoredAnswers:
    """A table without the rows that are no answers; `correct` and `ties` of each, and notes.

    Without a truth, `correct` is 1 where the listener chose the side `chosen_side`.
    """

    table: CodedCsv
    correct: IntArray
    ties: IntArray
    notes: tuple[str, ...]
    chosen_side: str = ""


def score(
    table: CodedCsv,
    protocol: DiscriminationProtocol,
    *,
    correct_is: Sequence[str] = (),
    skip_missing: bool = False,
) -> ScoredAnswers:
    """Decide which answers are right.

    Parameters
    ----------
    table : CodedCsv
    protocol : DiscriminationProtocol
    correct_is : sequence of str
        Cells of `correct` that mean right, any other means wrong; or the name of a column that
        says what is right.
    skip_missing : bool
        Leave out rows in which `correct` is empty, or NA and the like.

    Returns
    -------
    ScoredAnswers

    Raises
    ------
    TableError
        If a cell is no answer, or side and choice contradict `correct`.
    """
    notes: list[str] = []
    missing = rows_with(table.columns[_CORRECT], no_answer)
    if skip_missing and missing.any():
        rows = int(missing.sum())
        notes.append(f"{counted(rows, 'row')} without an answer left out.")
        table = table.where(~missing)
    elif missing.any():
        _raise_missing(table, missing)
    ties = protocol.allows_ties
    if correct_is:
        codes, note = _by_word(table, correct_is, ties=ties)
    else:
        codes, note = _by_truth(table, ties=ties)
    notes += note
    correct, tie = (codes == 1).astype(np.int64), (codes == TIE_CODE).astype(np.int64)
    if {"side", "chosen"} <= set(table.names):
        _check_sides(table, correct, tie)
    return ScoredAnswers(table, correct, tie, tuple(notes))


def _raise_missing(table: CodedCsv, missing: NDArray[np.bool_]) -> None:
    row = int(np.argmax(missing))
    cell = value_of(table.columns[_CORRECT], row)
    what = f"{shown(cell)}, which is no answer" if cell else "empty"
    rows = counted(int(missing.sum()), "such row")
    raise TableError(
        f"{table.place(row)}: correct is {what}; delete {rows}, or leave them out with"
        " --skip-missing"
    )


def _by_truth(table: CodedCsv, *, ties: bool) -> tuple[IntArray, list[str]]:
    column = table.columns[_CORRECT]
    code_of = {value: truth(value) for value in column.values}
    if ties:
        code_of |= {value: TIES[fold(value)] for value in column.values if fold(value) in TIES}
    invalid = np.array([*(code_of[value] is None for value in column.values), False])
    if invalid[column.codes].any():
        _raise_unknown(table, invalid[column.codes], ties=ties)
    codes = np.array([*(code_of[value] or 0 for value in column.values), 0], dtype=np.int64)
    words = [
        value
        for value in column.used()
        if fold(value) not in PLAIN_TRUTH | {"tie"}
        if code_of[value] == TIE_CODE or not value[:1].isdigit()
    ]
    meaning = {1: "right", 0: "wrong", TIE_CODE: "a tie"}
    read = [f"{shown(value)} is {meaning[code_of[value] or 0]}" for value in words]
    return codes[column.codes], [f"correct: {listed(read)}."] if read else []


def _raise_unknown(table: CodedCsv, invalid: NDArray[np.bool_], *, ties: bool) -> None:
    row = int(np.argmax(invalid))
    column = table.columns[_CORRECT]
    cell = value_of(column, row)
    hint = "use 0, 1 or tie" if ties else "use 0 or 1"
    if fold(cell) in TIES:
        hint += "; ties are read with --protocol pair-ties"
    elif fold(cell) == _CORRECT:
        hint += "; if this line repeats the names of the columns, delete it"
    elif any(truth(value) is not None and value[0].isdigit() for value in column.used()):
        hint += ", or leave the cell empty and add --skip-missing if it is no answer"
    elif not cell[:1].isdigit():
        hint += f", yes or no, or say which word is right, {_words(table)}"
        keys = (
            *filter(KEY.search, table.names),
            *filter(_MAY_SAY_WHAT_IS_RIGHT.search, table.names),
        )
        if keys:
            hint += f", or which column says what is right: --correct-is {shlex.quote(keys[0])}"
    if row == 0 < table.rows - 1 and not (column.codes[1:] == column.codes[0]).any():
        hint += "; if this line explains the columns, delete it"
    raise_first(table, _CORRECT, invalid, "correct is {}; " + hint)


def _words(table: CodedCsv) -> str:
    """The option for each word that there is: nobody knows yet which of them is right."""
    words = [cell for cell in table.columns[_CORRECT].used() if not no_answer(cell)]
    if len(words) > _FEW or not all(cell.isprintable() and len(cell) < 20 for cell in words):
        return "such as --correct-is Bach"
    return "such as " + " or ".join(f"--correct-is {shlex.quote(cell)}" for cell in words)


def _by_word(
    table: CodedCsv, correct_is: Sequence[str], *, ties: bool
) -> tuple[IntArray, list[str]]:
    column = table.columns[_CORRECT]
    used = column.used()
    wanted = {fold(word) for word in correct_is}
    cells = {fold(cell) for cell in used}
    if table.rows and not wanted <= cells:
        unused = next(word for word in correct_is if fold(word) not in cells)
        if len(correct_is) == 1 and (key := _column_called(table, unused)):
            return _by_column(table, key, ties=ties)
        raise TableError(
            f"{table.file.path}: no answer is {shown(unused)} (--correct-is); the column correct"
            f" has {', '.join(map(shown, used[:_SHOWN]))}{', ...' if len(used) > _SHOWN else ''}"
        )
    code_of = {
        value: 1 if fold(value) in wanted else TIES.get(fold(value), 0) if ties else 0
        for value in column.values
    }
    codes = np.array([*(code_of[value] for value in column.values), 0], dtype=np.int64)
    codes = codes[column.codes]
    wrong = [shown(value) for value in used if code_of[value] == 0]
    more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
    right = listed([shown(value) for value in used if code_of[value] == 1])
    note = f"correct: {right} is right ({counted(int((codes == 1).sum()), 'answer')})"
    if wrong:
        note += f", {', '.join(wrong[:_SHOWN])}{more} is wrong ({int((codes == 0).sum()):,})"
    return codes, [f"{note}."]


def _column_called(table: CodedCsv, word: str) -> str:
    return next((name for name in table.names if fold(name) == fold(word)), "")


def _by_column(table: CodedCsv, key: str, *, ties: bool) -> tuple[IntArray, list[str]]:
    """Right where the answer is what another column says."""
    given, right = table.columns[_CORRECT], table.columns[key]
    cells = {fold(value): code for code, value in enumerate((*given.values, *right.values))}
    given_codes, right_codes = (
        np.array([*(cells[fold(value)] for value in column.values), -1])[column.codes]
        for column in (given, right)
    )
    codes = (given_codes == right_codes).astype(np.int64)
    if ties:
        codes[rows_with(given, lambda value: fold(value) in TIES)] = TIE_CODE
    return codes, [
        f"correct: an answer is right if it is what {key} says ({int((codes == 1).sum()):,} of"
        f" {len(codes):,})."
    ]


def _check_sides(table: CodedCsv, correct: IntArray, ties: IntArray) -> None:
    side, chosen = table.columns["side"], table.columns["chosen"]
    values = sorted({fold(value) for value in (*side.values, *chosen.values)})
    code_of = {value: code for code, value in enumerate(values)}
    side_codes, chosen_codes = (
        np.array([*(code_of[fold(value)] for value in column.values), 0])[column.codes]
        for column in (side, chosen)
    )
    stated = np.ones(len(side_codes), dtype=bool)
    if "" in code_of:
        stated = (side_codes != code_of[""]) & (chosen_codes != code_of[""])
    contradictory = stated & (ties == 0) & ((side_codes == chosen_codes) != (correct == 1))
    if contradictory.any():
        row = int(np.argmax(contradictory))
        said, bach, other = (
            shown(value_of(column, row))[1:-1] for column in (table.columns[_CORRECT], side, chosen)
        )
        raise TableError(
            f"{table.place(row)}: correct is {said}, but Bach was {bach} and {other} was chosen"
        )
