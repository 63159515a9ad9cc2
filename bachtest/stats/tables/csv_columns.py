"""CSV files as columns of codes: fast for a million rows, and exact about what is wrong where.

Conventions
-----------
Each column is coded as it is read: ``codes`` int32[N] into ``values``, its different cells without
the spaces around them. Everything that is checked is checked on the different values. Lines are
counted from 1, the header's included, and looked up again only when something is wrong.
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

from bachtest.stats.tables.fast_csv import Cut, cut

Codes = NDArray[np.int32]
# Characters at a time.
_CHUNK = 1 << 24
# Of a column by its place: codes into cells; None where every row has its own.
Chunk = Callable[[int], tuple[Codes | None, Sequence[str]]]
_SIGNS = {";": "semicolons", "\t": "tabs", "|": "bars"}


class TableError(ValueError):
    """A file that cannot be read as a table; the message names the file, the line and the value."""


@dataclass(frozen=True)
class TextFile:
    """Where a table is, and how its text is written."""

    path: Path
    delimiter: str = ","
    encoding: str = "utf-8"


@dataclass(frozen=True)
class Column:
    """One column: `codes` int32[N] into `values`."""

    codes: Codes
    values: tuple[str, ...]


class Columns:
    """The columns by name. Those that no question needs are read when they are first asked for.

    `keep` are the rows of the file that are left, int[N]; None where all are.
    """

    def __init__(
        self, file: TextFile, names: Sequence[str], keep: NDArray[np.int64] | None = None
    ) -> None:
        self.file, self.names, self.keep = file, tuple(names), keep
        self.read: dict[str, Column] = {}

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __getitem__(self, name: str) -> Column:
        if name not in self.read:
            found = _coded(self.file, self.names, [name])[name]
            codes = found.codes if self.keep is None else found.codes[self.keep]
            self.read[name] = Column(codes, found.values)
        return self.read[name]

    def where(self, keep: NDArray[np.bool_]) -> Columns:
        """The columns of the rows that are kept."""
        rows = np.flatnonzero(keep) if self.keep is None else self.keep[keep]
        found = Columns(self.file, self.names, rows)
        found.read = {name: Column(c.codes[keep], c.values) for name, c in self.read.items()}
        return found


@dataclass(frozen=True)
class Grid:
    """A file as coded columns."""

    source: TextFile
    columns: Columns
    rows: int

    @property
    def names(self) -> tuple[str, ...]:
        return self.columns.names

    def line(self, row: int) -> int:
        """The line of the file that a row ended on."""
        with _rows_of(self.source) as rows:
            next(rows)
            return next(islice(rows, row, None))[0]

    def where(self, row: int) -> str:
        return f"{self.source.path}, line {self.line(row)}"


class _Coder(dict[str, int]):
    def __missing__(self, cell: str) -> int:
        code = self[cell] = len(self)
        return code


def read_grid(source: TextFile, *, needed: Callable[[str], bool]) -> Grid:
    """Read a file.

    Parameters
    ----------
    source : TextFile
    needed : name -> bool
        Which columns to read at once.

    Returns
    -------
    Grid

    Raises
    ------
    TableError
        If the file is missing, empty, no text of this encoding, or a row has more or fewer cells
        than the header.
    """
    with _rows_of(source) as rows:
        header = next(rows, None)
    if header is None:
        raise TableError(f"{source.path}: the file is empty; its first line must name the columns")
    names = header[1]
    _check_names(source.path, names)
    columns = Columns(source, names)
    first = [name for name in names if needed(name)] or names[:1]
    columns.read = _coded(source, names, first)
    return Grid(source, columns, len(columns[first[0]].codes))


def _coded(source: TextFile, names: Sequence[str], wanted: Sequence[str]) -> dict[str, Column]:
    at = [names.index(name) for name in wanted]
    coders = [_Coder() for _ in at]
    parts: list[list[Codes]] = [[] for _ in at]
    with _named_errors(source), _no_collection():
        for columns in _chunks(source, len(names)):
            for coder, part, i in zip(coders, parts, at, strict=True):
                codes, cells = columns(i)
                own = np.fromiter(map(coder.__getitem__, cells), np.int32, len(cells))
                part.append(own if codes is None else own[codes])
    found = {}
    for name, coder, part in zip(wanted, coders, parts, strict=True):
        # The header is the first row, and its name the first value; seldom is it one of the others.
        codes, cells = np.concatenate(part)[1:], list(coder)
        if not (codes == 0).any():
            codes, cells = codes - np.int32(1), cells[1:]
        found[name] = _stripped(codes, cells)
    return found


def _chunks(source: TextFile, width: int) -> Iterator[Chunk]:
    """Parts of the file. Plain text is cut all at once, which is several times as fast as the csv
    module; from the first quote on that module reads.
    """
    with source.path.open(encoding=_encoding(source)) as file:
        while chunk := file.read(_CHUNK):
            chunk += file.readline()
            if '"' in chunk or "\0" in chunk or not source.delimiter.isascii():
                yield from _quoted(source, chain(chunk.splitlines(True), file), width)
                return
            if plain := cut(chunk, source.delimiter, width) or _mended(chunk, source, width):
                yield plain.column


def _mended(chunk: str, source: TextFile, width: int) -> Cut | None:
    """A part with blank lines, without a line end, or with rows that are too short or too long."""
    sign = source.delimiter
    lines = [line for line in chunk.split("\n") if line.replace(sign, "").strip()]
    if any(line.count(sign) != width - 1 for line in lines):
        _raise_width(source, width)
    return cut("\n".join(lines) + "\n", sign, width) if lines else None


def _quoted(source: TextFile, lines: Iterable[str], width: int) -> Iterator[Chunk]:
    reader = csv.reader(lines, strict=True, delimiter=source.delimiter)
    while chunk := list(islice(reader, 20_000)):
        rows = [row for row in chunk if any(cell.strip() for cell in row)]
        if any(len(row) != width for row in rows):
            _raise_width(source, width)
        columns = list(zip(*rows, strict=True))
        if columns:
            yield lambda i, columns=columns: (None, columns[i])  # type: ignore[misc]


@contextmanager
def _no_collection() -> Iterator[None]:
    # Millions of strings without cycles: looking for cycles among them takes as long as reading.
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _encoding(source: TextFile) -> str:
    # A spreadsheet's mark before the first name is no part of it.
    return "utf-8-sig" if source.encoding.lower() in ("utf-8", "utf8") else source.encoding


def _stripped(codes: Codes, values: Sequence[str]) -> Column:
    cells = [cell.strip() for cell in values]
    if len(set(cells)) == len(cells):
        return Column(codes, tuple(cells))
    again = _Coder()
    moved = np.fromiter(map(again.__getitem__, cells), np.int32, len(cells))
    return Column(moved[codes], tuple(again))


def _check_names(path: Path, names: Sequence[str]) -> None:
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise TableError(f"{path}, line 1: column {twice[0]!r} stands there twice")


def separated_otherwise(names: Sequence[str]) -> str:
    """What a header that makes no sense is probably separated by, and the way out.

    Examples
    --------
    >>> separated_otherwise(["n;correct"])
    "separated by semicolons; add --delimiter ';'"
    """
    if any("\0" in name for name in names):
        return "every other byte is 0; add --encoding utf-16"
    for sign, words in _SIGNS.items():
        if any(sign in name for name in names):
            shown = "tab" if sign == "\t" else f"'{sign}'"
            return f"separated by {words}; add --delimiter {shown}"
    return ""


def _raise_width(source: TextFile, width: int) -> None:
    with _rows_of(source) as rows:
        for line, row in rows:
            if len(row) != width:
                raise TableError(
                    f"{source.path}, line {line}: {len(row)} cells where the header has {width}:"
                    f" {source.delimiter.join(row)[:80]!r}"
                )


def read_csv(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The header and the rows of a small CSV file in UTF-8 with their line numbers.

    Raises
    ------
    TableError
        As `read_grid`.
    """
    source, width = TextFile(path), 0
    with _rows_of(source) as rows:
        for line, row in rows:
            width = width or len(row)
            if len(row) != width:
                _raise_width(source, width)
            yield line, row
    if not width:
        raise TableError(f"{path}: the file is empty; its first line must name the columns")


