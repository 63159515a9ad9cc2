"""All that stands on the results page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bachtest.game.models import Listener
from bachtest.results.counts.answers import FIELDS, study_report
from bachtest.results.counts.flags import FLAGS, unknown_exclusions
from bachtest.results.counts.tallies import kept_cells
from bachtest.results.models import Analysis
from bachtest.results.page.bias_rows import by_place, leanings, learning_picture
from bachtest.results.page.hardest_pairs import fooling_items
from bachtest.results.page.published_results import elsewhere
from bachtest.results.page.rows import alike_rows, crossing, forest
from bachtest.results.page.running_total import running_picture
from bachtest.results.tasks import ask_for_analysis
from bachtest.stats.rates.summary import FEW
from bachtest.stats.report.published import BACHBOT_NAME, BACHBOT_SOURCE
from bachtest.studies.models import Study
from generator.models import Composer

CROSSED = ("condition", "composer")


def grouping(wanted: Sequence[str]) -> tuple[str, ...]:
    """Of the fields wanted those that there are, in their order; two at least."""
    by = tuple(field for field in FIELDS if field in wanted)
    return by if len(by) > 1 else CROSSED


def results_page(
    study: Study, listener: Listener | None, wanted: Sequence[str] = ()
) -> dict[str, Any]:
    by = grouping(wanted)
    report = study_report(study, by=[by])
    names = dict(Composer.objects.values_list("slug", "name"))
    ctx = {
        "study": study,
        "report": report,
        "few": FEW,
        "anchor_name": BACHBOT_NAME,
        "anchor_source": BACHBOT_SOURCE,
        "unknown_exclusions": unknown_exclusions(study),
        "alike": alike_rows(report, names),
        "flags": [(flag, FLAGS[i]) for i, flag in enumerate(report.flags)],
    }
    if report.overall.few:
        return ctx
    ask_for_analysis(study, report.overall.rate.n)
    analysis = Analysis.objects.get(study=study)
    shrunken = {int(item): rate for item, rate in analysis.findings.get("items", {}).items()}
    sides = kept_cells(study, "sides")
    return ctx | {
        "forest": forest(report, names, analysis.findings),
        "elsewhere": elsewhere(),
        "crossing": crossing(report, by, names, analysis.findings),
        "by": by,
        "fields": FIELDS,
        "leanings": leanings(sides),
        "places": by_place(sides),
        "learning": learning_picture(kept_cells(study, "trials")),
        "items": fooling_items(kept_cells(study, "items"), listener, shrunken),
        "analysis": analysis if analysis.made_at else None,
        "running": running_picture(kept_cells(study, "hours")),
    }
