"""`python -m bachtest.stats PATH`: what a table of answers or an exported study says."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from bachtest.stats.export import read_source
from bachtest.stats.report import make_report
from bachtest.stats.show import to_json, to_text
from bachtest.stats.table import TableError


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bachtest.stats", description=__doc__)
    parser.add_argument(
        "path",
        type=Path,
        help="an export folder, or a CSV table: listener,item,condition,correct or n,correct",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--by",
        action="append",
        default=[],
        metavar="COLUMN[,COLUMN]",
        help="one more grouping, of one column or crossed; may be repeated",
    )
    parser.add_argument(
        "--without",
        action="append",
        default=[],
        metavar="FLAG",
        help="leave out answers with this flag, besides those that the design leaves out",
    )
    parser.add_argument(
        "--public", action="store_true", help="hide cells with few answers, as the public page"
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    by = [[name.strip() for name in group.split(",")] for group in options.by]
    try:
        report = make_report(read_source(options.path), by=by, without=options.without)
    except TableError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(to_json(report, hide_few=options.public), indent=2))
    else:
        print(to_text(report, hide_few=options.public), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
