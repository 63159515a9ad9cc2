"""A report as text for people and as JSON for programs."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Sequence
from typing import Any

from bachtest.stats.detection.marginal_d import MarginalDs
from bachtest.stats.rates.identical_pairs import IdenticalPairs
from bachtest.stats.rates.proportions import Proportion
from bachtest.stats.rates.protocols import DiscriminationProtocol
from bachtest.stats.rates.result import counted
from bachtest.stats.rates.signal_detection import DPrime
from bachtest.stats.rates.summary import FEW, Breakdown, Cell
from bachtest.stats.report.pooled_report import Flagged, Report
from bachtest.stats.verdict.finding import Verdict

FORMAT = 3
# Which d' a cell has; None where it has none.
CellD = Callable[[Cell], DPrime | None]
_WIDTH = 100
# Columns of the tables: counts and rates, with p, with d'.
_RATE_COLUMNS, _TESTED_COLUMNS, _ALL_COLUMNS = 5, 7, 9


def to_json(
    report: Report, *, hide_few: bool = False, d_primes: MarginalDs | None = None
) -> dict[str, Any]:
    """The report as plain data; infinite d' and missing values are null.

    Parameters
    ----------
    report : Report
    hide_few : bool
        As on the public page: a cell with few answers has nothing but its labels.
    d_primes : mapping or None
        d' of the marginal rates, which then stand instead of the pooled ones.

    Returns
    -------
    dict
        `format` is raised when a key changes its meaning or goes away.
    """
    hidden = hide_few and report.overall.few
    protocol = report.protocol
    return {
        "format": FORMAT,
        "source": report.source,
        # Names of listeners may stand in them.
        "notes": [] if hide_few else list(report.notes),
        "kind": "answers" if report.of_answers else "counts",
        "listeners": report.listeners,
        "items": report.items,
        "few": FEW,
        "overall": None if hidden else _cell(report.overall, protocol, cell_d(None, d_primes)),
        "with_everything": None if hidden else _cell(report.everything, protocol, _no_d),
        "flags": [
            {"flag": flag.flag, "answers": flag.answers, "left_out": flag.excluded}
            for flag in report.flags
        ],
        "by": {
            ",".join(breakdown.by): _cells(breakdown, hide_few, report, cell_d(breakdown, d_primes))
            for breakdown in report.breakdowns
        },
        "alike": [_identical(row, hide_few and row.few) for row in report.identical_pairs],
        "verdict": None if hidden or not protocol.two_clips else _verdict(report.verdict),
    }


def _identical(row: IdenticalPairs, hidden: bool) -> dict[str, Any]:
    return {
        "composer": row.composer,
        "pairs": row.pairs,
        "alike": row.identical,
        "share_alike": row.share_identical,
        "mean_differing": row.mean_differing,
        "answers": None if hidden else row.answers,
        "rate": None if hidden else row.rate,
        "rate_if_guessed": None if hidden else row.rate_if_guessed,
    }


def _verdict(verdict: Verdict) -> dict[str, str]:
    return {
        "finding": verdict.finding.value,
        "sentence": verdict.sentence,
        "caution": verdict.caution,
    }


def cell_d(breakdown: Breakdown | None, d_primes: MarginalDs | None) -> CellD:
    """d' of all, or of the cells of a grouping: pooled, or that of the marginal rate.

    A column with one level is in no model; the rate without it is that level's. For the levels of
    any other column that the model lacks there is no rate.
    """
    if d_primes is None:
        return Cell.d_prime
    by = () if breakdown is None else breakdown.by
    columns = {name for known, _ in d_primes for name in known}
    kept = [at for at, name in enumerate(by) if name in columns]
    if breakdown is not None:
        levels = [{cell.labels[at] for cell in breakdown.cells} for at in range(len(by))]
        if any(len(levels[at]) > 1 for at in range(len(by)) if at not in kept):
            return _no_d

    def marginal(cell: Cell) -> DPrime | None:
        labels = tuple(cell.labels[at] for at in kept)
        return d_primes.get((tuple(by[at] for at in kept), labels))

    return marginal


def _no_d(cell: Cell) -> None:
    # The model is of the included answers alone.
    return None


def _cells(
    breakdown: Breakdown, hide_few: bool, report: Report, d_of: CellD
) -> list[dict[str, Any]]:
    protocol, counting, cells = report.protocol, report.counting, []
    for cell, p in zip(breakdown.cells, counting.adjusted(breakdown), strict=True):
        labels = {
            "labels": dict(zip(breakdown.by, cell.labels, strict=True)),
            "few": cell.few,
        }
        hidden = hide_few and cell.few
        adjusted = {counting.adjusted_key: p} if protocol.two_clips else {}
        cells.append(labels if hidden else labels | _cell(cell, protocol, d_of) | adjusted)
    return cells


def _cell(cell: Cell, protocol: DiscriminationProtocol, d_of: CellD) -> dict[str, Any]:
    rate = cell.rate
    shown: dict[str, Any] = {
        "n": rate.n,
        "correct": rate.correct,
        "rate": rate.estimate,
        "low": rate.low,
        "high": rate.high,
        "level": rate.level,
        "method": rate.method,
    }
    if protocol.two_clips:
        shown["p"] = cell.test().p
    if _has_d_prime(protocol):
        d_prime = d_of(cell)
        shown |= {
            "d_prime": d_prime and _finite(d_prime.estimate),
            "d_prime_low": d_prime and _finite(d_prime.low),
            "d_prime_high": d_prime and _finite(d_prime.high),
            "d_prime_method": d_prime and d_prime.method,
        }
    return shown


def _has_d_prime(protocol: DiscriminationProtocol) -> bool:
    # With ties, d' follows from the ties as well: it is that of the 2-AC, not of the rate.
    return protocol.two_clips and not protocol.allows_ties


def _finite(value: float | None) -> float | None:
    return None if value is None or math.isinf(value) else value


def to_text(report: Report, *, hide_few: bool = False, d_primes: MarginalDs | None = None) -> str:
    """The report for a terminal.

    Parameters
    ----------
    report : Report
    hide_few : bool
        As on the public page: a cell with few answers has nothing but its name.
    d_primes : mapping or None
        d' of the marginal rates, which then stand instead of the pooled ones.

    Returns
    -------
    str
    """
    if hide_few and report.overall.few:
        return f"{report.source}: fewer than {FEW} answers so far\n"
    parts = [_title(report), _flags(report)]
    tables = [_table(rows, report) for rows in _tables(report, hide_few, d_primes)]
    notes = ["", *(breakdown.note for breakdown in report.breakdowns)]
    parts += [f"{table}\n{note}".rstrip() for table, note in zip(tables, notes, strict=True)]
    if any(cell.few for breakdown in report.breakdowns for cell in breakdown.cells):
        parts.append(f"* fewer than {FEW} answers: not shown on the public page")
    parts.append(_identical_pairs(report, hide_few))
    if report.protocol.two_clips:
        parts.append(_method(report, marginal=d_primes is not None))
        parts.append(f"{report.verdict.sentence}\n{report.verdict.caution}".strip())
    else:
        parts.append(report.counting.interval_sentence(tested=False))
    return "\n\n".join(filter(None, parts)) + "\n"


def _method(report: Report, *, marginal: bool) -> str:
    counting = report.counting
    method = (
        "p is the two-sided exact binomial test of one half."
        f" {counting.interval_sentence(tested=True)}"
    )
    if _has_d_prime(report.protocol) and marginal:
        method += " d' is not pooled: it is that of the mixed model's marginal rate."
    elif _has_d_prime(report.protocol):
        method += " d' is that of two-alternative forced choice, with the Clopper-Pearson interval."
    sentences = [method, counting.adjusted_sentence]
    return "\n".join(textwrap.fill(words, _WIDTH) for words in sentences if words)


def _title(report: Report) -> str:
    sizes = {"answer": report.overall.rate.n, "listener": report.listeners, "item": report.items}
    words = [counted(n, name) for name, n in sizes.items() if n is not None]
    return f"{report.source}: {', '.join(words)}"


def flag_text(flag: Flagged) -> str:
    """How many answers carry a flag, and what becomes of them.

    Examples
    --------
    >>> flag_text(Flagged("knew", 1056, excluded=True))
    'flag knew: 1,056 answers, excluded'
    """
    fate = "excluded" if flag.excluded else "included"
    return f"flag {flag.flag}: {counted(flag.answers, 'answer')}, {fate}"


def marked_answers(report: Report) -> list[str]:
    """What becomes of answers with a flag, and of ties."""
    lines = [flag_text(flag) for flag in report.flags]
    if report.ties:
        lines.append(f"{counted(report.ties, 'tie')}, analysed separately (2-AC)")
    return lines


def _flags(report: Report) -> str:
    lines = marked_answers(report)
    if any(flag.excluded for flag in report.flags):
        lines.append(f"with the excluded answers: {report.everything.rate}")
    return "\n".join(lines)


def _tables(
    report: Report, hide_few: bool, d_primes: MarginalDs | None
) -> list[list[tuple[str, ...]]]:
    interval = f"{100 * report.overall.rate.level:g}% interval"
    head = ("n", "right", "rate", interval, "p", report.counting.adjusted_name, "d'", interval)
    tables = [
        [
            ("", *head),
            _row("all", report.overall, report.shown(report.overall), None, cell_d(None, d_primes)),
        ]
    ]
    for breakdown in report.breakdowns:
        rows: list[tuple[str, ...]] = [(" x ".join(breakdown.by), *head)]
        d_of = cell_d(breakdown, d_primes)
        for cell, p in zip(breakdown.cells, report.counting.adjusted(breakdown), strict=True):
            name = " ".join(cell.labels) + (" *" if cell.few else "")
            hidden = hide_few and cell.few
            blank = (name, *[""] * len(head))
            rows.append(blank if hidden else _row(name, cell, report.shown(cell), p, d_of))
        tables.append(rows)
    return tables


def _table(rows: list[tuple[str, ...]], report: Report) -> str:
    shown = _TESTED_COLUMNS if report.protocol.two_clips else _RATE_COLUMNS
    if _has_d_prime(report.protocol):
        shown = _ALL_COLUMNS
    return grid([row[:shown] for row in rows])


def counted_row(name: str, cell: Cell, rate: Proportion, adjusted: float | None) -> tuple[str, ...]:
    """A line of a table of counts: n, the cases, their share with its interval, p, adjusted p."""
    return (
        name,
        f"{rate.n:,}",
        f"{rate.correct:,}",
        "-" if rate.estimate is None else f"{rate.estimate:.3f}",
        f"{rate.low:.3f} to {rate.high:.3f}",
        f"{cell.test().p:.2g}",
        "" if adjusted is None else f"{adjusted:.2g}",
    )


def _row(
    name: str, cell: Cell, rate: Proportion, adjusted: float | None, d_of: CellD
) -> tuple[str, ...]:
    d_prime = d_of(cell)
    return (
        *counted_row(name, cell, rate, adjusted),
        "-" if d_prime is None or d_prime.estimate is None else f"{d_prime.estimate:z.2f}",
        "-" if d_prime is None else f"{d_prime.low:z.2f} to {d_prime.high:z.2f}",
    )


def _identical_pairs(report: Report, hide_few: bool) -> str:
    if not report.identical_pairs:
        return ""
    rows: list[tuple[str, ...]] = [
        ("composer", "pairs", "identical", "share", "cells that differ", "rate", "rate if guessed")
    ]
    for row in report.identical_pairs:
        rates = (None, None) if hide_few and row.few else (row.rate, row.rate_if_guessed)
        numbers = (row.share_identical, row.mean_differing, *rates)
        texts = ["-" if number is None else f"{number:.3f}" for number in numbers]
        rows.append((row.composer, f"{row.pairs:,}", f"{row.identical:,}", *texts))
    return "Identical pairs are never played\n" + grid(rows)


def grid(rows: Sequence[tuple[str, ...]]) -> str:
    """Rows as aligned columns, the first to the left and the others to the right.

    Examples
    --------
    >>> print(grid([('a', 'n'), ('bc', '12')]))
    a    n
    bc  12
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )
