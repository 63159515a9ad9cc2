"""What a worker does for the results, so that pages need not."""

from __future__ import annotations

import logging

from django.db import transaction
from django_tasks import task

from bachtest.results.counts import tallies
from bachtest.results.fit.refit import claim, is_asked, is_stale, lost_requests, refit, release
from bachtest.results.fit.stored_fit import analysis_of
from bachtest.studies.models import Study
from generator.services.outages import outage_behind

logger = logging.getLogger(__name__)

# Answers between two merges. Until the next one, a page adds up that many by itself.
MERGE_EVERY = 100


@task()
def refresh_results(study_id: int) -> int:
    """Merge the changes, and fit the model again if it is stale."""
    study = Study.objects.get(id=study_id)
    tallies.ensure_counted(study)
    merged = tallies.merge(study)
    answers = sum(cell.n for cell in tallies.included_cells(study, "trials"))
    if is_stale(analysis_of(study), answers):
        refit(study)
    else:
        release(study)
    return merged


def request_refit(study: Study, answers: int) -> None:
    """Ask a worker for a stale fit, unless somebody has asked already.

    A page asks, and it is shown all the same while the database takes no claim.
    """
    analysis = analysis_of(study)
    if not is_stale(analysis, answers) or is_asked(analysis):
        return
    try:
        _ask(study)
    except Exception as error:
        if not outage_behind(error):
            raise
        logger.warning("no worker was asked for a fit: %s", error)


def ask_again() -> int:
    """Make requests again that were lost with a worker or a task; how many."""
    return sum(_ask(study) for study in lost_requests())


def _ask(study: Study) -> bool:
    with transaction.atomic():  # a claim without a task would keep others from asking
        if claim(study):
            refresh_results.enqueue(study.id)
            return True
    return False
