"""The analysis of rounds of two clips by Bach as text, as a page and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from bachtest.stats.rates.proportions import CHANCE
from bachtest.stats.rates.result import counted, p_text, plain, sentence
from bachtest.stats.rates.summary import FEW, Breakdown, Cell
from bachtest.stats.report.all_bach import AllBachAnalysis
from bachtest.stats.report.counts_text import counted_row, grid, marked_answers
from bachtest.stats.report.forest import ForestMark
from bachtest.stats.report.html import html_page
from bachtest.stats.report.pooled_report import Report
from bachtest.stats.report.sections import VERDICT_TITLE, Section
from bachtest.stats.report.terminal import sections_text, wrapped

if TYPE_CHECKING:
    from bachtest.stats.mixed.mixed_fit import RateTable

FORMAT = 1
_MAX_CELLS = 60


def all_bach_sections(analysis: AllBachAnalysis) -> list[Section]:
    """What the analysis says, in reading order.

    Parameters
    ----------
    analysis : AllBachAnalysis

    Returns
    -------
    list of Section
    """
    report = analysis.report
    reading = [Section("How the table was read", report.notes)] if report.notes else []
    return [
        *reading,
        _verdict(analysis),
        _exclusions(report),
        *_shares(analysis),
        *_model(analysis),
    ]


def _verdict(analysis: AllBachAnalysis) -> Section:
    verdict, pooled = analysis.verdict, analysis.pooled
    lines = [verdict.sentence, verdict.needs.sentence if verdict.needs else "", verdict.caution]
    if analysis.preference.estimate is not None:
        lines += [sentence(str(analysis.preference)), _differ(analysis)]
    if pooled is not verdict:
        lines.append(f"Pooled, for comparison: {pooled.sentence} {pooled.caution}".rstrip())
    protocol = analysis.report.protocol
    lines.append(f"Protocol {protocol.name}: {protocol.question}")
    return Section(VERDICT_TITLE, tuple(filter(None, lines)))


def _differ(analysis: AllBachAnalysis) -> str:
    if analysis.model is None:
        differ = analysis.listeners_differ
        if differ is None:
            return ""
        more = "Listeners differ by more than chance"
        if differ.p >= analysis.report.alpha:
            more = "It is not shown that listeners differ by more than chance"
        return f"{more} (beta-binomial, gamma {differ.gamma:.3f}, {p_text(differ.p)})."
    return sentence(analysis.preference.listeners)


def _exclusions(report: Report) -> Section:
    lines = [f"{counted(report.answers, 'answer')} in the table"]
    lines += [f"  {line}" for line in marked_answers(report)]
    lines += [f"{counted(report.overall.rate.n, 'answer')} analysed"]
    if report.overall.rate.n != report.everything.rate.n:
        lines.append(f"with the excluded answers: {report.everything.rate}")
    return Section("Exclusions", tuple(lines))


def _shares(analysis: AllBachAnalysis) -> Iterator[Section]:
    what = f"How often the {analysis.side} clip was chosen"
    if analysis.model is not None:
        for table in analysis.model.tables:
            if len(table.rates) <= _MAX_CELLS:
                by = f", by {' x '.join(table.by)}" if table.by else ""
                yield Section(f"{what}{by}", ("Marginal rates of the model.",), _marks(table))
        return
    report = analysis.report
    cells = [("all", report.overall)]
    for breakdown in report.breakdowns:
        if len(breakdown.cells) <= _MAX_CELLS:
            cells += [(" ".join(cell.labels), cell) for cell in breakdown.cells]
    marks = tuple(
        ForestMark(label, rate.estimate, rate.low, rate.high)
        for label, rate in ((label, report.shown(cell)) for label, cell in cells)
    )
    yield Section(f"{what}, pooled", (f"No mixed model: {analysis.no_model}.",), marks)


def _marks(table: RateTable) -> tuple[ForestMark, ...]:
    return tuple(
        ForestMark(" ".join(rate.labels) or "all", rate.estimate, rate.low, rate.high)
        for rate in table.rates
    )


def _model(analysis: AllBachAnalysis) -> Iterator[Section]:
    if analysis.model is not None:
        yield Section("Mixed model", tuple(str(analysis.model).split("\n")))
    spreads = [
        ("listeners differ (beta-binomial)", analysis.listeners_differ),
        ("items differ (beta-binomial)", analysis.items_differ),
    ]
    lines = [f"{name}: {spread}" for name, spread in spreads if spread is not None]
    if lines:
        yield Section("Further questions", tuple(lines))


def all_bach_counts(analysis: AllBachAnalysis, *, hide_few: bool = False) -> str:
    """The counts for a terminal.

    Parameters
    ----------
    analysis : AllBachAnalysis
    hide_few : bool
        As on the public page: a cell with few answers has nothing but its name.

    Returns
    -------
    str
    """
    report, side = analysis.report, analysis.side
    if hide_few and report.overall.few:
        return f"{report.source}: fewer than {FEW} answers so far\n"
    interval = f"{100 * report.overall.rate.level:g}% interval"
    head = ("n", side, "share", interval, "p", report.counting.adjusted_name)
    overall = report.overall
    tables = [[("", *head), counted_row("all", overall, report.shown(overall), None)]]
    for breakdown in report.breakdowns:
        rows: list[tuple[str, ...]] = [(" x ".join(breakdown.by), *head)]
        for cell, p in zip(breakdown.cells, report.counting.adjusted(breakdown), strict=True):
            name = " ".join(cell.labels) + (" *" if cell.few else "")
            hidden = hide_few and cell.few
            rows.append(
                (name, *[""] * len(head))
                if hidden
                else counted_row(name, cell, report.shown(cell), p)
            )
        tables.append(rows)
    sizes = {"answer": report.overall.rate.n, "listener": report.listeners, "item": report.items}
    words = [counted(n, name) for name, n in sizes.items() if n is not None]
    method = wrapped(
        "p is the two-sided exact binomial test of one half."
        f" {report.counting.interval_sentence(tested=True)} {report.counting.adjusted_sentence}"
    )
    parts = [f"{report.source}: {', '.join(words)}", "\n".join(marked_answers(report))]
    notes = ["", *(breakdown.note for breakdown in report.breakdowns)]
    parts += [f"{grid(table)}\n{note}" for table, note in zip(tables, notes, strict=True)]
    parts += [method, f"{analysis.pooled.sentence}\n{analysis.pooled.caution}"]
    return "\n\n".join(filter(None, (part.strip("\n") for part in parts))) + "\n"


def all_bach_text(analysis: AllBachAnalysis, *, hide_few: bool = False) -> str:
    """Everything for a terminal; with `hide_few` the counts alone.

    Parameters
    ----------
    analysis : AllBachAnalysis
    hide_few : bool

    Returns
    -------
    str
    """
    counts = all_bach_counts(analysis, hide_few=hide_few)
    return counts if hide_few else sections_text(all_bach_sections(analysis), counts, chance=CHANCE)


def all_bach_html(analysis: AllBachAnalysis, *, hide_few: bool = False) -> str:
    """The page; with `hide_few` the counts alone.

    Parameters
    ----------
    analysis : AllBachAnalysis
    hide_few : bool

    Returns
    -------
    str
    """
    sections = [] if hide_few else all_bach_sections(analysis)
    counts = all_bach_counts(analysis, hide_few=hide_few)
    return html_page(analysis.report.source, sections, counts, chance=CHANCE)


def all_bach_json(analysis: AllBachAnalysis, *, hide_few: bool = False) -> dict[str, Any]:
    """Everything as plain data; infinite and unknown values are null.

    Parameters
    ----------
    analysis : AllBachAnalysis
    hide_few : bool
        As on the public page; then there are the counts alone.

    Returns
    -------
    dict
    """
    report = analysis.report
    hidden = hide_few and report.overall.few
    counts = {
        "format": FORMAT,
        "source": report.source,
        "notes": [] if hide_few else list(report.notes),
        "kind": "answers" if report.of_answers else "counts",
        "listeners": report.listeners,
        "items": report.items,
        "few": FEW,
        "protocol": report.protocol.name,
        "side": analysis.side,
        "overall": None if hidden else _cell(report.overall),
        "with_everything": None if hidden else _cell(report.everything),
        "flags": [
            {"flag": flag.flag, "answers": flag.answers, "left_out": flag.excluded}
            for flag in report.flags
        ],
        "by": {
            ",".join(breakdown.by): _cells(breakdown, report, hide_few)
            for breakdown in report.breakdowns
        },
    }
    if hide_few:
        return counts
    return counts | {
        "verdict": plain(analysis.verdict),
        "pooled_verdict": plain(analysis.pooled),
        "alpha": report.alpha,
        "margin": report.margin,
        "preference": plain(analysis.preference),
        "pooled_preference": plain(analysis.pooled_preference),
        "model": None if analysis.model is None else _chosen(plain(analysis.model.to_json())),
        "no_model": analysis.no_model,
        "results": {
            "listeners_differ": plain(analysis.listeners_differ),
            "items_differ": plain(analysis.items_differ),
        },
    }


def _chosen(value: Any) -> Any:
    """Plain data with `chosen` where the model counts right answers."""
    if isinstance(value, dict):
        return {"chosen" if key == "correct" else key: _chosen(it) for key, it in value.items()}
    return [_chosen(each) for each in value] if isinstance(value, list) else value


def _cells(breakdown: Breakdown, report: Report, hide_few: bool) -> list[dict[str, Any]]:
    cells, counting = [], report.counting
    for cell, p in zip(breakdown.cells, counting.adjusted(breakdown), strict=True):
        labels = {"labels": dict(zip(breakdown.by, cell.labels, strict=True)), "few": cell.few}
        shown = {} if hide_few and cell.few else _cell(cell) | {counting.adjusted_key: p}
        cells.append(labels | shown)
    return cells


def _cell(cell: Cell) -> dict[str, Any]:
    rate = cell.rate
    return {
        "n": rate.n,
        "chosen": rate.correct,
        "share": rate.estimate,
        "low": rate.low,
        "high": rate.high,
        "level": rate.level,
        "method": rate.method,
        "p": cell.test().p,
    }
