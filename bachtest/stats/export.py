"""An exported study: the folder's answers, the exclusions of its design, and its pool of pairs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from bachtest.stats.audibility import PoolCount
from bachtest.stats.reading import TableError, read_csv
from bachtest.stats.table import Table, read_table

ANSWERS, DESIGN, ITEMS = "answers.csv", "design.json", "items.csv"


@dataclass(frozen=True)
class Source:
    """What a report is made from. A lone table has no exclusions and no pool."""

    table: Table
    exclusions: tuple[str, ...]
    pool: tuple[PoolCount, ...]


def read_source(path: Path) -> Source:
    """Read an export folder, the answers.csv inside one, or any other table.

    Parameters
    ----------
    path : Path
        An answers.csv with a design.json beside it is read as the export that it belongs to.

    Returns
    -------
    Source

    Raises
    ------
    TableError
        With one line that names the file and the value.
    """
    folder = path if path.is_dir() else path.parent
    file = folder / ANSWERS if path.is_dir() else path
    if path.is_dir() and not file.is_file():
        raise TableError(f"{path}: no {ANSWERS} in this folder; name an export or a table")
    table = read_table(file)
    if file.name != ANSWERS or not (folder / DESIGN).is_file():
        return Source(table, (), ())
    pool = read_pool(folder / ITEMS) if (folder / ITEMS).is_file() else ()
    return Source(table, read_exclusions(folder / DESIGN), pool)


def read_exclusions(path: Path) -> tuple[str, ...]:
    """The flags whose answers the design leaves out of the headline.

    Raises
    ------
    TableError
        If the file is no JSON object, or its exclusions are no list of names.
    """
    try:
        design = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TableError(f"{path}: not readable as JSON ({error})") from None
    exclusions = design.get("exclusions", []) if isinstance(design, dict) else None
    if not isinstance(exclusions, list) or not all(isinstance(flag, str) for flag in exclusions):
        raise TableError(f"{path}: exclusions must be a list of names of flags")
    return tuple(exclusions)


def read_pool(path: Path) -> tuple[PoolCount, ...]:
    """The pairs of an export's items.csv that could play or sound alike, one count each.

    Raises
    ------
    TableError
        If a column is missing or a value is no number.
    """
    lines = read_csv(path)
    _, header = next(lines)
    wanted = ("composer", "condition", "differing", "alike", "set_aside")
    if missing := [name for name in wanted if name not in header]:
        raise TableError(f"{path}: no column {', '.join(map(repr, missing))}")
    at = {name: header.index(name) for name in wanted}
    pool = []
    for number, row in lines:
        composer, condition, differing, alike, set_aside = (row[at[name]] for name in wanted)
        if alike not in ("0", "1"):
            raise TableError(f"{path}, line {number}: alike is {alike!r}; use 0 or 1")
        if set_aside and alike == "0":
            continue  # a copy of Bach, or withdrawn: no measure of how alike the pairs are
        try:
            share = float(differing)
        except ValueError:
            raise TableError(
                f"{path}, line {number}: differing is {differing!r}; use a number"
            ) from None
        pool.append(PoolCount(composer, condition, 1, int(alike), share))
    return tuple(pool)
