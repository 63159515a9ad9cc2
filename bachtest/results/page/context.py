"""Everything on the results page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bachtest.game.models import Listener
from bachtest.results.counts.answers import FIELDS, study_report, unpaired_rates
from bachtest.results.counts.composer_labels import composer_labels
from bachtest.results.counts.flags import FLAGS, unknown_exclusions
from bachtest.results.counts.tallies import included_cells
from bachtest.results.fit.stored_fit import analysis_of, fit_of
from bachtest.results.page.bias_rows import learning, rates_by_place, side_bias_rows
from bachtest.results.page.hardest_pairs import hardest_pairs
from bachtest.results.page.published_results import BACHBOT_NAME
from bachtest.results.page.rows import (
    crossing,
    forest,
    identical_pairs_rows,
    published_rows,
    unpaired_rows,
)
from bachtest.results.page.running_total import running_total
from bachtest.results.tasks import request_refit
from bachtest.stats.rates.summary import FEW
from bachtest.studies.models import Study

DEFAULT_CROSSING = ("condition", "composer")


def grouping(wanted: Sequence[str]) -> tuple[str, ...]:
    """Those of the wanted fields that exist, in their usual order; two at least."""
    by = tuple(field for field in FIELDS if field in wanted)
    return by if len(by) > 1 else DEFAULT_CROSSING


def results_page(
    study: Study, listener: Listener | None, wanted: Sequence[str] = ()
) -> dict[str, Any]:
    by = grouping(wanted)
    report = study_report(study, by=[by])
    labels = composer_labels(study)
    names = dict(labels.values())
    ctx = {
        "study": study,
        "report": report,
        "few": FEW,
        "bachbot_name": BACHBOT_NAME,
        "unknown_exclusions": unknown_exclusions(study),
        "identical_pairs": identical_pairs_rows(report, names),
        "unpaired": unpaired_rows(unpaired_rates(study), names),
        "flags": [(flagged, FLAGS[i]) for i, flagged in enumerate(report.flags)],
    }
    if report.overall.few:
        return ctx
    request_refit(study, report.overall.rate.n)
    analysis = analysis_of(study)
    fit = fit_of(analysis)
    model = fit.model if fit else None
    predicted = {int(pair): rate for pair, rate in model.pair_rates.items()} if model else {}
    sides = included_cells(study, "sides")
    return ctx | {
        "analysis": analysis,
        "fit": fit,
        "forest": forest(report, names, model),
        "published": published_rows(),
        "crossing": crossing(report, by, names, model),
        "by": by,
        "fields": FIELDS,
        "side_biases": side_bias_rows(sides),
        "places": rates_by_place(sides),
        "learning": learning(included_cells(study, "trials")),
        "hardest_pairs": hardest_pairs(included_cells(study, "items"), listener, predicted, labels),
        "running": running_total(included_cells(study, "hours"), fit.band if fit else ()),
    }
