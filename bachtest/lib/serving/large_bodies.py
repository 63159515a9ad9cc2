"""Requests whose body is too large: 413 before anything of it is read, and one line in the log."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from bachtest.lib.errors import API_ROOT, error_body
from bachtest.lib.serving.few_threads import MAX_BODY

logger = logging.getLogger(__name__)
ONLY_STREAMED = "takes_large_bodies"
"""Attribute of views that read their body piece by piece, and know their own limit."""


class LargeBodies:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: object, kwargs: object
    ) -> HttpResponse | None:
        length = request.META.get("CONTENT_LENGTH") or "0"
        # What is no number is no length to Django either, which then reads nothing.
        if not (length.isascii() and length.isdigit()) or (
            len(length) < 20 and int(length) <= MAX_BODY
        ):
            return None
        if getattr(getattr(view, "cls", None), ONLY_STREAMED, False):
            return None
        logger.warning("a body of %s bytes was refused", length[:40])
        message = f"The body is larger than {MAX_BODY:,} bytes."
        if request.path.startswith(API_ROOT):
            return JsonResponse(error_body("too_large", message), status=413)
        return HttpResponse(message, status=413, content_type="text/plain")
