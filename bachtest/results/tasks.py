"""The results' part of the queue: what a worker does so that pages need not."""

from __future__ import annotations

from django_tasks import task

from bachtest.results.counts import tallies
from bachtest.results.fit import refit
from bachtest.results.models import Analysis
from bachtest.studies.models import Study

# Answers that come between two merges; a page adds up as many by itself.
MERGE_EVERY = 100


@task()
def tend(study_id: int) -> int:
    """Merge the changes, and fit the model again where they are many."""
    study = Study.objects.get(id=study_id)
    tallies.ensure_counted(study)
    merged = tallies.merge(study)
    answers = sum(cell.n for cell in tallies.kept_cells(study, "trials"))
    if refit.is_stale(Analysis.objects.get(study=study), answers):
        refit.analyse(study)
    return merged


def ask_for_analysis(study: Study, answers: int) -> None:
    """Have a worker do it, unless one was asked already."""
    if refit.is_stale(Analysis.objects.get(study=study), answers) and refit.claim(study):
        tend.enqueue(study.id)
