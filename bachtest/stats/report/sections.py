"""An analysis as sections of words and pictures: the same for the terminal and the HTML page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bachtest.stats.detection.marginal_d import MarginalDs, marginal_ds
from bachtest.stats.rates.proportions import Proportion
from bachtest.stats.rates.result import counted, listed
from bachtest.stats.report.analysis import Analysis
from bachtest.stats.report.counts_text import marked_answers
from bachtest.stats.report.forest import ForestMark
from bachtest.stats.report.questions.knew_rates import knew_section_lines
from bachtest.stats.verdict.best_listeners import best_listeners_line

if TYPE_CHECKING:
    from bachtest.stats.mixed.mixed_fit import RateTable

COUNTS_TITLE = "Counts, pooled"
VERDICT_TITLE = "Verdict"
_MAX_CELLS = 60


@dataclass(frozen=True)
class Section:
    """A heading, lines of text, and a forest plot if there are marks."""

    title: str
    lines: tuple[str, ...]
    marks: tuple[ForestMark, ...] = ()


def sections_of(analysis: Analysis) -> list[Section]:
    """What an analysis says, in reading order.

    Parameters
    ----------
    analysis : Analysis

    Returns
    -------
    list of Section
    """
    return [
        *_reading(analysis),
        _verdict(analysis),
        _exclusions(analysis),
        *_sensitivity(analysis),
        *_forests(analysis),
        *_interactions(analysis),
        *_contrasts(analysis),
        *_model(analysis),
        _further_questions(analysis),
        *_item_effects(analysis),
        *_rasch(analysis),
    ]


def _reading(analysis: Analysis) -> Iterator[Section]:
    if analysis.report.notes:
        yield Section("How the table was read", analysis.report.notes)


def _verdict(analysis: Analysis) -> Section:
    verdict, pooled = analysis.verdict, analysis.pooled
    lines = [verdict.sentence]
    lines += [f"{analysis.d_prime}, of the marginal rate."] if analysis.d_prime else []
    if analysis.model is not None and analysis.single_clips is None:
        lines.append(best_listeners_line(analysis.best_listeners, analysis.model))
    lines += [verdict.needs.sentence] if verdict.needs is not None else []
    lines += [verdict.caution] if verdict.caution else []
    # Elsewhere the pooled sentence has a d' of its own, and a report has one.
    if pooled is not verdict and analysis.protocol.two_clips:
        lines.append(f"Pooled, for comparison: {pooled.sentence} {pooled.caution}".rstrip())
    lines.append(f"Protocol {analysis.protocol.name}: {analysis.protocol.question}")
    return Section(VERDICT_TITLE, tuple(lines))


def _exclusions(analysis: Analysis) -> Section:
    report = analysis.report
    lines = [f"{counted(report.answers, 'answer')} in the table"]
    lines += [f"  {line}" for line in marked_answers(report)]
    if not report.flags:
        lines.append("No flags, so no answer is excluded.")
    lines.append(f"{counted(report.overall.rate.n, 'answer')} analysed")
    if report.overall.rate.n != report.everything.rate.n:
        lines.append(f"without the excluded answers: {report.overall.rate}")
        lines.append(f"with the excluded answers: {report.everything.rate}")
    return Section("Exclusions", tuple(lines))


def _forests(analysis: Analysis) -> Iterator[Section]:
    report = analysis.report
    if analysis.model is not None:
        sampled = [f"new {factor.name}s" for factor in analysis.model.sampled]
        rates_are = "Rates of the logistic model without random effects."
        if sampled:
            rates_are = f"Marginal rates of the mixed model, for {listed(sampled)}."
        if analysis.yes_no_model is not None:
            rates_are = "How often clips were called Bach's, for new listeners and clips."
        for table in analysis.model.tables:
            if len(table.rates) <= _MAX_CELLS:
                yield _marginal_rates(table, analysis, analysis.d_primes, rates_are)
        return
    marks = [_pooled_mark("all", report.shown(report.overall))]
    for breakdown in report.breakdowns:
        if len(breakdown.cells) <= _MAX_CELLS:
            marks += [
                _pooled_mark(" ".join(cell.labels), report.shown(cell)) for cell in breakdown.cells
            ]
    yield Section("Rates, pooled", (f"No mixed model: {analysis.no_model}.",), tuple(marks))


def _pooled_mark(label: str, rate: Proportion) -> ForestMark:
    return ForestMark(label, rate.estimate, rate.low, rate.high)


def _marginal_rates(
    table: RateTable, analysis: Analysis, d_primes: MarginalDs | None, *rates_are: str
) -> Section:
    by = " x ".join(table.by)
    names = [_name(rate.labels, analysis) for rate in table.rates]
    lines = list(rates_are)
    if d_primes is not None:
        lines.append("d' is that of the marginal rate, through the protocol's curve.")
        lines += [
            f"  {name}: {d_primes[table.by, rate.labels]}"
            for name, rate in zip(names, table.rates, strict=True)
        ]
    return Section(
        f"Rates by {by}" if by else "Rate",
        tuple(lines),
        tuple(
            ForestMark(name, rate.estimate, rate.low, rate.high)
            for name, rate in zip(names, table.rates, strict=True)
        ),
    )


def _name(labels: tuple[str, ...], analysis: Analysis) -> str:
    if analysis.yes_no_model is not None and labels:
        return {"1": "Bach's clips", "0": "the machine's"}.get(labels[0], labels[0])
    return " ".join(labels) or "all"


def _sensitivity(analysis: Analysis) -> Iterator[Section]:
    model = analysis.yes_no_model
    if model is None:
        return
    lines = [
        "Coefficients of the probit mixed model, for a typical listener and clip: d' and the"
        ' criterion, which is above 0 for listeners who are quicker to say "machine".',
        f"  all: {model.overall}",
    ]
    for table in model.tables:
        lines += [f"  {table.by} {' '.join(cell.labels)}: {cell}" for cell in table.cells]
    lines.append(f"{model.slopes[:1].upper()}{model.slopes[1:]}.")
    yield Section("Sensitivity and criterion", tuple(lines))


def _interactions(analysis: Analysis) -> Iterator[Section]:
    model = analysis.model
    if model is None or not model.interaction_tests:
        return
    crossed = {table.by for table in model.tables if len(table.by) > 1}
    lines = ["Score tests of the model of main effects."]
    for test in model.interaction_tests:
        pair = (test.first, test.second)
        fate = "so the model has it, and rates by both"
        if not {pair, pair[::-1]} & crossed:
            fate = (
                "so there are no rates by both: with main effects alone they would say nothing that"
                f" the two tables do not (--by '{test.first}*{test.second}' fits it all the same)"
            )
        lines.append(f"  {test}, {fate}.")
    yield Section("Interactions", tuple(lines))


def _contrasts(analysis: Analysis) -> Iterator[Section]:
    for compared in analysis.contrasts:
        level = f"{100 * compared.level:g}%"
        by = " x ".join(compared.by)
        yield Section(
            f"Differences by {by}",
            (
                "Marginal rates of the model, the first minus the second. All"
                f" {level} intervals of the table hold together, and p is adjusted for its pairs"
                " (single-step).",
                *(f"  {pair}" for pair in compared.pairs),
            ),
        )


def _model(analysis: Analysis) -> Iterator[Section]:
    if analysis.model is None:
        return
    yield Section("Mixed model", tuple(str(analysis.model).split("\n")))
    if analysis.knew is not None:
        said = tuple(knew_section_lines(analysis.knew))
        fit, protocol = analysis.knew.fit, analysis.protocol
        d_primes = marginal_ds(fit, protocol) if fit and protocol.curve else None
        for table in analysis.knew.tables:
            yield _marginal_rates(table, analysis, d_primes, *said)
        if not analysis.knew.tables:
            yield Section("Rates by knew", said)
    ranking = analysis.ranking
    if ranking is not None and len(ranking.ranked) > 1:
        marks = tuple(
            ForestMark(row.name, row.estimate, row.low, row.high) for row in ranking.ranked
        )
        first = "that fools listeners most" if _can_fool(analysis) else "hardest to tell apart"
        lines = [
            f"Marginal rates of the mixed model, the composer {first} first. Intervals hold jointly"
            " (Bonferroni); ranks follow from the differences above.",
            *str(ranking).split("\n"),
        ]
        yield Section(_hardest("composer", analysis), tuple(lines), marks)


def _further_questions(analysis: Analysis) -> Section:
    single_clips = analysis.single_clips
    judged = single_clips and (single_clips.yes_no or single_clips.fakes)
    # The verdict has the test, on the side where the rate lies.
    pooled_d = analysis.discrimination.d_line if analysis.discrimination else None
    results = [
        ("d'", analysis.d_prime or pooled_d),
        ("single clips", judged if analysis.model is None else None),
        (f"with ties ({analysis.ties.method})" if analysis.ties else "", analysis.ties),
        ("equivalence, pooled", analysis.equivalence),
        ("similarity, pooled", analysis.similarity),
        ("listeners and items resampled", analysis.clustered),
        ("listeners differ (beta-binomial)", analysis.listeners_differ),
        ("items differ (beta-binomial)", analysis.items_differ),
        *(("", bias) for bias in analysis.sides),
        ("", analysis.trend),
        ("evidence against guessing", analysis.e_value),
        ("mean of listeners, anytime-valid", analysis.listeners),
        ("band over time", analysis.population_band),
    ]
    lines = [
        f"{name}: {result}" if name else str(result)
        for name, result in results
        if result is not None
    ]
    if analysis.sides:
        lines.append("Side bias is in probits: above 0, listeners favour that side.")
    return Section("Further questions", tuple(lines))


def _item_effects(analysis: Analysis) -> Iterator[Section]:
    effects = analysis.item_effects
    if effects is None or not effects.items or analysis.single_clips is not None:
        return
    lines = [effects.alike]
    if effects.differ:
        lines = [
            f"{len(effects.most)} of {effects.items:,} items, by rate, with raw counts"
            f" ({effects.method})"
        ]
        lines += [f"  {item}" for item in effects.most]
    yield Section(_hardest("items", analysis), tuple(lines))


def _rasch(analysis: Analysis) -> Iterator[Section]:
    if analysis.rasch is not None and analysis.single_clips is None:
        yield Section("Rasch model", analysis.rasch.lines)


def _can_fool(analysis: Analysis) -> bool:
    # Elsewhere listeners are not asked which clip is Bach's.
    return analysis.protocol.has_bach_side or analysis.protocol.single_clips


def _hardest(what: str, analysis: Analysis) -> str:
    one = what == "composer"
    if _can_fool(analysis):
        return f"Which {what} {'fools' if one else 'fool'} listeners most"
    return f"Which {what} {'is' if one else 'are'} hardest to tell apart"