@contextmanager
def _rows_of(source: TextFile) -> Iterator[Iterator[tuple[int, list[str]]]]:
    """The file's rows that are not blank, stripped, with their lines."""
    with (
        _named_errors(source),
        source.path.open(newline="", encoding=_encoding(source)) as file,
    ):
        reader = csv.reader(file, strict=True, delimiter=source.delimiter)
        yield _stripped_rows(reader)


@contextmanager
def _named_errors(source: TextFile) -> Iterator[None]:
    path = source.path
    try:
        yield
    except OSError as error:
        raise TableError(f"{path}: {error.strerror or error}; name a file of answers") from None
    except (UnicodeError, LookupError):
        raise TableError(_no_text(source)) from None
    except csv.Error as error:
        raise TableError(f"{path}, line {_last_line(source)}: not CSV ({error})") from None


def _last_line(source: TextFile) -> int:
    """The line on which the csv module stumbles."""
    with source.path.open(newline="", encoding=_encoding(source)) as file:
        reader = csv.reader(file, strict=True, delimiter=source.delimiter)
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


def _no_text(source: TextFile) -> str:
    """What is wrong with a file's encoding, where, and what it may be instead."""
    data = source.path.read_bytes()
    try:
        data.decode(source.encoding)
    except LookupError:
        return f"encoding {source.encoding!r} is unknown; use utf-8, latin-1 or utf-16"
    except UnicodeError as error:
        at = getattr(error, "start", 0)
        line = data[:at].count(b"\n") + 1
        guess = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in data[:200] else ""
        value = data[max(data.rfind(b"\n", 0, at) + 1, at - 20) : at + 10].decode("latin-1")
        return (
            f"{source.path}, line {line}: not {source.encoding.upper()} at"
            f" {value.strip()[:40]!r}; save it in UTF-8 or add --encoding {guess or 'latin-1'}"
        )
    return f"{source.path}: not {source.encoding.upper()}; save it as CSV in UTF-8"
