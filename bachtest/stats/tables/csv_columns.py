"""CSV files as coded columns: fast for a million rows, with exact error messages.

Conventions
-----------
Each column is coded as it is read: ``codes`` int32[N] into ``values``, its distinct cells without
the spaces around them. Checks look at the distinct values only. Lines are counted from 1, the
header included, and looked up again only for an error message.
"""

from __future__ import annotations

import csv
import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bachtest.stats.tables.fast_csv import ParsedCsv, parse_csv

Codes = NDArray[np.int32]
# Characters read at once.
_CHUNK = 1 << 24
# Gives column i of a chunk: its cells, and codes into them (None: one cell for each row).
Chunk = Callable[[int], tuple[Codes | None, Sequence[str]]]
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}


class TableError(ValueError):
    """A file that cannot be read as a table; the message names the file, the line and the value."""


@dataclass(frozen=True)
class TextFile:
    """A file's path, and how its text is written."""

    path: Path
    delimiter: str = ","
    encoding: str = "utf-8"


@dataclass(frozen=True)
class CsvColumn:
    """One column: `codes` int32[N] into `values`."""

    codes: Codes
    values: tuple[str, ...]


class CsvColumns:
    """The columns of a file by name. A column is read when it is first asked for.

    `rows` are the rows of the file that these columns have, int[N]; None for all of them.
    """

    def __init__(
        self, file: TextFile, names: Sequence[str], rows: NDArray[np.int64] | None = None
    ) -> None:
        self.file, self.names, self.rows = file, tuple(names), rows
        self.loaded: dict[str, CsvColumn] = {}

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __getitem__(self, name: str) -> CsvColumn:
        if name not in self.loaded:
            column = _read_columns(self.file, self.names, [name])[name]
            codes = column.codes if self.rows is None else column.codes[self.rows]
            self.loaded[name] = CsvColumn(codes, column.values)
        return self.loaded[name]

    def replacing(self, name: str, column: CsvColumn) -> CsvColumns:
        """The same columns, but for one."""
        columns = CsvColumns(self.file, self.names, self.rows)
        columns.loaded = self.loaded | {name: column}
        return columns

    def where(self, included: NDArray[np.bool_]) -> CsvColumns:
        """The columns of the included rows alone."""
        rows = np.flatnonzero(included) if self.rows is None else self.rows[included]
        columns = CsvColumns(self.file, self.names, rows)
        columns.loaded = {
            name: CsvColumn(column.codes[included], column.values)
            for name, column in self.loaded.items()
        }
        return columns


@dataclass(frozen=True)
class CodedCsv:
    """A file as coded columns."""

    file: TextFile
    columns: CsvColumns
    rows: int

    @property
    def names(self) -> tuple[str, ...]:
        return self.columns.names

    def where(self, included: NDArray[np.bool_]) -> CodedCsv:
        """The included rows alone."""
        return CodedCsv(self.file, self.columns.where(included), int(included.sum()))

    def line(self, row: int) -> int:
        """The line of the file that a row ended on."""
        if self.columns.rows is not None:
            row = int(self.columns.rows[row])
        with _rows_of(self.file) as rows:
            next(rows)
            return next(islice(rows, row, None))[0]

    def place(self, row: int) -> str:
        """The file and the line, for an error message."""
        return f"{self.file.path}, line {self.line(row)}"


class _Coder(dict[str, int]):
    def __missing__(self, cell: str) -> int:
        code = self[cell] = len(self)
        return code


def read_coded_csv(file: TextFile, *, needed: Callable[[str], bool]) -> CodedCsv:
    """Read a file.

    Parameters
    ----------
    file : TextFile
    needed : name -> bool
        Which columns to read at once.

    Returns
    -------
    CodedCsv

    Raises
    ------
    TableError
        If the file is missing, empty, not text in this encoding, or a row has more or fewer cells
        than the header.
    """
    with _rows_of(file) as rows:
        header = next(rows, None)
    if header is None:
        raise TableError(f"{file.path}: the file is empty; its first line must name the columns")
    names = header[1]
    _check_names(file.path, names)
    columns = CsvColumns(file, names)
    at_once = [name for name in names if needed(name)] or names[:1]
    columns.loaded = _read_columns(file, names, at_once)
    return CodedCsv(file, columns, len(columns[at_once[0]].codes))


def _read_columns(
    file: TextFile, names: Sequence[str], wanted: Sequence[str]
) -> dict[str, CsvColumn]:
    at = [names.index(name) for name in wanted]
    coders = [_Coder() for _ in at]
    parts: list[list[Codes]] = [[] for _ in at]
    with _named_errors(file), _garbage_collection_off():
        for chunk in _chunks(file, len(names)):
            for coder, part, i in zip(coders, parts, at, strict=True):
                codes_in_chunk, cells = chunk(i)
                codes = np.fromiter(map(coder.__getitem__, cells), np.int32, len(cells))
                part.append(codes if codes_in_chunk is None else codes[codes_in_chunk])
    columns = {}
    for name, coder, part in zip(wanted, coders, parts, strict=True):
        # The header is the first row, and its name the first value; other rows seldom have it.
        codes, values = np.concatenate(part)[1:], list(coder)
        if not (codes == 0).any():
            codes, values = codes - np.int32(1), values[1:]
        columns[name] = _stripped(codes, values)
    return columns


def _chunks(file: TextFile, width: int) -> Iterator[Chunk]:
    """The file in chunks. Plain text is parsed all at once, several times as fast as by the csv
    module; that module takes over from the first quote on.
    """
    with file.path.open(encoding=_encoding(file)) as stream:
        while text := stream.read(_CHUNK):
            text += stream.readline()
            if '"' in text or "\0" in text or not file.delimiter.isascii():
                yield from _quoted(file, chain(text.splitlines(True), stream), width)
                return
            parsed = parse_csv(text, file.delimiter, width)
            parsed = parsed or _without_blank_lines(text, file, width)
            if parsed:
                yield parsed.column


