"""The rows of a CSV file one by one, with their lines: for headers, messages and small files."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import NoReturn

from bachtest.stats.rates.result import counted
from bachtest.stats.tables.text_file import (
    TableError,
    TextFile,
    encoding_error,
    shown,
    text_file,
    unreadable,
    utf16,
)

_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
_QUOTES = "'‘’‚“”„»«›‹`"
# What the csv module says, and what it means.
_FAULTS = {
    "unexpected end of data": "a quote is opened here and never closed",
    "expected after '\"'": "something stands between a closing quote and the next separator",
    "field larger": "a cell of more than 131,072 characters; is a quote never closed?",
}


def csv_reader(lines: Iterable[str], delimiter: str) -> Iterator[list[str]]:
    # The space in `a, "b"` belongs to no cell; without this, the quotes would.
    return csv.reader(lines, strict=True, delimiter=delimiter, skipinitialspace=delimiter != " ")


@contextmanager
def rows_of(file: TextFile) -> Iterator[Iterator[tuple[int, list[str]]]]:
    """The file's rows that are not blank, stripped, with their lines."""
    with named_errors(file), file.opened(newline="") as stream:
        yield _stripped_rows(csv_reader(stream, file.delimiter), file.skipped)


def _stripped_rows(reader: Iterator[list[str]], skipped: int) -> Iterator[tuple[int, list[str]]]:
    for row in reader:
        cells = [cell.strip() for cell in row]
        if any(cells):
            yield skipped + reader.line_num, cells  # type: ignore[attr-defined]


def lines_above(file: TextFile, line: int) -> int:
    """The lines above the row that ends on a line; its cells may hold line ends."""
    with named_errors(file), file.opened(newline="") as stream:
        reader, above = csv_reader(stream, file.delimiter), 0
        for _ in reader:
            last: int = reader.line_num  # type: ignore[attr-defined]
            if file.skipped + last >= line:
                break
            above = last
        return file.skipped + above


def fitted(cells: list[str], width: int, named: int) -> list[str] | None:
    """A row as wide as the header; None if its cells do not fit.

    Spreadsheets write empty cells behind the last column, in some rows or in all of them.

    Parameters
    ----------
    cells : list of str
    width : int
        Cells of the header.
    named : int
        Those up to its last name.
    """
    while len(cells) > width and not cells[-1].strip():
        cells = cells[:-1]
    if named <= len(cells) < width:
        cells = [*cells, *[""] * (width - len(cells))]
    return cells if len(cells) == width else None


def named_width(names: Sequence[str]) -> int:
    """How many cells a row needs at least: those up to the last name."""
    return max((at + 1 for at, name in enumerate(names) if name.strip()), default=0)


