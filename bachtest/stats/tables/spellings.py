"""Cells that differ but mean the same: 1 and 1.0 are one listener, ` ATB` and `atb` one condition.

Whatever is read as one is said, in `notes` of the table.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence

import numpy as np

from bachtest.stats.rates.result import listed
from bachtest.stats.tables.cell_words import LEFT_RIGHT, MISSING, knew_level
from bachtest.stats.tables.column_names import UNSEEN, fold
from bachtest.stats.tables.csv_columns import CodedCsv, CsvColumn, recoded
from bachtest.stats.tables.text_file import shown

IDS = ("listener", "item")
GROUPS = ("condition", "composer", "experience")
KNEW = "knew"
_WHOLE = re.compile(r"(-?\d+)[.,]0+")
_SUSPICIOUS = re.compile(r"[.,]0|\s\s|[^\x00-\x7f]|[\t\n]")
# A share or a temperature: .5, 0.5 and 0,50.
_BELOW_ONE = re.compile(r"0?[.,](\d*[1-9])0*")
_CUT = re.compile(r"\d[.,]\d+E\+\d+")
_SHOWN = 2


def one_spelling(table: CodedCsv, *, groups: Sequence[str] = GROUPS) -> tuple[CodedCsv, list[str]]:
    """The table with one spelling for each listener, item and group, and what was decided.

    Parameters
    ----------
    table : CodedCsv
    groups : sequence of str
        Columns whose cells differ by more than case.

    Returns
    -------
    CodedCsv
    notes : list of str
    """
    notes: list[str] = []
    for name in (*IDS, *groups):
        if name not in table.columns:
            continue
        column = table.columns[name]
        key = same_id if name in IDS else same_group
        merged, note = merged_column(name, column, key)
        if note:
            table = table.replacing(name, merged)
            notes.append(note)
        if name in IDS:
            notes += [*_case_only(name, merged), *_cut_numbers(name, merged)]
    return table, notes


def same_id(cell: str) -> str:
    """A name without what nobody sees: 1.0 as 1, ü in one way, single spaces.

    Examples
    --------
    >>> same_id("12.0"), same_id("a\\u00a0 b")
    ('12', 'a b')
    """
    if not _SUSPICIOUS.search(cell):
        return cell
    if whole := _WHOLE.fullmatch(cell):
        return whole[1]
    return " ".join(unicodedata.normalize("NFC", cell).translate(UNSEEN).split())


def same_group(cell: str) -> str:
    if share := _BELOW_ONE.fullmatch(cell):
        return f"0.{share[1]}"
    return fold(same_id(cell))


def merged_column(name: str, column: CsvColumn, key: Callable[[str], str]) -> tuple[CsvColumn, str]:
    """A column in which cells with one key are one, and a note that says which were; "" if none."""
    if key is same_id and _plain("|".join(column.values)):
        return column, ""
    keys = [key(cell) for cell in column.values]
    if len(set(keys)) == len(keys):
        return column, ""
    rows = np.bincount(column.codes, minlength=len(keys)).tolist()
    spellings: dict[str, list[int]] = {}
    for code, cell_key in enumerate(keys):
        if rows[code]:
            spellings.setdefault(cell_key, []).append(code)
    best = {
        cell_key: same_id(column.values[max(codes, key=lambda code: rows[code])])
        for cell_key, codes in spellings.items()
    }
    merged = recoded(column.codes, [best.get(cell_key, cell_key) for cell_key in keys])
    several = [codes for codes in spellings.values() if len(codes) > 1]
    if not several:
        return column, ""
    examples = [
        " and ".join(shown(column.values[code]) for code in codes[:3]) for codes in several[:_SHOWN]
    ]
    more = f", and {len(several) - _SHOWN} more" if len(several) > _SHOWN else ""
    return merged, f"{name}: {', '.join(f'{each} are one' for each in examples)}{more}."


def _plain(text: str) -> bool:
    """Whether no cell can be a spelling of another: quickly, for a million names."""
    return text.isascii() and not any(cut in text for cut in (".0", ",0", "  ", "\t", "\n"))


def _case_only(name: str, column: CsvColumn) -> list[str]:
    cells = "\n".join(column.values)
    if cells == cells.casefold():
        return []
    folded: dict[str, str] = {}
    for cell in column.used():
        other = folded.setdefault(cell.casefold(), cell)
        if other != cell:
            return [f"{name}: {shown(other)} and {shown(cell)} differ in case alone, and are two."]
    return []


def _cut_numbers(name: str, column: CsvColumn) -> list[str]:
    """A spreadsheet writes long numbers as 1.23E+11, several of them alike."""
    if "E+" not in "".join(column.values):
        return []
    cut = next(filter(_CUT.fullmatch, column.used()), "")
    return [
        f"{name}: {shown(cut)} looks like a long number that a spreadsheet has cut; several may"
        " have become one."
    ] * bool(cut)


def stated_groups(table: CodedCsv, names: Sequence[str]) -> tuple[CodedCsv, list[str]]:
    """The table with `NA` and its like as empty cells, which count as unstated."""
    notes = []
    for name in names:
        if name not in table.columns:
            continue
        column = table.columns[name]
        if missing := [cell for cell in column.used() if cell in MISSING - {""}]:
            values = ["" if cell in MISSING else cell for cell in column.values]
            table = table.replacing(name, recoded(column.codes, values))
            notes.append(f"{name}: {', '.join(map(shown, missing))} counts as unstated.")
    return table, notes


def left_and_right(table: CodedCsv) -> tuple[CodedCsv, list[str]]:
    """The table with `side` and `chosen` as left and right, however they were written."""
    notes = []
    for name in ("side", "chosen"):
        if name not in table.columns:
            continue
        column = table.columns[name]
        values = [LEFT_RIGHT.get(fold(cell), cell) for cell in column.values]
        if values != list(column.values):
            table = table.replacing(name, recoded(column.codes, values))
        other = [cell for cell in table.columns[name].used() if cell not in ("left", "right", "")]
        if name == "side" and other:
            notes.append(
                f"side: {', '.join(map(shown, other[:3]))} is neither left nor right; no bias"
                " towards a side is computed from such rows."
            )
    return table, notes


def knew_column(column: CsvColumn) -> tuple[CsvColumn, list[str]]:
    """The column in the words of `KNEW_LEVELS`, and what was decided.

    Parameters
    ----------
    column : CsvColumn

    Returns
    -------
    CsvColumn
    notes : list of str
    """
    levels = [knew_level(cell) for cell in column.values]
    level_of = dict(zip(column.values, levels, strict=True))
    read = [
        f"{shown(cell)} is {level_of[cell]}" if cell else f"an empty cell is {level_of[cell]}"
        for cell in column.used()
        if level_of[cell] != fold(cell)
    ]
    notes = [f"knew: {listed(read)}."] if read else []
    return recoded(column.codes, levels), notes