def _without_blank_lines(text: str, file: TextFile, width: int) -> ParsedCsv | None:
    """Text with blank lines, without a last line end, or with rows too short or too long."""
    delimiter = file.delimiter
    lines = [line for line in text.split("\n") if line.replace(delimiter, "").strip()]
    if any(line.count(delimiter) != width - 1 for line in lines):
        _raise_ragged_row(file, width)
    return parse_csv("\n".join(lines) + "\n", delimiter, width) if lines else None


def _quoted(file: TextFile, lines: Iterable[str], width: int) -> Iterator[Chunk]:
    reader = csv.reader(lines, strict=True, delimiter=file.delimiter)
    while chunk := list(islice(reader, 20_000)):
        rows = [row for row in chunk if any(cell.strip() for cell in row)]
        if any(len(row) != width for row in rows):
            _raise_ragged_row(file, width)
        columns = list(zip(*rows, strict=True))
        if columns:
            yield lambda i, columns=columns: (None, columns[i])  # type: ignore[misc]


@contextmanager
def _garbage_collection_off() -> Iterator[None]:
    # The millions of strings form no cycles; looking for some takes as long as reading the file.
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _encoding(file: TextFile) -> str:
    # Spreadsheets write a byte order mark, which is not part of the first name.
    return "utf-8-sig" if file.encoding.lower() in ("utf-8", "utf8") else file.encoding


def _stripped(codes: Codes, values: Sequence[str]) -> CsvColumn:
    cells = [cell.strip() for cell in values]
    if len(set(cells)) == len(cells):
        return CsvColumn(codes, tuple(cells))
    coder = _Coder()
    merged = np.fromiter(map(coder.__getitem__, cells), np.int32, len(cells))
    return CsvColumn(merged[codes], tuple(coder))


def _check_names(path: Path, names: Sequence[str]) -> None:
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise TableError(f"{path}, line 1: column {repeated[0]!r} appears twice")


def separator_hint(names: Sequence[str]) -> str:
    """What probably separates the cells of a header that makes no sense, and the option for it.

    Examples
    --------
    >>> separator_hint(["n;correct"])
    "separated by semicolons; add --delimiter ';'"
    """
    if any("\0" in name for name in names):
        return "every other byte is 0; add --encoding utf-16"
    for separator, words in _SEPARATORS.items():
        if any(separator in name for name in names):
            option = "tab" if separator == "\t" else f"'{separator}'"
            return f"separated by {words}; add --delimiter {option}"
    return ""


def _raise_ragged_row(file: TextFile, width: int) -> None:
    with _rows_of(file) as rows:
        for line, row in rows:
            if len(row) != width:
                raise TableError(
                    f"{file.path}, line {line}: {len(row)} cells, but the header has {width}:"
                    f" {file.delimiter.join(row)[:80]!r}"
                )


def read_csv_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The header and the rows of a small CSV file in UTF-8, with their line numbers.

    Raises
    ------
    TableError
        As `read_coded_csv`.
    """
    file, width = TextFile(path), 0
    with _rows_of(file) as rows:
        for line, row in rows:
            width = width or len(row)
            if len(row) != width:
                _raise_ragged_row(file, width)
            yield line, row
    if not width:
        raise TableError(f"{path}: the file is empty; its first line must name the columns")


@contextmanager
def _rows_of(file: TextFile) -> Iterator[Iterator[tuple[int, list[str]]]]:
    """The file's rows that are not blank, stripped, with their lines."""
    with (
        _named_errors(file),
        file.path.open(newline="", encoding=_encoding(file)) as stream,
    ):
        reader = csv.reader(stream, strict=True, delimiter=file.delimiter)
        yield _stripped_rows(reader)


@contextmanager
def _named_errors(file: TextFile) -> Iterator[None]:
    path = file.path
    try:
        yield
    except OSError as error:
        raise TableError(f"{path}: {error.strerror or error}; name a file of answers") from None
    except (UnicodeError, LookupError):
        raise TableError(_encoding_error(file)) from None
    except csv.Error as error:
        raise TableError(f"{path}, line {_last_line(file)}: not valid CSV ({error})") from None


def _last_line(file: TextFile) -> int:
    """The line on which the csv module fails."""
    with file.path.open(newline="", encoding=_encoding(file)) as stream:
        reader = csv.reader(stream, strict=True, delimiter=file.delimiter)
        try:
            for _ in reader:
                pass
        except csv.Error:
            return reader.line_num
    return reader.line_num


def _stripped_rows(reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    for row in reader:
        cells = [cell.strip() for cell in row]
        if any(cells):
            yield reader.line_num, cells  # type: ignore[attr-defined]


def _encoding_error(file: TextFile) -> str:
    """What is wrong with a file's encoding, where, and what it may be instead."""
    data = file.path.read_bytes()
    try:
        data.decode(file.encoding)
    except LookupError:
        return f"encoding {file.encoding!r} is unknown; use utf-8, latin-1 or utf-16"
    except UnicodeError as error:
        at = getattr(error, "start", 0)
        line = data[:at].count(b"\n") + 1
        guess = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in data[:200] else ""
        value = data[max(data.rfind(b"\n", 0, at) + 1, at - 20) : at + 10].decode("latin-1")
        return (
            f"{file.path}, line {line}: not {file.encoding.upper()} at"
            f" {value.strip()[:40]!r}; save it in UTF-8 or add --encoding {guess or 'latin-1'}"
        )
    return f"{file.path}: not {file.encoding.upper()}; save it as CSV in UTF-8"
