"""The listener's cookie: a signed random id, and nothing that could identify the person."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from bachtest.game.models import Listener

COOKIE = "listener"
LIFETIME = timedelta(days=365)


def listener_of(request: HttpRequest) -> Listener | None:
    listener_id = listener_id_of(request)
    return Listener.objects.filter(id=listener_id).first() if listener_id else None


def listener_id_of(request: HttpRequest) -> UUID | None:
    """What the cookie says; the listener may have left since. For whoever looks at their rows."""
    # The browser drops it after its lifetime. The server asks no clock, which may be set back.
    value = request.get_signed_cookie(COOKIE, default=None)
    return UUID(value) if value else None


def remember(request: HttpRequest, response: HttpResponseBase, listener: Listener) -> None:
    response.set_signed_cookie(
        COOKIE,
        str(listener.id),
        max_age=LIFETIME,
        secure=settings.SESSION_COOKIE_SECURE or request.is_secure(),
        httponly=True,
        samesite="Lax",
    )


def forget(response: HttpResponseBase) -> None:
    response.delete_cookie(COOKIE, samesite="Lax")
