"""`python -m bachtest.stats PATH` analyses a table of answers or an exported study."""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from bachtest.lib.threads import use_one_thread

use_one_thread()

from bachtest.stats.planning.plan import add_arguments, plan_from
from bachtest.stats.rates.protocols import PROTOCOLS
from bachtest.stats.rates.summary import CountSettings
from bachtest.stats.report.all_bach import AllBachAnalysis, analyse_all_bach
from bachtest.stats.report.all_bach_report import all_bach_html, all_bach_json, all_bach_text
from bachtest.stats.report.analysis import Analysis, analyse
from bachtest.stats.report.compare import compare
from bachtest.stats.report.counting_options import add_counting_arguments
from bachtest.stats.report.html import to_html
from bachtest.stats.report.plan_text import plan_text
from bachtest.stats.report.terminal import analysis_json, analysis_text
from bachtest.stats.tables.column_names import FLAG, KNOWN, known_name
from bachtest.stats.tables.read_study_folder import AnswerSource, read_source
from bachtest.stats.tables.table import TableError, TableOptions
from bachtest.stats.tables.text_file import PIPED, STANDARD_INPUT, delimiter_of, piped

_PROG = "python -m bachtest.stats"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=_PROG,
        description=__doc__,
        epilog=f"`{_PROG} power --help` plans a study; `{_PROG} compare --help` ranks by"
        " comparisons.",
    )
    parser.add_argument(
        "path",
        help="an export folder, or a CSV table: listener,item,condition,correct or n,correct; it"
        " may be a .gz file, and - is standard input",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a page with pictures")
    parser.add_argument(
        "--by",
        action="append",
        default=[],
        metavar="COLUMN[,COLUMN]",
        help="compare these columns: crossed in the table of counts, main effects in the model;"
        " A*B has the model cross them too; may be repeated",
    )
    parser.add_argument(
        "--slopes",
        action="append",
        default=[],
        metavar="COLUMN[,COLUMN]",
        help="add by-listener random slopes for these columns to the model",
    )
    parser.add_argument(
        "--side-bias",
        action="store_true",
        help="add a term for the side on which Bach was to the model",
    )
    parser.add_argument(
        "--protocol",
        choices=list(PROTOCOLS),
        metavar="NAME",
        help=f"how listeners were asked: {', '.join(PROTOCOLS)}",
    )
    parser.add_argument("--margin", type=float, help="equivalence margin: .05 means 45%% to 55%%")
    parser.add_argument("--alpha", type=float, default=0.05, help="size of all tests (default .05)")
    parser.add_argument(
        "--pooled",
        action="store_true",
        help="skip the mixed model: fast, but the intervals are too narrow",
    )
    parser.add_argument(
        "--without",
        action="append",
        default=[],
        metavar="FLAG",
        help="exclude answers with this flag, besides those that the design excludes",
    )
    parser.add_argument(
        "--public",
        action="store_true",
        help="show counts only, and hide cells with few answers, as the public page does",
    )
    add_counting_arguments(parser)
    parser.add_argument(
        "--delimiter",
        default=",",
        metavar="CHARACTER",
        help="character between cells: ; or | or tab (default: comma)",
    )
    parser.add_argument("--encoding", default="utf-8", help="latin-1, utf-16, ... (default utf-8)")
    parser.add_argument(
        "--column",
        action="append",
        default=[],
        metavar="NAME=COLUMN",
        help="what the table calls a column: listener=participant; may be repeated",
    )
    parser.add_argument(
        "--correct-is",
        action="append",
        default=[],
        metavar="WORD",
        help="the word in the column correct that means right, if it is none like 1, true or yes;"
        " any other means wrong; or the name of a column that says what is right",
    )
    parser.add_argument(
        "--skip-missing",
        action="store_true",
        help="leave out rows in which correct is empty, or NA and the like",
    )
    return parser


def _table_options(options: argparse.Namespace) -> TableOptions:
    delimiter = delimiter_of(options.delimiter)
    columns: dict[str, str] = {}
    for stated in options.column:
        name, equals, column = (part.strip() for part in stated.partition("="))
        if not equals or not column:
            raise TableError(f"--column {stated!r}: use NAME=COLUMN, as in listener=participant")
        name = name if name.startswith(FLAG) else known_name(name) or name
        if name not in KNOWN and not name.startswith(FLAG):
            turned = f"; turn it round: '{column}={name}'" if known_name(column) else ""
            raise TableError(f"--column {stated!r}: {name!r} is none of {', '.join(KNOWN)}{turned}")
        if columns.setdefault(name, column) != column:
            raise TableError(f"--column: {name} is both {columns[name]!r} and {column!r}; name one")
    return TableOptions(
        delimiter,
        options.encoding,
        columns,
        tuple(options.correct_is),
        options.skip_missing,
        piped() if options.path == PIPED else None,
    )


def source_of(arguments: Sequence[str]) -> AnswerSource:
    """The answers that the arguments of the program name, before any question is asked."""
    return _source(_parser().parse_args(arguments))


def _source(options: argparse.Namespace) -> AnswerSource:
    source = read_source(
        STANDARD_INPUT if options.path == PIPED else Path(options.path),
        protocol=options.protocol or "",
        options=_table_options(options),
    )
    table = source.table
    by_item = "item" in table.columns and "condition" not in table.columns
    if by_item and not table.of_answers and options.protocol is None:
        raise TableError(
            f"{table.path}: counts by item do not say how listeners were asked: guessing between"
            " two clips is right half the time, but with single clips, all by a machine, the share"
            " of right answers says nothing about skill; add --protocol pair or --protocol"
            " single-fakes"
        )
    return source


def _analysis(options: argparse.Namespace) -> Analysis | AllBachAnalysis:
    source = _source(options)

    def names(group: str) -> list[str]:
        return [source.table.name_of(name.strip()) for name in re.split("[,*]", group)]

    by = [names(group) for group in options.by]
    interactions = list(
        dict.fromkeys(
            pair
            for group in options.by
            for pair in _crossed([names(part) for part in group.split(",")])
        )
    )
    slopes = [name for group in options.slopes for name in names(group)]
    source = source.grouped_by([name for group in [*by, slopes] for name in group])
    if options.profile and (options.pooled or options.public):
        raise TableError("--profile is of the mixed model, which --pooled and --public skip")
    ask: Callable[..., Analysis | AllBachAnalysis] = analyse_all_bach
    if source.protocol.has_truth:
        ask = partial(analyse, side_bias=options.side_bias)
    elif options.side_bias:
        raise TableError("--side-bias: the side is all that these answers are about; leave it out")
    return ask(
        source.excluding(options.without),
        by=by,
        slopes=slopes,
        interactions=interactions,
        margin=options.margin,
        alpha=options.alpha,
        model=not (options.pooled or options.public),
        counting=CountSettings(options.interval, options.exploratory),
        profile=options.profile,
    )


def _crossed(parts: Sequence[Sequence[str]]) -> list[tuple[str, str]]:
    # The pairs that stand with a star between them.
    pairs = []
    for names in parts:
        if len(names) > 2:
            raise TableError(
                f"--by {'*'.join(names)}: at most two columns can be crossed; name two"
            )
        if len(names) == 2:
            if names[0] == names[1]:
                raise TableError(f"--by {'*'.join(names)}: a column cannot be crossed with itself")
            pairs.append((names[0], names[1]))
    return pairs


def _report(options: argparse.Namespace) -> None:
    analysis = _analysis(options)
    if options.public:  # the report must name nobody; whoever makes it may know
        for note in analysis.report.notes:
            print(f"note: {note}", file=sys.stderr)
    text, page, data = _forms(analysis)
    if options.html is not None:
        try:
            options.html.write_text(page(hide_few=options.public), encoding="utf-8")
        except OSError as error:
            raise TableError(f"{options.html}: {error.strerror or error}") from None
    if options.json:
        print(json.dumps(data(hide_few=options.public), indent=2))
    elif options.html is None:
        print(text(hide_few=options.public), end="")


def _forms(
    analysis: Analysis | AllBachAnalysis,
) -> tuple[Callable[..., str], Callable[..., str], Callable[..., dict[str, Any]]]:
    """What writes an analysis as text, as a page and as JSON."""
    if isinstance(analysis, AllBachAnalysis):
        return (
            partial(all_bach_text, analysis),
            partial(all_bach_html, analysis),
            partial(all_bach_json, analysis),
        )
    return (
        partial(analysis_text, analysis),
        partial(to_html, analysis),
        partial(analysis_json, analysis),
    )


def _plan(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog=f"{_PROG} power", description="Plan a study.")
    add_arguments(parser)
    options = parser.parse_args(arguments)
    plan = plan_from(options)
    print(json.dumps(plan.to_json(), indent=2) if options.json else plan_text(plan))


def main(arguments: Sequence[str] | None = None) -> int:
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    try:
        if arguments[:1] == ["power"]:
            _plan(arguments[1:])
        elif arguments[:1] == ["compare"]:
            print(compare(_PROG, arguments[1:]))
        else:
            _report(_parser().parse_args(arguments))
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        raise
    except OSError as error:
        print(f"error: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    return 0


def _run() -> int:
    """The status of the program, whatever letters the terminal has, and whoever stops reading."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    try:
        status = main()
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return status


if __name__ == "__main__":
    sys.exit(_run())
