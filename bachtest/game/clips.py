"""Clips by token. Apart from the music, nothing in a response tells the two sides of a round apart.

ETag and Last-Modified belong to the round, so both sides have the same, and the bytes belong to it
too. A token works only for its own listener, until it expires.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from uuid import UUID

from django.db import OperationalError
from django.db.models import F, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import http_date
from django.utils.timezone import now
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from bachtest.game.cookies import listener_id_of
from bachtest.game.models import RoundClip
from bachtest.game.services import own_clips, whole_clips
from bachtest.lib.byte_ranges import ranged_response
from bachtest.lib.errors import AppError
from bachtest.lib.only_row import only_row
from generator.models import Rendering
from generator.services.pairs import DAMAGED
from generator.services.rendered.clip_files import ClipFault, files_of

logger = logging.getLogger(__name__)
RETRY_SECONDS = "10"


@csrf_exempt  # what is not safe is told so, whatever it brings
@require_safe
def clip_of_round(request: HttpRequest, token: str) -> HttpResponse:
    """Before the answer and after it: the bytes that only this round has."""
    # After the answer a clip has no secret left to keep from its listener.
    valid = Q(round__tokens_expire__gt=now()) | Q(round__answer__isnull=False)
    clip, profile = _clip_of(listener_id_of(request), RoundClip.objects.filter(valid, token=token))
    row = clip.round
    # If one side is damaged, neither is sent: the one that is left would be seen to be whole.
    if row.pair.excluded_reason.startswith(DAMAGED):
        raise Http404
    headers = {
        "ETag": f'"{row.id.hex}"',
        "Last-Modified": http_date(row.sent_at.timestamp()) if row.sent_at else "",
    }
    try:
        content = own_clips.ready(token) or _made(clip, profile)
    except AppError as error:
        return HttpResponse(
            error.message, status=error.status, headers={"Retry-After": RETRY_SECONDS}
        )
    return _mp3_response(request, content, headers)


def _made(clip: RoundClip, profile: int) -> bytes:
    pair = clip.round.pair
    files = files_of([pair], profile)[pair.pk]
    if clip.piece_id not in files.sources:
        raise Http404
    try:
        whole_clips.check(pair, files)
        return own_clips.made(own_clips.order(clip, clip.round.game.seed, files))
    except ClipFault as fault:
        with suppress(OperationalError):  # a database that is locked: found again with the round
            whole_clips.exclude(fault)
        raise Http404 from None
    except OSError as error:
        raise whole_clips.unreadable(error) from error


@csrf_exempt  # what is not safe is told so, whatever it brings
@require_safe
def plain_clip(request: HttpRequest, token: str) -> HttpResponse:
    """Once a round is answered: the clip as everybody else gets it."""
    answered = RoundClip.objects.filter(round__answer__isnull=False, token=token)
    clip, profile = _clip_of(listener_id_of(request), answered)
    rendering = clip.round.pair.clips(profile).get(clip.piece_id)
    etag = rendering.sha256 if rendering else ""
    return mp3_response(request, rendering, {"ETag": f'"{etag}"'})


def mp3_response(
    request: HttpRequest, rendering: Rendering | None, headers: dict[str, str]
) -> HttpResponse:
    """A plain clip, or the range of it that was asked for; `headers` must have an ETag."""
    return _mp3_response(request, _read(rendering), headers)


def _mp3_response(request: HttpRequest, content: bytes, headers: dict[str, str]) -> HttpResponse:
    headers = {"Cache-Control": "private, no-store"} | headers
    return ranged_response(request, content, "audio/mpeg", headers)


def _clip_of(listener_id: UUID | None, clips: QuerySet[RoundClip]) -> tuple[RoundClip, int]:
    """The clip, and the profile of the study that it is heard in."""
    sent = clips.filter(round__withdrawn=False, round__sent_at__isnull=False)
    own = sent.filter(round__game__participation__listener=listener_id)
    profile = F("round__game__participation__study__rendering")
    clip = only_row(own.select_related("round__pair", "round__game").annotate(profile=profile))
    if listener_id is None or clip is None:
        raise Http404
    return clip, clip.profile  # type: ignore[attr-defined]  # annotated above


def _read(rendering: Rendering | None) -> bytes:
    if rendering is None:
        raise Http404
    try:
        with rendering.file.open() as file:
            return bytes(file.read())
    except FileNotFoundError:
        logger.error("piece %s has no clip at %s", rendering.piece_id, rendering.file.name)
        raise Http404 from None
