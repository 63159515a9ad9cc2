"""What dead processes left of uploads is taken up again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta as td

from django.conf import settings
from django.db.models import Q
from django.utils.timezone import now

from bachtest.composers.checking import claims
from bachtest.composers.checking.check_checkpoint import delete_left_boxes
from bachtest.composers.checking.completing import complete_others
from bachtest.composers.models import Upload
from bachtest.composers.tasks import ask_for_check
from bachtest.composers.uploading.receiving import complete_forgotten
from bachtest.composers.uploading.withdrawing import delete_expired


def requeue() -> int:
    """Queue uploads of dead workers, and those whose task was lost or put back, once a lease."""
    claims.expire_leases()
    due = Q(lease_until=None) | Q(lease_until__lt=now())
    quiet = claims.waiting().filter(due, changed__lt=now() - td(seconds=settings.LEASE_SECONDS))
    patience = now() + td(seconds=settings.LEASE_SECONDS)
    queued = 0
    for upload in quiet:
        seen = Upload.objects.filter(id=upload.id, stage="", lease_until=upload.lease_until)
        # Whoever recovers at the same moment finds another lease, and leaves it.
        if seen.update(lease_until=patience):
            ask_for_check(upload)
            queued += 1
    return queued


recover_uploads: dict[str, Callable[[], int]] = {
    "uploads that were complete and not looked at": complete_forgotten,
    "uploads without a worker queued again": requeue,
    "files of old uploads deleted": delete_expired,
    "folders of dead child processes deleted": delete_left_boxes,
    "composers without scores or samples": complete_others,
}
