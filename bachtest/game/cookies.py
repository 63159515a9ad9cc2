"""The listener's cookie: a signed random id, and nothing that could identify the person."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.http import HttpRequest, HttpResponseBase

from bachtest.game.models import Listener

COOKIE = "listener"
LIFETIME = timedelta(days=365)


def listener_of(request: HttpRequest) -> Listener | None:
    # The browser drops it after its lifetime. The server asks no clock, which may be set back.
    value = request.get_signed_cookie(COOKIE, default=None)
    return Listener.objects.filter(id=UUID(value)).first() if value else None


def remember(request: HttpRequest, response: HttpResponseBase, listener: Listener) -> None:
    response.set_signed_cookie(
        COOKIE,
        str(listener.id),
        max_age=LIFETIME,
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",
    )


def forget(response: HttpResponseBase) -> None:
    response.delete_cookie(COOKIE, samesite="Lax")
