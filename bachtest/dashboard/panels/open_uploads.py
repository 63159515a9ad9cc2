"""Uploads on their way: what waits for a person, what the worker does, what went wrong."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.contrib.auth.models import AnonymousUser, User
from django.urls import reverse
from django.utils.timezone import now

from bachtest.composers.models import Upload

MOST = 200
ENDED = (Upload.Status.PUBLISHED, Upload.Status.RETIRED, Upload.Status.REFUSED)


@dataclass
class OpenUploads:
    to_publish: list[Upload] = field(default_factory=list)
    failed: list[Upload] = field(default_factory=list)
    running: list[Upload] = field(default_factory=list)
    queued: list[Upload] = field(default_factory=list)
    receiving: list[Upload] = field(default_factory=list)


def open_uploads(user: User | AnonymousUser) -> OpenUploads:
    """Everybody's for those who may view them, otherwise the person's own; the oldest first."""
    rows = Upload.objects.exclude(status__in=ENDED).select_related("owner", "version")
    if not user.has_perm("composers.view_upload"):
        rows = rows.filter(owner=user.pk)
    uploads, time = OpenUploads(), now()
    for upload in rows.order_by("created")[:MOST]:
        if upload.lease_until and upload.lease_until > time:
            uploads.running.append(upload)
        elif upload.failure:
            uploads.failed.append(upload)
        elif upload.status == Upload.Status.SCORED:
            uploads.to_publish.append(upload)
        elif upload.status == Upload.Status.RECEIVING:
            uploads.receiving.append(upload)
        else:
            uploads.queued.append(upload)
    return uploads


def upload_address(upload: Upload) -> str:
    """The page with all that is known of it, where it is decided on or tried again."""
    return reverse("uploads:upload", args=[upload.pk])
