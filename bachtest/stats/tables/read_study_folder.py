"""An exported study: the folder's answers, the exclusions of its design, and its pool of pairs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from bachtest.stats.rates.identical_pairs import PoolCount
from bachtest.stats.rates.proportions import CHANCE
from bachtest.stats.rates.protocols import PAIR, DiscriminationProtocol, protocol_named
from bachtest.stats.tables.csv_columns import TableError, read_csv
from bachtest.stats.tables.table import Table, read_table

ANSWERS, DESIGN, ITEMS = "answers.csv", "design.json", "items.csv"


@dataclass(frozen=True)
class Source:
    """What a report is made from. A lone table has no exclusions and no pool."""

    table: Table
    exclusions: tuple[str, ...]
    pool: tuple[PoolCount, ...]
    margin: float | None = None
    protocol: DiscriminationProtocol = PAIR

    def excluding(self, flags: Sequence[str]) -> Source:
        """The same, without the answers that carry one of these flags either."""
        return replace(self, exclusions=tuple(dict.fromkeys((*self.exclusions, *flags))))

    @cached_property
    def included(self) -> Table:
        """The answers that no flag excludes."""
        return self.table.without(self.exclusions)


def read_source(
    path: Path, *, protocol: str = "", delimiter: str = ",", encoding: str = "utf-8"
) -> Source:
    """Read an export folder, the answers.csv inside one, or any other table.

    Parameters
    ----------
    path : Path
        An answers.csv with a design.json beside it is read as the export that it belongs to.
    protocol : str
        How listeners were asked, by name; empty takes the design's protocol, or pairs.
    delimiter, encoding : str

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
    design = {}
    exported = file.name == ANSWERS and (folder / DESIGN).is_file()
    if exported:
        design = read_design(folder / DESIGN)
    asked = protocol_named(protocol or str(design.get("protocol", "")) or PAIR.name)
    table = read_table(file, protocol=asked, delimiter=delimiter, encoding=encoding)
    if not exported:
        return Source(table, (), (), None, asked)
    pool = read_pool(folder / ITEMS) if (folder / ITEMS).is_file() else ()
    return Source(table, _exclusions(folder / DESIGN, design), pool, _margin(design), asked)


def read_design(path: Path) -> dict[str, Any]:
    """The design of an export.

    Raises
    ------
    TableError
        If the file is no JSON object.
    """
    try:
        design = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TableError(f"{path}: not readable as JSON ({error})") from None
    if not isinstance(design, dict):
        raise TableError(f"{path}: a design must be an object, and its exclusions must be a list")
    return design


def _exclusions(path: Path, design: dict[str, Any]) -> tuple[str, ...]:
    exclusions = design.get("exclusions", [])
    if not isinstance(exclusions, list) or not all(isinstance(flag, str) for flag in exclusions):
        raise TableError(f"{path}: exclusions must be a list of names of flags")
    return tuple(exclusions)


def _margin(design: dict[str, Any]) -> float | None:
    margin = design.get("margin")
    return float(margin) if isinstance(margin, (int, float)) and 0 < margin < CHANCE else None


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
