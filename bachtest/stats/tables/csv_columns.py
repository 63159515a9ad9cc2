"""CSV files as coded columns: fast for a million rows, with exact error messages.

Conventions
-----------
Each column is coded as it is read: ``codes`` int32[N] into ``values``, its distinct cells without
the spaces around them. Checks look at the distinct values only. Lines are counted from 1, the
header included, and looked up again only for an error message.
"""

from __future__ import annotations

import gc
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice

import numpy as np
from numpy.typing import NDArray

from bachtest.stats.tables.csv_rows import (
    csv_reader,
    empty,
    fitted,
    named_errors,
    named_width,
    raise_ragged_row,
    rows_of,
)
from bachtest.stats.tables.fast_csv import ParsedCsv, parse_csv
from bachtest.stats.tables.text_file import TableError, TextFile

Codes = NDArray[np.int32]
# Characters read at once.
_CHUNK = 1 << 24
# Gives column i of a chunk: its cells, and codes into them (None: one cell for each row).
Chunk = Callable[[int], tuple[Codes | None, Sequence[str]]]


@dataclass(frozen=True)
class CsvColumn:
    """One column: `codes` int32[N] into `values`."""

    codes: Codes
    values: tuple[str, ...]

    def where(self, included: NDArray[np.bool_]) -> CsvColumn:
        return CsvColumn(self.codes[included], self.values)

    def used(self) -> list[str]:
        """The values that stand in some row."""
        rows = np.bincount(self.codes, minlength=len(self.values))
        return [value for value, n in zip(self.values, rows.tolist(), strict=True) if n]


class CsvColumns:
    """The columns of a file by name. A column is read when it is first asked for.

    `in_file` are the names of the file's own columns, in its order; `names` are those and the
    columns that were put beside them. `rows` are the rows of the file that these columns have,
    int[N]; None for all of them.
    """

    def __init__(
        self, file: TextFile, in_file: Sequence[str], rows: NDArray[np.int64] | None = None
    ) -> None:
        self.file, self.in_file, self.rows = file, tuple(in_file), rows
        self.loaded: dict[str, CsvColumn] = {}

    @property
    def names(self) -> tuple[str, ...]:
        own = tuple(name for name in self.in_file if name)
        return own + tuple(name for name in self.loaded if name not in self.in_file)

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __getitem__(self, name: str) -> CsvColumn:
        if name not in self.loaded:
            column = _read_columns(self.file, self.in_file, [name])[name]
            codes = column.codes if self.rows is None else column.codes[self.rows]
            self.loaded[name] = CsvColumn(codes, column.values)
        return self.loaded[name]

    def replacing(self, name: str, column: CsvColumn) -> CsvColumns:
        """The same columns, but for one, which may be new."""
        columns = CsvColumns(self.file, self.in_file, self.rows)
        columns.loaded = self.loaded | {name: column}
        return columns

    def where(self, included: NDArray[np.bool_]) -> CsvColumns:
        """The columns of the included rows alone."""
        rows = np.flatnonzero(included) if self.rows is None else self.rows[included]
        columns = CsvColumns(self.file, self.in_file, rows)
        columns.loaded = {name: column.where(included) for name, column in self.loaded.items()}
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

    def replacing(self, name: str, column: CsvColumn) -> CodedCsv:
        """The same table, but for one column, which may be new."""
        return CodedCsv(self.file, self.columns.replacing(name, column), self.rows)

    def line(self, row: int) -> int:
        """The line of the file that a row ended on."""
        if self.columns.rows is not None:
            row = int(self.columns.rows[row])
        with rows_of(self.file) as rows:
            next(rows)
            return next(islice(rows, row, None))[0]

    def place(self, row: int) -> str:
        """The file and the line, for an error message."""
        return f"{self.file.path}, line {self.line(row)}"

    @property
    def header_place(self) -> str:
        return f"{self.file.path}, line {self.file.skipped + 1}"


class _Coder(dict[str, int]):
    def __missing__(self, cell: str) -> int:
        code = self[cell] = len(self)
        return code