def read_csv_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The header and the rows of a small CSV file in UTF-8, with their line numbers.

    Raises
    ------
    TableError
        If the file is missing, empty, not text in UTF-8, or a row has more or fewer cells than the
        header.
    """
    file, width = text_file(path), 0
    with rows_of(file) as rows:
        for line, row in rows:
            width = width or len(row)
            if len(row) != width:
                raise_ragged_row(file, width, width)
            yield line, row
    if not width:
        raise empty(file)


def empty(file: TextFile) -> TableError:
    return TableError(f"{file.path}: the file is empty; its first line must name the columns")


def raise_ragged_row(file: TextFile, width: int, named: int) -> NoReturn:
    """Name the first row with more or fewer cells than the header.

    Raises
    ------
    TableError
    """
    with rows_of(file) as rows:
        for line, row in rows:
            if fitted(row, width, named) is None:
                text = file.delimiter.join(row)
                raise TableError(
                    f"{file.path}, line {line}: {counted(len(row), 'cell')}, but the header has"
                    f" {named}: {text[:80]!r}{_ragged_hint(row, width, file.delimiter)}"
                )
    raise TableError(f"{file.path}: not every row has the {named} cells of the header")


def _ragged_hint(cells: Sequence[str], width: int, delimiter: str) -> str:
    if len(cells) > width and delimiter == "," and (numbers := _cut_in_two(cells)):
        if len(numbers) > 1:
            either = " or ".join(map(",".join, numbers))
            return f"; if {either} is one number, write it with a decimal point"
        whole, rest = numbers[0]
        point = "" if len(rest) == 3 else "."
        return f"; if {whole},{rest} is one number, write {whole}{point}{rest}"
    if len(cells) == width + 1 and cells[0] in ("1", "0"):
        return "; if rows begin with their number, give that column a name, too"
    if cells[0].startswith("#"):
        return "; delete lines that are comments"
    if delimiter == " " and "" in cells:
        return "; several spaces stand in a row: separate the cells by commas instead"
    if len(cells) == 1:
        if other := _other_separator(cells, delimiter).partition(";")[0]:
            return f"; this row is {other}, the names of the columns are not: write both alike"
        return "; if it is a note below the table, delete it"
    if len(cells) > width:
        return f"; put quotes around a cell that holds {shown(delimiter)}"
    return ""


def _cut_in_two(cells: Sequence[str]) -> list[tuple[str, str]]:
    """Numbers with a decimal comma or with thousands that the separators may have cut."""
    pairs = [
        (whole, rest)
        for whole, rest in pairwise(cells)
        if whole.isdigit() and rest.rstrip("%").isdigit() and len(whole) <= 3
    ]
    decimal = [pair for pair in pairs if pair[0] == "0"]
    thousands = [pair for pair in pairs if len(pair[1]) == 3]
    return decimal[:1] or thousands[:1] or pairs


def separator_hint(names: Sequence[str], delimiter: str = ",") -> str:
    """What probably separates the cells of a header that makes no sense, and the option for it.

    Examples
    --------
    >>> separator_hint(["n;correct"])
    "separated by semicolons; add --delimiter ';'"
    """
    if any("\0" in name for name in names):
        start = "".join(names).encode("latin-1", "ignore")
        return f"every other byte is 0; add --encoding {utf16(start)}"
    if any(name.startswith("ï»¿") for name in names):
        return "the file is in UTF-8; leave --encoding out"
    if hint := _other_separator(names, delimiter):
        return hint
    if len(names) == 1 and "," in names[0]:
        return "each line is one quoted cell; delete the quotes around the lines"
    if all(len(name) > 1 and name[0] in _QUOTES and name[-1] in _QUOTES for name in names):
        return f'the cells stand in {names[0][0]} instead of "; write ", or no quotes'
    return ""


def _other_separator(names: Sequence[str], delimiter: str) -> str:
    if delimiter != "," and sum(name.count(",") for name in names) >= len(names):
        return "separated by commas; leave --delimiter out"
    for separator, words in _SEPARATORS.items():
        if separator != delimiter and sum(name.count(separator) for name in names) >= len(names):
            option = "tab" if separator == "\t" else f"'{separator}'"
            return f"separated by {words}; add --delimiter {option}"
    return ""


@contextmanager
def named_errors(file: TextFile) -> Iterator[None]:
    """Faults of a file as one line that names the place."""
    try:
        yield
    except OSError as error:
        raise unreadable(file.path, error) from None
    except (UnicodeError, LookupError):
        raise encoding_error(file) from None
    except csv.Error as error:
        raise _not_csv(file, error) from None


def _not_csv(file: TextFile, error: csv.Error) -> TableError:
    start, line = _lines_of_fault(file)
    with file.opened(newline="") as stream:
        first = stream.readline(10_000)
    hint = _other_separator([first], file.delimiter)
    if not hint and '" "' in first:
        hint = "separated by spaces; add --delimiter ' '"
    if line <= file.skipped + 1 and hint:
        return TableError(f"{file.path}, line {line}: {hint}: {shown(first.strip())}")
    fault = next((words for said, words in _FAULTS.items() if said in str(error)), "")
    at = start if fault.startswith("a quote") else line
    return TableError(f"{file.path}, line {at}: not valid CSV{fault and f' ({fault})'}")


def _lines_of_fault(file: TextFile) -> tuple[int, int]:
    """The line on which the row begins at which the csv module fails, and the last that it read."""
    start = file.skipped + 1
    with file.opened(newline="") as stream:
        reader = csv_reader(stream, file.delimiter)
        try:
            for _ in reader:
                start = file.skipped + reader.line_num + 1  # type: ignore[attr-defined]
        except csv.Error:
            pass
        return start, file.skipped + reader.line_num  # type: ignore[attr-defined]
