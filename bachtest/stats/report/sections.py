"""An analysis as sections of words and pictures: one text for the terminal and the page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bachtest.stats.rates.result import p_text
from bachtest.stats.report.analysis import Analysis
from bachtest.stats.report.forest import Mark

if TYPE_CHECKING:
    from bachtest.stats.mixed.result import MixedFit, RateTable

_MOST_CELLS = 60


@dataclass(frozen=True)
class Section:
    """A heading, lines of text, and a forest plot where there are marks."""

    title: str
    lines: tuple[str, ...]
    marks: tuple[Mark, ...] = ()


def sections_of(analysis: Analysis) -> list[Section]:
    """What an analysis says, in the order in which it is to be read.

    Parameters
    ----------
    analysis : Analysis

    Returns
    -------
    list of Section
    """
    return [
        _verdict(analysis),
        _excluded(analysis),
        *_pictures(analysis),
        *_model(analysis),
        _others(analysis),
        *_fooling(analysis),
    ]


def _verdict(analysis: Analysis) -> Section:
    lines = [analysis.verdict.sentence]
    if analysis.verdict.needs is not None:
        lines.append(analysis.verdict.needs.sentence)
    lines += [analysis.verdict.caution] if analysis.verdict.caution else []
    if analysis.pooled is not analysis.verdict:
        lines.append(f"Pooled, beside it: {analysis.pooled.sentence} {analysis.pooled.caution}")
    asked = f"Asked as {analysis.protocol.name}: {analysis.protocol.question}"
    lines.append(asked if asked.endswith("?") else f"{asked}.")
    return Section("Verdict", tuple(lines))


def _excluded(analysis: Analysis) -> Section:
    report = analysis.report
    lines = [f"{report.everything.rate.n:,} answers in the table"]
    for flag in report.flags:
        done = "left out" if flag.left_out else "counted"
        lines.append(f"  flag {flag.flag}: {flag.answers:,} answers, {done}")
    if not report.flags:
        lines.append("  no flags: nobody is left out")
    lines.append(f"{report.overall.rate.n:,} answers analysed")
    if report.overall.rate.n != report.everything.rate.n:
        lines.append(f"without those left out: {report.overall.rate}")
        lines.append(f"with everything: {report.everything.rate}")
    return Section("Who was left out", tuple(lines))


def _pictures(analysis: Analysis) -> Iterator[Section]:
    report = analysis.report
    if analysis.model is not None:
        for table in analysis.model.tables:
            if len(table.rates) <= _MOST_CELLS:
                yield _rates(table)
        return
    marks = [_mark("all", report.overall.rate)]
    for breakdown in report.breakdowns:
        if len(breakdown.cells) <= _MOST_CELLS:
            marks += [_mark(" ".join(cell.labels), cell.rate) for cell in breakdown.cells]
    yield Section("Rates, pooled", (f"No mixed model: {analysis.no_model}.",), tuple(marks))


def _mark(label: str, rate: object) -> Mark:
    return Mark(label, rate.estimate, rate.low, rate.high)  # type: ignore[attr-defined]


def _rates(table: RateTable) -> Section:
    by = " x ".join(table.by)
    words = "Marginal rates of the mixed model: over new listeners and new items."
    return Section(
        f"Rates by {by}" if by else "Rate",
        (words,),
        tuple(
            Mark(" ".join(rate.labels) or "all", rate.estimate, rate.low, rate.high)
            for rate in table.rates
        ),
    )


def _model(analysis: Analysis) -> Iterator[Section]:
    fit = analysis.model
    if fit is None:
        return
    yield Section("Mixed model", tuple(_model_lines(fit)))
    if analysis.ranking is not None and len(analysis.ranking.ranked) > 1:
        ranked = analysis.ranking
        marks = tuple(Mark(row.name, row.estimate, row.low, row.high) for row in ranked.ranked)
        lines = [f"{ranked.method}; who fools most stands first", *str(ranked).split("\n")]
        yield Section("Which composer fools most", tuple(lines), marks)


def _model_lines(fit: MixedFit) -> list[str]:
    lines = [fit.formula, fit.method]
    for one in fit.coefficients:
        lines.append(
            f"  {one.name}: {one.estimate:.6f}, se {one.se:.6f}"
            f" ({one.low:.3f} to {one.high:.3f}), {p_text(one.p)}"
        )
    for spread in fit.spreads:
        note = f"; {spread.note}" if spread.note else ""
        lines.append(
            f"  {spread.levels:,} {spread.name}s: standard deviation {spread.sd:.6f}, variance"
            f" {spread.variance:.6f}{note}"
        )
    for test in fit.tests:
        lines.append(
            f"  {test.name}: likelihood ratio chi-square {test.chi2:.5f} on {test.df},"
            f" {p_text(test.p_lrt)}" + ("" if test.f is None else f"; corrected {p_text(test.p)}")
        )
    lines.append(f"  log likelihood {fit.loglik:.6f}, {fit.n:,} answers")
    return [*lines, *fit.assumptions, *fit.notes]


def _others(analysis: Analysis) -> Section:
    named = [
        ("d'", analysis.discrimination),
        ("single clips", analysis.judged and (analysis.judged.yes_no or analysis.judged.fakes)),
        ("with ties", analysis.ties),
        ("equivalence", analysis.equivalence),
        ("listeners and items resampled", analysis.clustered),
        ("listeners differ (beta-binomial)", analysis.listeners_differ),
        ("items differ (beta-binomial)", analysis.items_differ),
        *((f"side bias, {bias.side}", bias) for bias in analysis.sides),
        ("learning or fatigue", analysis.trend),
        ("at every look, guessing", analysis.e_value),
        ("at every look, mean of listeners", analysis.listeners),
    ]
    lines = [f"{name}: {result}" for name, result in named if result is not None]
    if analysis.sides:
        lines.append("Bias in probits: above 0 that side is favoured.")
    return Section("Further questions", tuple(lines))


def _fooling(analysis: Analysis) -> Iterator[Section]:
    found = analysis.fooling
    if found is None or analysis.judged is not None:
        return
    if not found.differ:
        yield Section("Which items fool most", ("Items do not differ more than chance lets them.",))
        return
    lines = [f"{found.method}; of {found.items:,} items, shrunken rate and raw counts"]
    lines += [
        f"  {item.name}: {item.estimate:.1%}, {item.correct} of {item.n}" for item in found.most
    ]
    yield Section("Which items fool most", tuple(lines))
