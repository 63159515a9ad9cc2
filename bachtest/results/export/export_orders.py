"""Who may order an export, and how many: limits that hold however many requests come at once."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Model
from django.utils.timezone import now

from bachtest.lib.errors import AppError
from bachtest.results.export.write_study_folder import check_exportable
from bachtest.results.models import ExportJob
from bachtest.studies.models import Study

# A task that nobody has claimed for so long is taken to be lost.
PATIENCE = timedelta(minutes=10)
DAY = timedelta(days=1)


def new_export(study: Study, owner: Model) -> ExportJob:
    """A row that waits for a worker.

    Raises
    ------
    AppError
        If the person has an export of this study under way, has started as many as one person may
        in 24 hours, or the design cannot be exported.
    """
    check_exportable(study)
    with transaction.atomic():
        # Requests of one person take turns, so each counts what the one before has started.
        list(get_user_model()._default_manager.select_for_update(no_key=True).filter(pk=owner.pk))
        under_way = ExportJob.objects.filter(owner_id=owner.pk, study=study)
        if under_way.filter(status__in=[ExportJob.Status.QUEUED, ExportJob.Status.RUNNING]):
            raise AppError(
                f"You have an export of {study.slug!r} under way; wait until it has ended.",
                "under_way",
                409,
            )
        started = ExportJob.objects.filter(owner_id=owner.pk, created__gt=now() - DAY)
        if started.count() >= settings.EXPORTS_PER_DAY:
            raise AppError(_too_many(started.order_by("created").first()), "too_many", 429)
        return ExportJob.objects.create(
            study=study, owner_id=owner.pk, lease_until=now() + PATIENCE
        )


def _too_many(first: ExportJob | None) -> str:
    limit = settings.EXPORTS_PER_DAY
    if first is None:
        return "Nobody may start an export on this site (EXPORTS_PER_DAY is 0)."
    again = first.created + DAY
    return (
        f"You have started {limit} export{'s' * (limit != 1)} in the last 24 hours, as many as one"
        f" person may. You can start the next one at {again:%H:%M} UTC."
    )


def exports_left(owner: Model) -> int:
    """How many more the person can start now."""
    started = ExportJob.objects.filter(owner_id=owner.pk, created__gt=now() - DAY).count()
    return max(0, int(settings.EXPORTS_PER_DAY) - started)
