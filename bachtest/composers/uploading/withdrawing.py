"""Files leave quarantine; the rows and their reasons stay."""

from __future__ import annotations

import time
from datetime import timedelta as td

from django.conf import settings
from django.core.files.storage import storages
from django.db.models import Q
from django.utils.timezone import now

from bachtest.composers.models import Upload
from bachtest.composers.publishing import turn_back
from bachtest.composers.steps import OF
from bachtest.composers.uploading import quarantine
from bachtest.composers.uploading.announcing import UploadRefused
from generator.models import Version
from generator.services.checkpoint_files import STORAGE

STRAY_SECONDS = 86_400.0


def withdraw(upload: Upload, *, by: str) -> None:
    """The uploader takes an upload back that was not published.

    Raises
    ------
    UploadRefused
        If it was published.
    """
    if upload.status in (OF.PUBLISHED, OF.RETIRED):
        raise UploadRefused("It was published, so it stays; a manager can retire it.",
                            "published", 409)  # fmt: skip
    turn_back(upload, "withdrawn by its uploader", by=by)
    delete_file(upload)
    upload.refresh_from_db()
    if upload.version is not None and upload.version.status == Version.Status.FAILED:
        _delete_stored(upload.version)


def delete_file(upload: Upload) -> None:
    quarantine.delete(upload.id)
    Upload.objects.filter(id=upload.id).update(file_deleted=True)


def delete_expired() -> int:
    """Delete files that nobody goes on with, and those of old uploads; how many."""
    unfinished = Q(status=OF.RECEIVING, changed__lt=now() - td(days=settings.UPLOAD_EXPIRE_DAYS))
    old = ~Q(status=OF.RECEIVING) & Q(changed__lt=now() - td(days=settings.QUARANTINE_DAYS))
    expired = list(Upload.objects.filter(unfinished | old, file_deleted=False))
    for upload in expired:
        if upload.status in (OF.RECEIVING, OF.QUARANTINED):
            turn_back(upload, _why_expired(upload))
        delete_file(upload)
    _delete_strays()
    _delete_refused_weights()
    return len(expired)


def _why_expired(upload: Upload) -> str:
    if upload.status == OF.RECEIVING:
        days = settings.UPLOAD_EXPIRE_DAYS
        return f"it was not finished within {days} days; upload it again"
    days = settings.QUARANTINE_DAYS
    return f"the site did not check it within {days} days; upload it again, or tell an admin"


def _delete_strays() -> None:
    """Files in quarantine that no row knows: what was begun was never stored."""
    for upload_id, changed in quarantine.kept():
        is_old = changed < time.time() - STRAY_SECONDS
        if is_old and not Upload.objects.filter(id=upload_id).exists():
            quarantine.delete(upload_id)


def _delete_refused_weights() -> None:
    """Of versions that were refused long ago, unless another version has the same file."""
    versions = Version.objects.filter(shipped=False)
    refused = versions.filter(status=Version.Status.FAILED, uploads__isnull=False)
    lately = now() - td(days=settings.QUARANTINE_DAYS)
    for version in refused.exclude(file="").exclude(uploads__changed__gte=lately).distinct():
        _delete_stored(version)


def _delete_stored(version: Version) -> None:
    others = Version.objects.filter(file=version.file).exclude(status=Version.Status.FAILED)
    if version.file and not others.exists():
        storages[STORAGE].delete(version.file)
    Version.objects.filter(pk=version.pk).update(file="")
