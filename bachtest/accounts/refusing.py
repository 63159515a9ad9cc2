"""What a person sees whose password was not looked at."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta as td

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import now

from bachtest.accounts.tries import SignInRefused

View = Callable[[HttpRequest], HttpResponse]


class RefusedSignIns:
    """A middleware: a refused try becomes a page, whichever form it came from."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, SignInRefused):
            return None
        context = {
            "busy": error.busy,
            "seconds": error.seconds,
            "minutes": math.ceil(error.seconds / 60),
            "again_at": now() + td(seconds=error.seconds),
        }
        response = render(request, "accounts/refused.html", context, status=429)
        response.headers["Retry-After"] = str(error.seconds)
        return response
