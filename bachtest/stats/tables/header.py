"""Finds the row that names the columns, below titles and comments, or says what is missing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import islice

from bachtest.stats.rates.result import listed
from bachtest.stats.tables.column_names import (
    ANSWERS,
    COUNTS,
    KNOWN,
    RATES,
    NamedColumns,
    fold,
    named_columns,
    options,
    suggested,
    wide_hint,
)
from bachtest.stats.tables.csv_rows import empty, lines_above, named_errors, rows_of, separator_hint
from bachtest.stats.tables.text_file import TableError, TextFile, shown, shown_names

# Rows among which the names of the columns may stand.
_SEARCHED = 100
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?[;,\t]*\s*', re.IGNORECASE)
_SHOWN_TITLES = 2
# Counts of wrong answers, which some tables have instead of n.
_WRONG = {"wrong", "incorrect", "falsch", "inkorrekt"}
_KINDS: tuple[tuple[str, ...], ...] = (ANSWERS, COUNTS, RATES)


@dataclass(frozen=True)
class Header:
    """The names of a file's columns. `file` begins with them; `notes` say what was decided."""

    file: TextFile
    columns: NamedColumns
    notes: tuple[str, ...]


def find_header(file: TextFile, chosen: Mapping[str, str]) -> Header:
    """The first row that names all that a table needs.

    Parameters
    ----------
    file : TextFile
    chosen : mapping
        Names as they are here to names as they are in the file.

    Returns
    -------
    Header

    Raises
    ------
    TableError
        If no row is one; the message says what is missing, and how to name it.
    """
    notes = _encoding_notes(file)
    if separator := _stated_separator(file):
        notes.append(f"The first line of the file says that {separator!r} separates its cells.")
        file = replace(file, delimiter=separator, skipped=file.skipped + 1)
    with rows_of(file) as lines:
        rows = list(islice(lines, _SEARCHED))
    if not rows:
        raise empty(file)
    for at, (line, cells) in enumerate(rows):
        try:
            columns = named_columns(cells, chosen)
        except TableError:
            continue
        if columns.complete:
            notes += _title_notes([", ".join(filter(None, title)) for _, title in rows[:at]], line)
            notes += _name_notes(columns)
            return Header(replace(file, skipped=lines_above(file, line)), columns, tuple(notes))
    raise _no_header(file, rows, chosen)


def _encoding_notes(file: TextFile) -> list[str]:
    """A file in UTF-8 can be read as Latin-1, with other letters in it."""
    if file.encoding.lower().replace("_", "-").startswith(("utf", "ascii")):
        return []
    with named_errors(file):
        data = file.content()
    try:
        utf8 = not data.isascii() and bool(data.decode("utf-8"))
    except UnicodeDecodeError:
        return []
    return [f"The file may be in UTF-8; it was read as {file.encoding}, as asked."] if utf8 else []


def _stated_separator(file: TextFile) -> str:
    """Excel takes a first line `sep=;` for the separator."""
    try:
        with file.opened() as stream:
            stated = _SEPARATOR_LINE.fullmatch(stream.readline(20))
            below = "".join(islice(stream, _SEARCHED)) if stated else ""
    except (OSError, UnicodeError, LookupError):
        return ""  # said when the rows are read
    # Someone may have saved the file with another one, and left the line.
    return stated[1] if stated and stated[1] not in '"\r\n' and stated[1] in below else ""


def _title_notes(titles: list[str], line: int) -> list[str]:
    if not titles:
        return []
    above = ", ".join(shown(title) for title in titles[:_SHOWN_TITLES])
    more = ", ..." if len(titles) > _SHOWN_TITLES else ""
    return [f"The names of the columns are in line {line}; skipped above them: {above}{more}."]


def _name_notes(columns: NamedColumns) -> list[str]:
    read = [
        f"{shown(cell)} {'as' if at else 'is read as'} {name}"
        for at, (cell, name) in enumerate(columns.renamed)
    ]
    notes = [f"Column {listed(read)}."] if read else []
    if "n" in columns.names and set(ANSWERS) <= set(columns.names):
        notes.append("There is a column n, so each row counts n answers.")
    return notes