def read_coded_csv(
    file: TextFile, *, needed: Callable[[str], bool], names: Sequence[str] = ()
) -> CodedCsv:
    """Read a file.

    Parameters
    ----------
    file : TextFile
    needed : name -> bool
        Which columns to read at once.
    names : sequence of str
        What to call the columns instead of what the header says.

    Returns
    -------
    CodedCsv

    Raises
    ------
    TableError
        If the file is missing, empty, not text in this encoding, or a row has more or fewer cells
        than the header.
    """
    if not names:
        with rows_of(file) as rows:
            header = next(rows, None)
        if header is None:
            raise empty(file)
        names = header[1]
        check_names(file, names)
    columns = CsvColumns(file, names)
    at_once = [name for name in names if needed(name)] or names[:1]
    columns.loaded = _read_columns(file, names, at_once)
    return CodedCsv(file, columns, len(columns[at_once[0]].codes))


def check_names(file: TextFile, names: Sequence[str]) -> None:
    """Each column has a name of its own; a column without a name is none of the table's.

    Raises
    ------
    TableError
    """
    if repeated := sorted({name for name in names if name and names.count(name) > 1}):
        raise TableError(
            f"{file.path}, line {file.skipped + 1}: column {repeated[0]!r} appears twice; rename"
            " one of the two"
        )


def _read_columns(
    file: TextFile, names: Sequence[str], wanted: Sequence[str]
) -> dict[str, CsvColumn]:
    at = [names.index(name) for name in wanted]
    coders = [_Coder() for _ in at]
    parts: list[list[Codes]] = [[] for _ in at]
    with named_errors(file), _garbage_collection_off():
        for chunk in _chunks(file, len(names), named_width(names)):
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


def _chunks(file: TextFile, width: int, named: int) -> Iterator[Chunk]:
    """The file in chunks. Plain text is parsed all at once, several times as fast as by the csv
    module; that module takes over from the first quote on.
    """
    with file.opened() as stream:
        while text := stream.read(_CHUNK):
            text += stream.readline()
            if '"' in text or "\0" in text or not file.delimiter.isascii():
                yield from _quoted(file, chain(io.StringIO(text), stream), width, named)
                return
            parsed = parse_csv(text, file.delimiter, width)
            parsed = parsed or _mended(text, file, width, named)
            if parsed:
                yield parsed.column


def _mended(text: str, file: TextFile, width: int, named: int) -> ParsedCsv | None:
    """Text with blank lines, without a last line end, or with rows too short or too long."""
    delimiter = file.delimiter
    lines = [line for line in text.split("\n") if line.replace(delimiter, "").strip()]
    for at, line in enumerate(lines):
        if line.count(delimiter) != width - 1:
            cells = fitted(line.split(delimiter), width, named)
            lines[at] = line if cells is None else delimiter.join(cells)
    parsed = parse_csv("\n".join(lines) + "\n", delimiter, width) if lines else None
    if lines and parsed is None:
        raise_ragged_row(file, width, named)
    return parsed


def _quoted(file: TextFile, lines: Iterable[str], width: int, named: int) -> Iterator[Chunk]:
    reader = csv_reader(lines, file.delimiter)
    while chunk := list(islice(reader, 20_000)):
        rows = [
            row if len(row) == width else fitted(row, width, named)
            for row in chunk
            if any(cell.strip() for cell in row)
        ]
        fitting = [row for row in rows if row is not None]
        if len(fitting) < len(rows):
            raise_ragged_row(file, width, named)
        columns = list(zip(*fitting, strict=True))
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


def _stripped(codes: Codes, values: Sequence[str]) -> CsvColumn:
    cells = [cell.strip() for cell in values]
    if len(set(cells)) == len(cells):
        return CsvColumn(codes, tuple(cells))
    return recoded(codes, cells)


def recoded(codes: Codes, values: Sequence[str]) -> CsvColumn:
    """A column of these values, of which several may be alike."""
    coder = _Coder()
    merged = np.fromiter(map(coder.__getitem__, values), np.int32, len(values))
    return CsvColumn(merged[codes], tuple(coder))
