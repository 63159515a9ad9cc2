"""What the page and the API say of an upload."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from rest_framework import serializers

from bachtest.composers.models import Upload
from bachtest.composers.steps import OF
from bachtest.composers.uploading import quarantine


class StepSerializer(serializers.Serializer[object]):
    status = serializers.CharField()
    by = serializers.CharField(help_text="empty: the site")
    reason = serializers.CharField()
    at = serializers.DateTimeField()


class UploadSerializer(serializers.Serializer[object]):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(Upload.Kind.choices)
    slug = serializers.CharField()
    filename = serializers.CharField()
    length = serializers.IntegerField()
    received = serializers.IntegerField()
    sha256 = serializers.CharField()
    status = serializers.ChoiceField(Upload.Status.choices)
    reason = serializers.CharField(help_text="why it was refused")
    failure = serializers.CharField(help_text="of the site; it will be tried again")
    stage = serializers.CharField(help_text="what a worker does now")
    done = serializers.IntegerField()
    total = serializers.IntegerField()
    ahead = serializers.IntegerField(allow_null=True, help_text="uploads that come first")
    version = serializers.CharField(allow_null=True)
    report = serializers.JSONField()
    steps = StepSerializer(many=True)


def upload_payload(upload: Upload, *, with_report: bool = True) -> dict[str, Any]:
    is_receiving = upload.status == OF.RECEIVING
    return {
        "id": str(upload.id),
        "kind": upload.kind,
        "slug": upload.slug,
        "filename": upload.filename,
        "length": upload.length,
        "received": quarantine.size_of(upload.id) if is_receiving else upload.length,
        "sha256": upload.sha256,
        "status": upload.status,
        "reason": upload.reason,
        "failure": upload.failure,
        "stage": upload.stage,
        "done": upload.done,
        "total": upload.total,
        "ahead": ahead_of(upload),
        "version": upload.version.tag if upload.version else None,
        "report": upload.report if with_report else {},
        "steps": list(upload.steps.values("status", "by", "reason", "at")),
    }


def ahead_of(upload: Upload) -> int | None:
    """How many uploads a worker takes before this one; None: it waits for none."""
    if upload.status not in (OF.QUARANTINED, OF.CHECKED) or upload.stage:
        return None
    waiting = Upload.objects.filter(status__in=[OF.QUARANTINED, OF.CHECKED], failure="")
    return waiting.filter(Q(created__lt=upload.created)).count()


PATH = (OF.QUARANTINED, OF.CHECKED, OF.SCORED, OF.PUBLISHED)


def path_of(upload: Upload) -> list[dict[str, str]]:
    """The steps of every upload, and which are done."""
    reached = set(upload.steps.values_list("status", flat=True))
    path = [*PATH, *(each for each in (OF.RETIRED, OF.REFUSED) if each in reached)]
    return [
        {
            "label": step.label,
            "state": "now" if step == upload.status else "done" if step in reached else "",
        }
        for step in path
    ]


def now_words(upload: Upload) -> str:
    """What happens, for a page without JavaScript; it says more."""
    if upload.stage:
        return f"Now: {upload.stage}"
    if upload.status in (OF.QUARANTINED, OF.CHECKED):
        ahead = ahead_of(upload)
        return (
            f"Waiting for a worker; first come {ahead} others."
            if ahead
            else "Waiting for a worker."
        )
    return f"{upload.get_status_display()}."
