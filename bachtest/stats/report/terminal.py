"""An analysis as text for a terminal and as JSON for programs."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from bachtest.stats.rates.result import plain
from bachtest.stats.report.analysis import Analysis
from bachtest.stats.report.counts_text import to_json, to_text
from bachtest.stats.report.forest import forest_text
from bachtest.stats.report.sections import COUNTS_TITLE, Section, sections_of

_WIDTH = 100
# The key of each result in the JSON, and its name in the analysis.
_RESULTS = {
    "d_prime": "d_prime",
    "sensitivity": "sensitivity",
    "equivalence": "equivalence",
    "similarity": "similarity",
    "discrimination": "discrimination",
    "judged": "pooled_single_clips",
    "ties": "ties",
    "clustered": "clustered",
    "listeners_differ": "listeners_differ",
    "items_differ": "items_differ",
    "sides": "sides",
    "trend": "trend",
    "e_value": "e_value",
    "listeners": "listeners",
    "population_band": "population_band",
    "contrasts": "contrasts",
    "ranking": "ranking",
    "fooling": "item_effects",
    "knew": "knew",
    "best_listeners": "best_listeners",
    "rasch": "rasch",
}


def analysis_text(analysis: Analysis, *, hide_few: bool = False) -> str:
    """Everything for a terminal: the verdict first, then pictures, model and counts.

    Parameters
    ----------
    analysis : Analysis
    hide_few : bool
        As `counts_text.to_text`; then there are only the counts, as on the public page.

    Returns
    -------
    str
    """
    counts = to_text(analysis.report, hide_few=hide_few, d_primes=analysis.d_primes)
    if hide_few:
        return counts
    return sections_text(sections_of(analysis), counts, chance=analysis.protocol.chance)


def sections_text(sections: Sequence[Section], counts: str, *, chance: float) -> str:
    """Sections for a terminal, with a table of counts below them.

    Parameters
    ----------
    sections : sequence of Section
    counts : str
    chance : float
        Where the pictures have their line.

    Returns
    -------
    str
    """
    parts = []
    for section in sections:
        lines = [wrapped(line) for line in section.lines]
        if section.marks:
            lines += ["", forest_text(section.marks, chance=chance)]
        parts.append(_headed(section.title, "\n".join(lines)))
    return "\n\n".join([*parts, _headed(COUNTS_TITLE, counts)])


def _headed(title: str, text: str) -> str:
    return f"{title}\n{'-' * len(title)}\n{text}"


def wrapped(line: str) -> str:
    """A line as a terminal shows it; what goes on is indented as its beginning is."""
    indent = line[: len(line) - len(line.lstrip())]
    return textwrap.fill(
        line, _WIDTH, subsequent_indent=indent + "  " * bool(indent), break_on_hyphens=False
    )


def analysis_json(analysis: Analysis, *, hide_few: bool = False) -> dict[str, Any]:
    """The report's JSON, and the results of all further questions.

    `verdict` is the headline; `pooled_verdict` is the report's own.

    Parameters
    ----------
    analysis : Analysis
    hide_few : bool
        As `counts_text.to_json`; then there are no further questions.

    Returns
    -------
    dict
    """
    report = to_json(analysis.report, hide_few=hide_few, d_primes=analysis.d_primes)
    if hide_few:
        return report
    return report | {
        "verdict": plain(analysis.verdict),
        "pooled_verdict": plain(analysis.pooled),
        "protocol": analysis.protocol.name,
        "alpha": analysis.alpha,
        "margin": analysis.margin,
        "model": None if analysis.model is None else plain(analysis.model.to_json()),
        "no_model": analysis.no_model,
        "results": {key: plain(getattr(analysis, name)) for key, name in _RESULTS.items()},
    }
