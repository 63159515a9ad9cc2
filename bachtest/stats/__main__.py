"""`python -m bachtest.stats PATH` analyses a table of answers or an exported study."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from bachtest.lib.threads import use_one_thread

use_one_thread()

from bachtest.stats.planning.plan import add_arguments, plan_from
from bachtest.stats.rates.protocols import PROTOCOLS
from bachtest.stats.report.analysis import Analysis, analyse
from bachtest.stats.report.html import to_html
from bachtest.stats.report.plan_text import plan_text
from bachtest.stats.report.terminal import analysis_json, analysis_text
from bachtest.stats.tables.read_study_folder import AnswerSource, read_source
from bachtest.stats.tables.table import TableError

_PROG = "python -m bachtest.stats"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=_PROG,
        description=__doc__,
        epilog=f"`{_PROG} power --help` plans a study.",
    )
    parser.add_argument(
        "path",
        type=Path,
        help="an export folder, or a CSV table: listener,item,condition,correct or n,correct",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a page with pictures")
    parser.add_argument(
        "--by",
        action="append",
        default=[],
        metavar="COLUMN[,COLUMN]",
        help="compare these columns: crossed in the table, main effects in the model; may be"
        " repeated",
    )
    parser.add_argument(
        "--slopes",
        action="append",
        default=[],
        metavar="COLUMN[,COLUMN]",
        help="add by-listener random slopes for these columns to the model",
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
    parser.add_argument(
        "--delimiter",
        default=",",
        metavar="CHARACTER",
        help="character between cells: ; or | or tab (default: comma)",
    )
    parser.add_argument("--encoding", default="utf-8", help="latin-1, utf-16, ... (default utf-8)")
    return parser


def _source(options: argparse.Namespace) -> AnswerSource:
    delimiter = {"tab": "\t", "\\t": "\t"}.get(options.delimiter, options.delimiter)
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise TableError(f"--delimiter {options.delimiter!r}: use one character, or the word tab")
    source = read_source(
        options.path,
        protocol=options.protocol or "",
        delimiter=delimiter,
        encoding=options.encoding,
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


def _names(group: str) -> list[str]:
    return [name.strip() for name in group.split(",")]


def _analysis(options: argparse.Namespace) -> Analysis:
    source = _source(options)
    return analyse(
        source.excluding(options.without),
        by=[_names(group) for group in options.by],
        slopes=[name for group in options.slopes for name in _names(group)],
        margin=options.margin,
        alpha=options.alpha,
        model=not (options.pooled or options.public),
    )


def _report(options: argparse.Namespace) -> None:
    analysis = _analysis(options)
    if options.html is not None:
        try:
            options.html.write_text(to_html(analysis, hide_few=options.public), encoding="utf-8")
        except OSError as error:
            raise TableError(f"{options.html}: {error.strerror or error}") from None
    if options.json:
        print(json.dumps(analysis_json(analysis, hide_few=options.public), indent=2))
    elif options.html is None:
        print(analysis_text(analysis, hide_few=options.public), end="")


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
        else:
            _report(_parser().parse_args(arguments))
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
