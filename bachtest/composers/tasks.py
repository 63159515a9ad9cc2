"""What a worker does for uploads: one stage at a time, so that pieces come in between."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django_tasks import task

from bachtest.composers.checking import claims
from bachtest.composers.models import Upload


@task()
def work_on_upload(upload_id: str) -> str:
    """Do the next stage of an upload, and queue the one after it."""
    # What checks and scores is loaded in the worker alone.
    from bachtest.composers.checking.work import next_stage

    if next_stage(UUID(upload_id)):
        work_on_upload.enqueue(upload_id)
    return str(Upload.objects.values_list("status", flat=True).get(id=upload_id))


def ask_for_check(upload: Upload) -> None:
    transaction.on_commit(lambda: work_on_upload.enqueue(str(upload.id)))


def retry_upload(upload: Upload) -> bool:
    """Try again what the site failed at; False if it had not failed."""
    if not claims.retry(upload):
        return False
    ask_for_check(upload)
    return True
