"""Keys to the API: a token is one person's, for what its scopes say, until it expires."""

from __future__ import annotations

from datetime import timedelta as td
from typing import Any

from django.utils.timezone import now
from knox.auth import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from bachtest.composers.models import ApiToken

PREFIX = "bot-"
LIFE = td(days=90)
MAX_TOKENS = 20
# Written at most so often, so that an upload in many parts is not a write for each.
NOTE_EVERY = td(minutes=10)


class ScopedTokenAuthentication(TokenAuthentication):  # type: ignore[misc]  # knox has no types
    def authenticate_credentials(self, token: bytes) -> tuple[Any, ApiToken]:
        if not token.isascii():  # knox would fail on some of these
            raise AuthenticationFailed("Invalid token.")
        user, key = super().authenticate_credentials(token)
        if key.last_used is None or key.last_used < now() - NOTE_EVERY:
            ApiToken.objects.filter(pk=key.pk).update(last_used=now())
        return user, key


class MayUpload(BasePermission):
    """The person has the permission, and the token, if there is one, its scope."""

    message = (
        "You may not upload. Ask an administrator for the permission 'Can upload versions'; a "
        "token needs the scope 'upload'."
    )

    def has_permission(self, request: Request, view: APIView) -> bool:
        token = request.auth
        if isinstance(token, ApiToken) and not token.may(ApiToken.Scope.UPLOAD):
            return False
        return bool(request.user and request.user.has_perm("composers.upload_version"))
