"""An upload goes from status to status; each step is a row of a log."""

from __future__ import annotations

import logging
from collections.abc import Collection

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.utils.timezone import now

from bachtest.composers.models import RegistryStep, Upload
from generator.errors import in_plain_text
from generator.services.outages import describe

logger = logging.getLogger(__name__)

MAX_REASON = 4_000
OF = Upload.Status
TOLD = {OF.SCORED, OF.PUBLISHED, OF.RETIRED, OF.REFUSED}
"""What an uploader gets a mail about."""


def advance(
    upload: Upload,
    before: Collection[str],
    status: str,
    *,
    by: str = "",
    reason: str = "",
) -> bool:
    """Move an upload on and write it down; False if its status was none of `before`.

    Of several callers at the same moment one moves it.
    """
    reason = in_plain_text(reason, MAX_REASON)
    refused = {"reason": reason} if status == OF.REFUSED else {}
    with transaction.atomic():
        moved = Upload.objects.filter(id=upload.id, status__in=before).update(
            status=status, changed=now(), **refused
        )
        if not moved:
            return False
        upload.refresh_from_db()
        RegistryStep.objects.create(
            upload=upload, version=upload.version, status=status, by=by, reason=reason
        )
        transaction.on_commit(lambda: _tell_owner(upload, status, reason))
    return True


def refuse(upload: Upload, reason: str, *, by: str = "") -> bool:
    """Refuse what was not published yet."""
    return advance(
        upload, [OF.RECEIVING, OF.QUARANTINED, OF.CHECKED, OF.SCORED], OF.REFUSED, by=by,
        reason=reason,
    )  # fmt: skip


def _tell_owner(upload: Upload, status: str, reason: str) -> None:
    """A mail, where mail is set up; that it cannot be sent stops nothing."""
    if not settings.EMAIL_HOST or status not in TOLD:
        return
    if upload.owner is None or not upload.owner.email:
        return
    lines = [f"Your upload {upload.filename or upload.slug} was {status}.", reason]
    text = "\n\n".join(filter(None, lines))
    try:
        send_mail(f"{upload.slug} was {status}", text, None, [upload.owner.email])
    except OSError as error:  # smtplib's errors are OSErrors, too
        logger.warning("no mail about %s: %s", upload, describe(error))
