"""A report as text for people and as JSON for programs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from bachtest.stats.rates.identical_pairs import Likeness
from bachtest.stats.rates.summary import FEW, Breakdown, Cell
from bachtest.stats.report.pooled_report import Report
from bachtest.stats.verdict.finding import Verdict

FORMAT = 1
# A name, and the columns that need no chance level: n, right, rate, interval.
_COUNTED = 5
_WIDTH = 9


def to_json(report: Report, *, hide_few: bool = False) -> dict[str, Any]:
    """The report as plain data; infinite d' and missing values are null.

    Parameters
    ----------
    report : Report
    hide_few : bool
        As the public page does: of a cell with few answers only the labels are given.

    Returns
    -------
    dict
        `format` is raised when a key changes its meaning or goes away.
    """
    hidden = hide_few and report.overall.few
    two_clips = report.protocol.two_clips
    return {
        "format": FORMAT,
        "source": report.source,
        "kind": "answers" if report.of_answers else "counts",
        "listeners": report.listeners,
        "items": report.items,
        "few": FEW,
        "overall": None if hidden else _cell(report.overall, two_clips),
        "with_everything": None if hidden else _cell(report.everything, two_clips),
        "flags": [
            {"flag": flag.flag, "answers": flag.answers, "left_out": flag.left_out}
            for flag in report.flags
        ],
        "by": {
            ",".join(breakdown.by): _cells(breakdown, hide_few, two_clips)
            for breakdown in report.breakdowns
        },
        "alike": [_alike(row, hide_few and row.few) for row in report.alike],
        "verdict": None if hidden or not two_clips else _verdict(report.verdict),
    }


def _alike(row: Likeness, hidden: bool) -> dict[str, Any]:
    answered = {"answers": None, "rate": None, "rate_if_guessed": None} if hidden else {}
    return vars(row) | answered


def _verdict(verdict: Verdict) -> dict[str, str]:
    return {
        "finding": verdict.finding.value,
        "sentence": verdict.sentence,
        "caution": verdict.caution,
    }


def _cells(breakdown: Breakdown, hide_few: bool, two_clips: bool) -> list[dict[str, Any]]:
    cells = []
    for cell, p_holm in zip(breakdown.cells, breakdown.holm(), strict=True):
        labels = {
            "labels": dict(zip(breakdown.by, cell.labels, strict=True)),
            "few": cell.few,
        }
        hidden = hide_few and cell.few
        tested = {"p_holm": p_holm} if two_clips else {}
        cells.append(labels if hidden else labels | _cell(cell, two_clips) | tested)
    return cells


def _cell(cell: Cell, two_clips: bool) -> dict[str, Any]:
    rate, d_prime = cell.rate, cell.d_prime()
    counted = {
        "n": rate.n,
        "correct": rate.correct,
        "rate": rate.estimate,
        "low": rate.low,
        "high": rate.high,
        "level": rate.level,
        "method": rate.method,
    }
    if not two_clips:
        return counted
    return counted | {
        "p": cell.test().p,
        "d_prime": _finite(d_prime.estimate),
        "d_prime_low": _finite(d_prime.low),
        "d_prime_high": _finite(d_prime.high),
        "d_prime_se": d_prime.se,
    }


def _finite(value: float | None) -> float | None:
    return None if value is None or math.isinf(value) else value


def to_text(report: Report, *, hide_few: bool = False) -> str:
    """The report for a terminal.

    Parameters
    ----------
    report : Report
    hide_few : bool
        As the public page does: name cells with few answers and say no more of them.

    Returns
    -------
    str
    """
    if hide_few and report.overall.few:
        return f"{report.source}: fewer than {FEW} answers so far\n"
    sizes = [f"{report.overall.rate.n} answers"]
    sizes += [f"{report.listeners} listeners"] if report.listeners is not None else []
    sizes += [f"{report.items} items"] if report.items is not None else []
    parts = [f"{report.source}: {', '.join(sizes)}", _flag_lines(report)]
    two_clips = report.protocol.two_clips
    width = _WIDTH if two_clips else _COUNTED
    head = _head(report.overall.rate.level)
    parts.append(grid([row[:width] for row in [("", *head), _line("all", report.overall, None)]]))
    for breakdown in report.breakdowns:
        lines = _breakdown_lines(breakdown, hide_few, head)
        parts.append(grid([row[:width] for row in lines]))
    if any(cell.few for breakdown in report.breakdowns for cell in breakdown.cells):
        parts.append(f"* fewer than {FEW} answers: not shown on the public page")
    parts.append(_alike_lines(report, hide_few))
    if not two_clips:
        return "\n\n".join([*filter(None, parts), "Rates with Wilson intervals."]) + "\n"
    parts.append(
        "Rates with Wilson intervals; p: exact binomial test of one half, two-sided; d' of"
        " two-alternative\nforced choice with the Clopper-Pearson interval."
    )
    parts += [f"{report.verdict.sentence}\n{report.verdict.caution}"]
    return "\n\n".join(part for part in parts if part) + "\n"


def _flag_lines(report: Report) -> str:
    lines = [
        f"flag {flag.flag}: {flag.answers} answers, {'left out' if flag.left_out else 'counted'}"
        for flag in report.flags
    ]
    if any(flag.left_out for flag in report.flags):
        lines.append(f"with everything: {report.everything.rate}")
    return "\n".join(lines)


def _head(level: float) -> tuple[str, ...]:
    interval = f"{100 * level:g} % interval"
    return "n", "right", "rate", interval, "p", "p (Holm)", "d'", interval


def _breakdown_lines(
    breakdown: Breakdown, hide_few: bool, head: tuple[str, ...]
) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [(" x ".join(breakdown.by), *head)]
    for cell, p_holm in zip(breakdown.cells, breakdown.holm(), strict=True):
        name = " ".join(cell.labels) + (" *" if cell.few else "")
        if hide_few and cell.few:
            rows.append((name, *[""] * len(head)))
        else:
            rows.append(_line(name, cell, p_holm))
    return rows


def _line(name: str, cell: Cell, p_holm: float | None) -> tuple[str, ...]:
    rate, d_prime = cell.rate, cell.d_prime()
    return (
        name,
        str(rate.n),
        str(rate.correct),
        "-" if rate.estimate is None else f"{rate.estimate:.3f}",
        f"{rate.low:.3f} to {rate.high:.3f}",
        f"{cell.test().p:.2g}",
        "" if p_holm is None else f"{p_holm:.2g}",
        "-" if d_prime.estimate is None else f"{d_prime.estimate:.2f}",
        f"{d_prime.low:.2f} to {d_prime.high:.2f}",
    )


def _alike_lines(report: Report, hide_few: bool) -> str:
    if not report.alike:
        return ""
    head = ("composer", "pairs", "alike", "share", "cells that differ", "rate", "had they guessed")
    rows: list[tuple[str, ...]] = [head]
    for row in report.alike:
        rates = (None, None) if hide_few and row.few else (row.rate, row.rate_if_guessed)
        numbers = (row.share_alike, row.mean_differing, *rates)
        texts = ["-" if number is None else f"{number:.3f}" for number in numbers]
        rows.append((row.composer, str(row.pairs), str(row.alike), *texts))
    return "Pairs without audible difference are never played\n" + grid(rows)


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
