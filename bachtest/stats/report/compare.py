"""`python -m bachtest.stats compare FILE` ranks those who were compared with each other."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bachtest.stats.clustered.bradley_terry import BradleyTerry, bradley_terry
from bachtest.stats.rates.equivalence import ALPHA, check_alpha
from bachtest.stats.rates.result import counted, plain, sentence
from bachtest.stats.report.counts_text import grid
from bachtest.stats.report.forest import ForestMark, forest_text
from bachtest.stats.report.terminal import wrapped
from bachtest.stats.tables.choices.comparisons import ComparisonTable, read_comparisons, summary_of
from bachtest.stats.tables.table import TableError
from bachtest.stats.tables.text_file import PIPED, STANDARD_INPUT, delimiter_of, piped

FORMAT = 1
_DRAWS, _SEED = 1999, 1
# Of fewer draws the outer 2.5% are two or none, and an interval from them says nothing.
_MIN_DRAWS, _MAX_DRAWS = 100, 100_000


def compare(prog: str, arguments: Sequence[str]) -> str:
    """What the command prints.

    Parameters
    ----------
    prog : str
        The name of the program in its help.
    arguments : sequence of str
        Those behind `compare`.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        One line that says what is wrong with the table or an option.
    """
    options = _parser(prog).parse_args(arguments)
    check_alpha(options.alpha)
    if not _MIN_DRAWS <= options.draws <= _MAX_DRAWS:
        raise TableError(
            f"--draws {options.draws}; use a number from {_MIN_DRAWS} to {_MAX_DRAWS:,}"
        )
    table = read_comparisons(
        STANDARD_INPUT if options.path == PIPED else Path(options.path),
        delimiter=delimiter_of(options.delimiter),
        encoding=options.encoding,
        columns=_columns(options.column),
        data=piped() if options.path == PIPED else None,
    )
    result = bradley_terry(
        table.wins, generator=np.random.default_rng(_SEED), draws=options.draws,
        level=1 - options.alpha,
    )  # fmt: skip
    if options.json:
        return json.dumps(compare_json(table, result), indent=2)
    return compare_text(table, result)


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"{prog} compare",
        description="Strengths of those who were compared in pairs, by Bradley and Terry's model.",
    )
    parser.add_argument(
        "path",
        help="a CSV table: winner,loser and n if a row counts several; it may be a .gz file, and -"
        " is standard input",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--alpha", type=float, default=ALPHA, help="intervals have level 1 - alpha (default .05)"
    )
    parser.add_argument(
        "--draws", type=int, default=_DRAWS, help="of the bootstrap (default %(default)s)"
    )
    parser.add_argument("--delimiter", default=",", metavar="CHARACTER")
    parser.add_argument("--encoding", default="utf-8")
    parser.add_argument(
        "--column",
        action="append",
        default=[],
        metavar="NAME=COLUMN",
        help="what the table calls winner, loser or n; may be repeated",
    )
    return parser


def _columns(stated: Sequence[str]) -> dict[str, str]:
    columns = {}
    for text in stated:
        name, equals, column = (part.strip() for part in text.partition("="))
        if not equals or not column or name not in ("winner", "loser", "n"):
            raise TableError(f"--column {text!r}: use winner=COLUMN, loser=COLUMN or n=COLUMN")
        columns[name] = column
    return columns


def compare_text(table: ComparisonTable, result: BradleyTerry) -> str:
    """Strengths, a picture of them, and what was counted, for a terminal.

    Parameters
    ----------
    table : ComparisonTable
    result : BradleyTerry

    Returns
    -------
    str
    """
    parts = [summary_of(table), "\n".join(table.notes)]
    if not result.strengths:
        wins = _wins(table) if table.wins else ""
        return "\n\n".join(filter(None, [*parts, f"{result.why_not}.", wins]))
    interval = f"{100 * result.level:g}% interval"
    rows: list[tuple[str, ...]] = [("", "strength", interval, "won", "lost")]
    for row in result.strengths:
        limits = "-" if row.low is None else f"{row.low:+z.2f} to {row.high:+z.2f}"
        rows.append((row.name, f"{row.estimate:+z.2f}", limits, f"{row.wins:,}", f"{row.losses:,}"))
    marks = [
        ForestMark(
            row.name, _chance(row.estimate),
            _chance(row.estimate if row.low is None else row.low),
            _chance(row.estimate if row.high is None else row.high),
        )
        for row in result.strengths
    ]  # fmt: skip
    parts += [
        grid(rows),
        f"Chance of winning against a competitor of mean strength\n{forest_text(marks)}",
        wrapped(
            "Strengths are logits and sum to 0; the chance that one wins against another is that"
            f" of the difference of their strengths. {sentence(result.method)} Assumed:"
            f" {result.assumptions}."
        ),
    ]
    if result.failed_draws:
        draws = counted(result.failed_draws, "draw")
        parts.append(f"{draws} of the bootstrap gave no finite strengths and are left out.")
    return "\n\n".join(filter(None, parts))


def _chance(strength: float) -> float:
    return 1 / (1 + math.exp(-strength))


def _wins(table: ComparisonTable) -> str:
    rows: list[tuple[str, ...]] = [("winner", "loser", "n")]
    rows += [(won, lost, f"{n:,}") for (won, lost), n in sorted(table.wins.items())]
    return grid(rows)


def compare_json(table: ComparisonTable, result: BradleyTerry) -> dict[str, object]:
    """The same as plain data.

    Parameters
    ----------
    table : ComparisonTable
    result : BradleyTerry

    Returns
    -------
    dict
    """
    return {
        "format": FORMAT,
        "source": str(table.path),
        "notes": list(table.notes),
        **plain(result),
        "wins": [
            {"winner": won, "loser": lost, "n": n} for (won, lost), n in sorted(table.wins.items())
        ],
    }
