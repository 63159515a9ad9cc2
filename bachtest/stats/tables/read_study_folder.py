"""Reads an exported study: its answers, the exclusions of its design, and its pool of pairs."""

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
from bachtest.stats.tables.composer_versions import name_versions
from bachtest.stats.tables.csv_rows import read_csv_rows
from bachtest.stats.tables.spellings import KNEW, knew_column
from bachtest.stats.tables.table import Table, TableOptions, read_table
from bachtest.stats.tables.text_file import TableError

ANSWERS, DESIGN, ITEMS = "answers.csv", "design.json", "items.csv"
# Answers to unpaired items have no identical pairs beside them: their sides are not the same music.
UNPAIRED_ANSWERS = "unpaired_answers.csv"


@dataclass(frozen=True)
class AnswerSource:
    """What a report is made from. A table on its own has no exclusions and no pool."""

    table: Table
    exclusions: tuple[str, ...]
    pool: tuple[PoolCount, ...]
    margin: float | None = None
    protocol: DiscriminationProtocol = PAIR

    def excluding(self, flags: Sequence[str]) -> AnswerSource:
        """The same source, with answers that carry one of these flags excluded too."""
        return replace(self, exclusions=tuple(dict.fromkeys((*self.exclusions, *flags))))

    def including(self, flag: str) -> AnswerSource:
        """The same source, with answers that carry this flag, unless another one excludes them."""
        return replace(self, exclusions=tuple(name for name in self.exclusions if name != flag))

    def grouped_by(self, names: Sequence[str]) -> AnswerSource:
        """The same source, with one spelling for each group of these columns."""
        known = [name for name in names if name in self.table.columns]
        table = self.table.grouped_by([name for name in known if name != KNEW])
        if KNEW in known:
            column, notes = knew_column(table.data[KNEW])
            data = table.data.replacing(KNEW, column)
            table = replace(table, data=data, notes=(*table.notes, *notes))
        return replace(self, table=table)

    @cached_property
    def included(self) -> Table:
        """The answers that no flag excludes."""
        return self.table.without(self.exclusions)


def read_source(
    path: Path, *, protocol: str = "", options: TableOptions | None = None
) -> AnswerSource:
    """Read an export folder, one of the tables of answers inside it, or any other table.

    Parameters
    ----------
    path : Path
        An answers.csv or unpaired_answers.csv beside a design.json is read as part of that export.
        A folder stands for its answers.csv.
    protocol : str
        How listeners were asked, by name; empty takes the design's protocol, or pairs.
    options : TableOptions or None

    Returns
    -------
    AnswerSource

    Raises
    ------
    TableError
        One line that names the file and the value.
    """
    folder = path if path.is_dir() else path.parent
    file = folder / ANSWERS if path.is_dir() else path
    if path.is_dir() and not file.is_file():
        raise TableError(f"{path}: no {ANSWERS} in this folder; name an export or a table")
    design = {}
    exported = file.name in (ANSWERS, UNPAIRED_ANSWERS) and (folder / DESIGN).is_file()
    if exported:
        design = read_design(folder / DESIGN)
    stated = protocol or str(design.get("protocol", ""))
    asked = protocol_named(stated or PAIR.name)
    if options is not None and options.correct_is and not asked.has_truth:
        raise TableError(f"--correct-is: with --protocol {asked.name} no answer is right or wrong")
    table = read_table(
        file, protocol=asked, options=options, exported=exported, repeats=bool(stated)
    )
    if not exported:
        return AnswerSource(table, (), (), None, asked)
    if not asked.has_truth:  # the margin of the design is one of rates of right answers
        return AnswerSource(table, _exclusions(folder / DESIGN, design), (), None, asked)
    has_pool = file.name == ANSWERS and (folder / ITEMS).is_file()
    pool = read_pool(folder / ITEMS) if has_pool else ()
    table, pool = name_versions(table, pool)
    exclusions = _exclusions(folder / DESIGN, design)
    return AnswerSource(table, exclusions, pool, _margin(design), asked)


def read_design(path: Path) -> dict[str, Any]:
    """The design of an export.

    Raises
    ------
    TableError
        If the file is not a JSON object.
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
        raise TableError(f"{path}: exclusions must be a list of flag names")
    return tuple(exclusions)


def _margin(design: dict[str, Any]) -> float | None:
    margin = design.get("margin")
    return float(margin) if isinstance(margin, (int, float)) and 0 < margin < CHANCE else None


def read_pool(path: Path) -> tuple[PoolCount, ...]:
    """The pairs of an export's items.csv that can play, and the identical ones, one count each.

    Raises
    ------
    TableError
        If a column is missing or a value is not a number.
    """
    lines = read_csv_rows(path)
    _, header = next(lines)
    names = ("composer", "condition", "differing", "alike", "set_aside")
    if missing := [name for name in names if name not in header]:
        raise TableError(f"{path}: no column {', '.join(map(repr, missing))}")
    at = {name: header.index(name) for name in names}
    version_at = header.index("version") if "version" in header else None
    pool = []
    for number, row in lines:
        values = (row[at[name]] for name in names)
        composer, condition, differing, identical, excluded_reason = values
        if identical not in ("0", "1"):
            raise TableError(f"{path}, line {number}: alike is {identical!r}; use 0 or 1")
        if identical == "0" and (excluded_reason or not differing):
            continue  # a copy of Bach, withdrawn, or not paired: says nothing about identical pairs
        try:
            share = float(differing)
        except ValueError:
            raise TableError(
                f"{path}, line {number}: differing is {differing!r}; use a number"
            ) from None
        version = "" if version_at is None else row[version_at]
        pool.append(PoolCount(composer, condition, 1, int(identical), share, version))
    return tuple(pool)
