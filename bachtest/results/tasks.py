"""What a worker does for the results, so that pages need not."""

from __future__ import annotations

import logging
from functools import partial

from django.db import transaction
from django.db.models import Model
from django_tasks import task, task_backends

from bachtest.results.counts import tallies
from bachtest.results.export.export_claims import expire_exports, exports_without_task
from bachtest.results.export.export_files import make_zip
from bachtest.results.export.export_orders import new_export
from bachtest.results.fit.refit import claim, is_asked, is_stale, lost_requests, refit, release
from bachtest.results.fit.stored_fit import analysis_of
from bachtest.results.models import ExportJob
from bachtest.studies.models import Study
from generator.services.outages import outage_behind

logger = logging.getLogger(__name__)

# Answers between two merges. Until the next one, a page adds up that many by itself.
MERGE_EVERY = 100
# Somebody waits for an export, and pieces may be queued for hours.
EXPORT_PRIORITY = 10


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


@task()
def make_export(job_id: int) -> str:
    make_zip(job_id)
    return str(ExportJob.objects.filter(id=job_id).values_list("status", flat=True).first())


def order_export(study: Study, owner: Model) -> ExportJob:
    """The row of a new export, queued.

    Raises
    ------
    AppError
        If a limit of the person is reached, or the design cannot be exported.
    """
    with transaction.atomic():
        job = new_export(study, owner)
        transaction.on_commit(partial(_enqueue_export, job.pk))
    return job


def queue_exports_again() -> int:
    """Queue exports of dead workers and lost tasks; how many."""
    expire_exports()
    job_ids = exports_without_task()
    for job_id in job_ids:
        _enqueue_export(job_id)
    return len(job_ids)


def _enqueue_export(job_id: int) -> None:
    first = task_backends["default"].supports_priority
    (make_export.using(priority=EXPORT_PRIORITY) if first else make_export).enqueue(job_id)
