"""Clips by token. Apart from the music, nothing in a response tells the two sides of a round apart.

ETag and Last-Modified belong to the round, so both sides have the same. A token works only for its
own listener, until it expires.
"""

from __future__ import annotations

import logging

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import http_date
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from bachtest.game.cookies import listener_of
from bachtest.game.models import Listener, RoundClip
from bachtest.lib.byte_ranges import ranged_response
from generator.models import Rendering

logger = logging.getLogger(__name__)


@require_safe
def clip_of_round(request: HttpRequest, token: str) -> HttpResponse:
    listener = listener_of(request)
    clip = _clip_of(listener, token)
    row = clip.round
    headers = {
        "ETag": f'"{row.id.hex}"',
        "Last-Modified": http_date(row.sent_at.timestamp()) if row.sent_at else "",
    }
    return mp3_response(request, row.pair.clips().get(clip.piece_id), headers)


def mp3_response(
    request: HttpRequest, rendering: Rendering | None, headers: dict[str, str]
) -> HttpResponse:
    """The clip, or the range of it that was asked for; `headers` must have an ETag."""
    headers = {"Cache-Control": "private, no-store"} | headers
    return ranged_response(request, _read(rendering), "audio/mpeg", headers)


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
