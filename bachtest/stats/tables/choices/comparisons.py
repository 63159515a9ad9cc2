"""Tables of comparisons: who was preferred to whom, and how often."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bachtest.stats.rates.result import counted, listed
from bachtest.stats.tables.cell_words import MISSING, whole_number, whole_number_hint
from bachtest.stats.tables.column_names import fold
from bachtest.stats.tables.csv_rows import (
    empty,
    fitted,
    named_width,
    raise_ragged_row,
    rows_of,
    separator_hint,
)
from bachtest.stats.tables.spellings import same_group
from bachtest.stats.tables.text_file import TableError, TextFile, shown, shown_names, text_file

_NEEDED = ("winner", "loser")
_NAMES = (*_NEEDED, "n")


@dataclass(frozen=True)
class ComparisonTable:
    """How often each was preferred to each other one; `notes` say what was decided in reading."""

    path: Path
    wins: Mapping[tuple[str, str], int]
    notes: tuple[str, ...]


def read_comparisons(
    path: Path,
    *,
    delimiter: str = ",",
    encoding: str = "utf-8",
    columns: Mapping[str, str] | None = None,
    data: bytes | None = None,
) -> ComparisonTable:
    """Read a table with the columns winner and loser, and n if a row counts several comparisons.

    Parameters
    ----------
    path : Path
    delimiter, encoding : str
    columns : mapping or None
        winner, loser or n to what the file calls them.
    data : bytes or None
        The content of the file, if it has been read already.

    Returns
    -------
    ComparisonTable

    Raises
    ------
    TableError
        One line that names the file, the line, the value, and what to use instead.
    """
    file = text_file(path, delimiter, encoding, data)
    wins: dict[tuple[str, str], int] = {}
    spelled: dict[str, dict[str, int]] = {}
    with rows_of(file) as rows:
        line, header = next(rows, (0, []))
        if not header:
            raise empty(file)
        at = _positions(file, line, header, columns or {})
        for line, row in rows:
            cells = fitted(row, len(header), named_width(header))
            if cells is None:
                raise_ragged_row(file, len(header), named_width(header))
            pair, n = _comparison(f"{path}, line {line}", cells, at)
            for name in pair:
                spellings = spelled.setdefault(same_group(name), {})
                spellings[name] = spellings.get(name, 0) + n
            key = (same_group(pair[0]), same_group(pair[1]))
            wins[key] = wins.get(key, 0) + n
    best = {key: max(names, key=lambda name: names[name]) for key, names in spelled.items()}
    notes = [
        f"{listed([shown(name) for name in names])} are one."
        for names in spelled.values()
        if len(names) > 1
    ]
    return ComparisonTable(
        path, {(best[won], best[lost]): n for (won, lost), n in wins.items()}, tuple(notes)
    )


def _positions(
    file: TextFile, line: int, header: Sequence[str], columns: Mapping[str, str]
) -> dict[str, int]:
    folded = [fold(cell) for cell in header]
    at: dict[str, int] = {}
    for name in _NAMES:
        called = fold(columns.get(name, name))
        if folded.count(called) > 1:
            raise TableError(
                f"{file.path}, line {line}: column {called!r} appears twice; rename one of the two"
            )
        if called in folded:
            at[name] = folded.index(called)
        elif name in _NEEDED or name in columns:
            hint = separator_hint(header, file.delimiter)
            if hint:
                raise TableError(f"{file.path}, line {line}: {hint}: {shown(', '.join(header))}")
            raise TableError(
                f"{file.path}, line {line}: no column {called!r}; a table of comparisons needs"
                " winner and loser, and n if a row counts several; this one has"
                f" {shown_names(header)}; add --column {name}=COLUMN for another name"
            )
    return at


def _comparison(
    place: str, cells: Sequence[str], at: Mapping[str, int]
) -> tuple[tuple[str, str], int]:
    winner, loser = (cells[at[name]] for name in _NEEDED)
    for name, cell in (("winner", winner), ("loser", loser)):
        if cell in MISSING:
            raise TableError(
                f"{place}: {name} is {shown(cell) if cell else 'empty'}; write which one it is, or"
                " delete the row"
            )
    if same_group(winner) == same_group(loser):
        raise TableError(
            f"{place}: {shown(winner)} is winner and loser; correct one of the two, or delete the"
            " row"
        )
    if "n" not in at:
        return (winner, loser), 1
    n = whole_number(cells[at["n"]])
    if n is None:
        raise TableError(
            f"{place}: n is {shown(cells[at['n']])}; {whole_number_hint(cells[at['n']])}"
        )
    return (winner, loser), n


def summary_of(table: ComparisonTable) -> str:
    """The size of a table, in words.

    Examples
    --------
    >>> print(summary_of(ComparisonTable(Path("a.csv"), {("x", "y"): 3, ("y", "x"): 1}, ())))
    a.csv: 4 comparisons of 2 competitors
    """
    competitors = {name for pair in table.wins for name in pair}
    return (
        f"{table.path}: {counted(sum(table.wins.values()), 'comparison')} of"
        f" {counted(len(competitors), 'competitor')}"
    )
