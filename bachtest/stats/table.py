"""Tables of answers from files: read, checked line by line, counted by group.

Conventions
-----------
A table is a CSV file in UTF-8, separated by commas, with a header. It holds *answers*, one a line
(``listener, item, condition, correct`` and any further columns), or *counts* (``n, correct`` and
any columns to group by). `correct` of an answer is 0 or 1 (``true`` and ``false`` are read too). An
empty cell of a column that is not required counts as ``unstated``.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bachtest.stats.order import UNSTATED
from bachtest.stats.summary import Count

REQUIRED = ("listener", "item", "condition", "correct")
COUNTS = ("n", "correct")
FLAG = "flag_"
_TRUTH = {"0": 0, "1": 1, "false": 0, "true": 1}


class TableError(ValueError):
    """A file that cannot be read as a table; the message names the file, the line and the value."""


@dataclass(frozen=True)
class Table:
    """A table as read. `n` and `correct` stand beside the rows, one of each a row."""

    path: Path
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    n: tuple[int, ...]
    correct: tuple[int, ...]
    of_answers: bool

    @property
    def flags(self) -> tuple[str, ...]:
        return tuple(name[len(FLAG) :] for name in self.columns if name.startswith(FLAG))

    def values(self, column: str) -> list[str]:
        """One column, empty cells as ``unstated``.

        Raises
        ------
        TableError
            If there is no such column.
        """
        if column not in self.columns:
            raise TableError(f"{self.path}: no column {column!r}; it has {', '.join(self.columns)}")
        at = self.columns.index(column)
        return [row[at] or UNSTATED for row in self.rows]

    def flagged(self, flag: str) -> list[bool]:
        """Which rows carry a flag.

        Raises
        ------
        TableError
            If there is no such flag.
        """
        if flag not in self.flags:
            has = ", ".join(self.flags) or "none"
            raise TableError(f"{self.path}: no flag {flag!r}; its flags: {has}")
        return [value.lower() in ("1", "true") for value in self.values(FLAG + flag)]

    def without(self, flags: Sequence[str]) -> Table:
        """The table less the rows that carry one of the flags."""
        marks = [self.flagged(flag) for flag in flags]
        keep = [i for i in range(len(self.rows)) if not any(mark[i] for mark in marks)]
        return Table(
            self.path,
            self.columns,
            tuple(self.rows[i] for i in keep),
            tuple(self.n[i] for i in keep),
            tuple(self.correct[i] for i in keep),
            self.of_answers,
        )

    def counts(self, by: Sequence[str] = ()) -> list[Count]:
        """One count a row, labelled by the columns named."""
        columns = [self.values(column) for column in by]
        labels = list(zip(*columns, strict=True)) if columns else [()] * len(self.rows)
        return [
            Count(label, n, correct)
            for label, n, correct in zip(labels, self.n, self.correct, strict=True)
        ]


def read_table(path: Path) -> Table:
    """Read a table of answers or of counts.

    Parameters
    ----------
    path : Path
        A CSV file.

    Returns
    -------
    Table

    Raises
    ------
    TableError
        With one line that names the file, the line and the value, and what would be right.
    """
    lines = read_csv(path)
    _, header = next(lines)
    of_answers = _check_header(path, header)
    rows, n, correct = [], [], []
    check = _AnswerCheck(path, header) if of_answers else _CountCheck(path, header)
    for number, row in lines:
        answers, right = check(number, row)
        rows.append(tuple(row))
        n.append(answers)
        correct.append(right)
    return Table(path, tuple(header), tuple(rows), tuple(n), tuple(correct), of_answers)


def read_csv(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The header and the rows of a CSV file with their line numbers; all of the header's length.

    Raises
    ------
    TableError
        If the file is missing, empty, no text, or a row has more or fewer cells than the header.
    """
    try:
        # utf-8-sig: spreadsheets put a mark before the first name.
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, strict=True)
            width = 0
            for row in reader:
                row = [cell.strip() for cell in row]
                if not any(row):
                    continue
                width = width or len(row)
                if len(row) != width:
                    raise TableError(
                        f"{path}, line {reader.line_num}: {len(row)} cells where the header has"
                        f" {width}: {','.join(row)[:80]!r}"
                    )
                yield reader.line_num, row
    except OSError as error:
        raise TableError(f"{path}: {error.strerror or error}; name a file of answers") from None
    except UnicodeDecodeError:
        raise TableError(f"{path}: not UTF-8 text; save it as CSV in UTF-8") from None
    except csv.Error as error:
        raise TableError(f"{path}, line {reader.line_num}: not CSV ({error})") from None
    if not width:
        raise TableError(f"{path}: the file is empty; its first line must name the columns")


def _check_header(path: Path, header: list[str]) -> bool:
    if twice := sorted({name for name in header if header.count(name) > 1}):
        raise TableError(f"{path}: column {twice[0]!r} stands there twice")
    if set(COUNTS) <= set(header):
        return False
    if missing := [name for name in REQUIRED if name not in header]:
        for sign, name in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
            if any(sign in cell for cell in header):
                raise TableError(f"{path}: separated by {name}; save it separated by commas")
        raise TableError(
            f"{path}: no column {', '.join(map(repr, missing))}; a table of answers needs"
            f" {', '.join(REQUIRED)}, a table of counts {' and '.join(COUNTS)}; this one has"
            f" {', '.join(header)}"
        )
    return True


class _AnswerCheck:
    """One answer a line: nothing required empty, nobody twice on an item, nothing contradictory."""

    def __init__(self, path: Path, header: list[str]) -> None:
        self.path = path
        self.at = {name: column for column, name in enumerate(header)}
        self.seen: dict[tuple[str, str], int] = {}

    def __call__(self, line: int, row: list[str]) -> tuple[int, int]:
        where = f"{self.path}, line {line}"
        for name in REQUIRED:
            if not row[self.at[name]]:
                raise TableError(f"{where}: {name} is empty")
        value = row[self.at["correct"]]
        if value.lower() not in _TRUTH:
            raise TableError(f"{where}: correct is {value!r}; use 0 or 1")
        correct = _TRUTH[value.lower()]
        listener, item = row[self.at["listener"]], row[self.at["item"]]
        before = self.seen.setdefault((listener, item), line)
        if before != line:
            raise TableError(
                f"{where}: listener {listener!r} answered item {item!r} already on line {before}"
            )
        if "side" in self.at and "chosen" in self.at:
            side, chosen = row[self.at["side"]], row[self.at["chosen"]]
            if side and chosen and (side == chosen) != bool(correct):
                raise TableError(
                    f"{where}: correct is {value} where Bach was {side} and {chosen} was chosen"
                )
        return 1, correct


class _CountCheck:
    """Whole numbers, and not more right answers than answers."""

    def __init__(self, path: Path, header: list[str]) -> None:
        self.path = path
        self.at = {name: header.index(name) for name in COUNTS}

    def __call__(self, line: int, row: list[str]) -> tuple[int, int]:
        values = {}
        for name in COUNTS:
            text = row[self.at[name]]
            if not (text.isascii() and text.isdigit()):
                raise TableError(
                    f"{self.path}, line {line}: {name} is {text!r}; use a whole number"
                )
            values[name] = int(text)
        if values["correct"] > values["n"]:
            raise TableError(
                f"{self.path}, line {line}: {values['correct']} correct of n={values['n']}"
            )
        return values["n"], values["correct"]
