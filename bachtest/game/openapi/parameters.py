"""The listener's cookie in the schema: who sets it, and who asks for it."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter

from bachtest.game.cookies import COOKIE

LISTENER = OpenApiParameter(
    COOKIE,
    str,
    OpenApiParameter.COOKIE,
    required=True,
    description="the listener, as the start of a game set it",
)
MAYBE_LISTENER = OpenApiParameter(
    COOKIE, str, OpenApiParameter.COOKIE, description="the listener, if the site knows one"
)
SETS_LISTENER = OpenApiParameter(
    "Set-Cookie",
    str,
    OpenApiParameter.HEADER,
    required=True,
    response=[200, 201],
    description=f"the cookie `{COOKIE}`, signed",
)
