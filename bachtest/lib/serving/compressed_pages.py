"""Pages and JSON are compressed; clips are small already, and go out byte by byte as they are."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.middleware.gzip import GZipMiddleware

TEXT = ("text/html", "application/json", "application/vnd.oai.openapi")
# Less goes in one packet anyhow.
MIN_BYTES = 1000


class CompressedPages(GZipMiddleware):
    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:  # type: ignore[override]  # Django's stubs name no class
        is_text = response.get("Content-Type", "").startswith(TEXT)
        if response.streaming or not is_text or len(response.content) < MIN_BYTES:
            return response
        return super().process_response(request, response)  # type: ignore[return-value]