def _no_header(
    file: TextFile, rows: list[tuple[int, list[str]]], chosen: Mapping[str, str]
) -> TableError:
    """Why no row is the header, said of the one that looks most like it."""
    for line, cells in rows:
        if hint := separator_hint(cells, file.delimiter):
            text = shown(file.delimiter.join(cells))
            return TableError(f"{file.path}, line {line}: {hint}: {text}")
        if len(cells) == 1 and (hint := _unusual_separator(cells[0])):
            return TableError(f"{file.path}, line {line}: {hint}: {shown(cells[0])}")
    if _names_a_table([cells[0] for _, cells in rows]):
        return TableError(
            f"{file.path}, line {rows[0][0]}: the names stand below each other; transpose the"
            " table, so that they stand in its first row"
        )
    line, cells = max(rows, key=lambda row: _likeness(row[1]))
    try:
        columns = named_columns(cells, chosen)
    except TableError as error:
        return TableError(f"{file.path}, line {line}: {error}")
    if hint := wide_hint(cells, columns.names):
        return TableError(f"{file.path}, line {line}: {hint}")
    return TableError(f"{file.path}, line {line}: {_missing(columns, chosen)}")


def _unusual_separator(text: str) -> str:
    if _names_a_table(text.split()):
        option = ", or add --delimiter ' '" if "  " not in text else ""
        return f"separated by spaces; write it with commas{option}"
    for separator in ":^~/#":
        if _names_a_table(text.split(separator)):
            return f"separated by {separator!r}; add --delimiter '{separator}'"
    return ""


def _names_a_table(cells: list[str]) -> bool:
    try:
        return named_columns(cells, {}).complete
    except TableError:
        return False


def _likeness(cells: list[str]) -> int:
    """How many columns of a row have a name that is known or can be guessed."""
    try:
        names = named_columns(cells, {}).names
    except TableError:
        return len(KNOWN)  # two columns of one meaning: it certainly is the header
    wanted = (*ANSWERS, *COUNTS, *RATES)
    return sum(name in KNOWN for name in names) + len(suggested(cells, names, wanted))


def _missing(columns: NamedColumns, chosen: Mapping[str, str]) -> str:
    cells, names = columns.cells, columns.names
    guesses: dict[tuple[str, ...], dict[str, str]] = {
        kind: suggested(cells, names, (*kind, "condition") if kind is ANSWERS else kind)
        for kind in _KINDS
    }
    # Counts are meant where they could be had, and answers could not.
    kind = next((each for each in guesses if _covers(guesses[each], names, each)), ANSWERS)
    missing = [name for name in ANSWERS if name not in names]
    text = (
        f"no column {', '.join(map(repr, missing))}; a table of answers needs"
        f" {', '.join(ANSWERS)}, a table of counts {' and '.join(COUNTS)} or {' and '.join(RATES)}"
    )
    guess = guesses[kind]
    if "condition" in chosen:
        guess.pop("condition", None)
    if any(name in kind for name in guess):
        text += f"; if other columns are these, add {options(guess)}"
    elif not set(names) & set(KNOWN):
        text += ", and the first line names them"
    elif "correct" in names and {fold(cell) for cell in cells} & _WRONG:
        text += "; n is the number of right and wrong answers: add a column n"
    return f"{text}; this one has {shown_names(cells)}{_ratings(columns)}"


def _covers(guess: Mapping[str, str], names: tuple[str, ...], kind: tuple[str, ...]) -> bool:
    return all(name in names or name in guess for name in kind)


def _ratings(columns: NamedColumns) -> str:
    ratings = [cell for cell in columns.cells if "rating" in cell.lower()]
    if not ratings or "correct" in columns.names:
        return ""
    return f" ({ratings[0]} is no right or wrong answer: ratings cannot be analysed here)"
