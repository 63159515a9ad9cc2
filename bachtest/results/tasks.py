"""What a worker does for the results, so that pages need not."""

from __future__ import annotations

from contextlib import suppress

from django.db import DatabaseError, transaction
from django_tasks import task

from bachtest.results.counts import tallies
from bachtest.results.fit.refit import claim, is_stale, refit, release
from bachtest.results.fit.stored_fit import analysis_of
from bachtest.studies.models import Study

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
    """Ask a worker for a stale fit, unless somebody has asked already."""
    if not is_stale(analysis_of(study), answers):
        return
    with suppress(DatabaseError), transaction.atomic():  # the page answers on a full disk too
        if claim(study):
            refresh_results.enqueue(study.id)
