"""The one place where passwords from outside are compared, whichever page they come from."""

from __future__ import annotations

from threading import BoundedSemaphore
from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.http import HttpRequest

from bachtest.accounts.tries import SignInRefused, count_try
from bachtest.lib.incoming.addresses import client_network

# Hashing a password takes a processor for most of a second. So many of a process's threads may do
# it at a time; the others go on serving pages.
HASHES_AT_ONCE = 2
BUSY_SECONDS = 5

_hashing = BoundedSemaphore(HASHES_AT_ONCE)


class TooBusyToHash(SignInRefused):
    busy = True


class CountedBackend(ModelBackend):
    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        if request is None or username is None or password is None:
            return super().authenticate(request, username, password, **kwargs)
        if not _hashing.acquire(blocking=False):
            raise TooBusyToHash(BUSY_SECONDS)
        try:
            tried = count_try(username.casefold(), client_network(request))
            user = super().authenticate(request, username, password, **kwargs)
        finally:
            _hashing.release()
        if user is not None:
            tried.delete()
        return user
