from __future__ import annotations

from datetime import datetime
from datetime import timedelta as td

from django import template
from django.utils.timesince import timesince

from bachtest.dashboard.panels.open_uploads import upload_address

register = template.Library()
register.filter(upload_address)


@register.filter
def ago(time: datetime, at: datetime) -> str:
    """How long before `at`, in one word or two.

    >>> from datetime import UTC
    >>> ago(datetime(2026, 11, 29, 12, 0, tzinfo=UTC), datetime(2026, 11, 29, 14, 10, tzinfo=UTC))
    '2 hours ago'
    """
    if at - time < td(minutes=1):
        return "just now"
    return f"{timesince(time, at, depth=1)} ago".replace("\xa0", " ")
