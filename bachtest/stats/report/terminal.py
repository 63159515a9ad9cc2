"""An analysis as text for a terminal and as JSON for programs."""

from __future__ import annotations

import textwrap
from typing import Any

from bachtest.stats.rates.result import plain
from bachtest.stats.report.analysis import Analysis
from bachtest.stats.report.counts_text import to_json, to_text
from bachtest.stats.report.forest import forest_text
from bachtest.stats.report.sections import sections_of

_WIDTH = 100
_RESULTS = (
    "equivalence", "discrimination", "judged", "ties", "clustered", "listeners_differ",
    "items_differ", "sides", "trend", "e_value", "listeners", "ranking", "fooling",
)  # fmt: skip


def analysis_text(analysis: Analysis, *, hide_few: bool = False) -> str:
    """Everything for a terminal: the verdict first, then pictures, model, counts.

    Parameters
    ----------
    analysis : Analysis
    hide_few : bool
        As `show.to_text`; then only the counts are given, as on the public page.

    Returns
    -------
    str
    """
    counts = to_text(analysis.report, hide_few=hide_few)
    if hide_few:
        return counts
    parts = []
    for section in sections_of(analysis):
        lines = [section.title, "-" * len(section.title)]
        lines += [_wrapped(line) for line in section.lines]
        if section.marks:
            lines += ["", forest_text(section.marks, chance=analysis.protocol.chance)]
        parts.append("\n".join(lines))
    title = "Counts, pooled"
    return "\n\n".join([*parts, f"{title}\n{'-' * len(title)}\n{counts}"])


def _wrapped(line: str) -> str:
    indent = line[: len(line) - len(line.lstrip())]
    return textwrap.fill(
        line, _WIDTH, subsequent_indent=indent + "  " * bool(indent), break_on_hyphens=False
    )


def analysis_json(analysis: Analysis, *, hide_few: bool = False) -> dict[str, Any]:
    """The report's JSON, with the results of every further question added.

    `verdict` is the headline; `pooled_verdict` is the report's own, beside it.

    Parameters
    ----------
    analysis : Analysis
    hide_few : bool
        As `show.to_json`; nothing is added then.

    Returns
    -------
    dict
    """
    found = to_json(analysis.report, hide_few=hide_few)
    if hide_few:
        return found
    return found | {
        "verdict": plain(analysis.verdict),
        "pooled_verdict": plain(analysis.pooled),
        "protocol": analysis.protocol.name,
        "alpha": analysis.alpha,
        "margin": analysis.margin,
        "model": None if analysis.model is None else plain(analysis.model.to_json()),
        "no_model": analysis.no_model,
        "results": {name: plain(getattr(analysis, name)) for name in _RESULTS},
    }
