"""Clips by token. Apart from the music, nothing in a response tells the two sides of a round apart.

ETag and Last-Modified belong to the round, so both sides have the same. A token works only for its
own listener, until it expires.
"""

from __future__ import annotations

import logging
import re

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import http_date
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from bachtest.game.cookies import listener_of
from bachtest.game.models import Listener, RoundClip
from generator.models import Rendering

logger = logging.getLogger(__name__)

# A number with more digits than these is no range of a clip; Python may refuse to parse it.
ONE_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


@require_safe
def clip_of_round(request: HttpRequest, token: str) -> HttpResponse:
    listener = listener_of(request)
    clip = _clip_of(listener, token)
    row = clip.round
    content = _read(row.pair.clips().get(clip.piece_id))
    headers = {
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-store",
        "ETag": f'"{row.id.hex}"',
        "Last-Modified": http_date(row.sent_at.timestamp()) if row.sent_at else "",
    }
    span = _span(request, headers["ETag"], len(content))
    if span is None:
        return HttpResponse(content, content_type="audio/mpeg", headers=headers)
    start, stop = span
    if start >= stop:
        headers["Content-Range"] = f"bytes */{len(content)}"
        return HttpResponse(status=416, content_type="audio/mpeg", headers=headers)
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(content)}"
    return HttpResponse(content[start:stop], status=206, content_type="audio/mpeg", headers=headers)


def _clip_of(listener: Listener | None, token: str) -> RoundClip:
    # After the answer a clip has no secret left to keep from its listener.
    valid = Q(round__tokens_expire__gt=now()) | Q(round__answer__isnull=False)
    sent = Q(round__withdrawn=False, round__sent_at__isnull=False)
    clips = RoundClip.objects.filter(valid, sent, token=token).select_related("round__pair")
    clip = clips.filter(round__game__participation__listener=listener).first()
    if listener is None or clip is None:
        raise Http404
    return clip


def _read(rendering: Rendering | None) -> bytes:
    if rendering is None:
        raise Http404
    try:
        with rendering.file.open() as file:
            return bytes(file.read())
    except FileNotFoundError:
        logger.error("piece %s has no clip at %s", rendering.piece_id, rendering.file.name)
        raise Http404 from None


def _span(request: HttpRequest, etag: str, size: int) -> tuple[int, int] | None:
    """Start and stop of the requested bytes, an empty span if there are none; None: the whole clip.

    Several ranges, other units, or a range of another version get the whole clip, as HTTP allows.
    """
    match = ONE_RANGE.fullmatch(request.headers.get("Range", ""))
    if match is None or match[0] == "bytes=-":
        return None
    if request.headers.get("If-Range", etag) != etag:
        return None
    first, last = match.groups()
    if not first:
        return max(0, size - int(last)), size if int(last) else 0
    start = int(first)
    stop = min(size, int(last) + 1) if last else size
    if last and int(last) < start:
        return None
    return start, stop
