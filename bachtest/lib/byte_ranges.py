"""Bytes of a file as a response: the whole of it, or the range that a player asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse

# A number with more digits than these is no range of a clip; Python may refuse to parse it.
ONE_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


def ranged_response(
    request: HttpRequest, content: bytes, content_type: str, headers: Mapping[str, str]
) -> HttpResponse:
    """`headers` have the ETag, by which a player knows that the file is still the same."""
    headers = {"Accept-Ranges": "bytes", **headers}
    span = _span(request, headers["ETag"], len(content))
    if span is None:
        return HttpResponse(content, content_type=content_type, headers=headers)
    start, stop = span
    if start >= stop:
        headers["Content-Range"] = f"bytes */{len(content)}"
        return HttpResponse(status=416, content_type=content_type, headers=headers)
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(content)}"
    return HttpResponse(content[start:stop], status=206, content_type=content_type, headers=headers)


def _span(request: HttpRequest, etag: str, size: int) -> tuple[int, int] | None:
    """Start and stop of the requested bytes, an empty span if there are none; None: the whole file.

    Several ranges, other units, or a range of another version get the whole file, as HTTP allows.
    """
    match = ONE_RANGE.fullmatch(request.headers.get("Range", ""))
    if match is None or match[0] == "bytes=-":
        return None
    if request.headers.get("If-Range", etag) != etag:
        return None
    first, last = match.groups()
    if not first:
        return max(0, size - int(last)), size if int(last) else 0
    start = int(first)
    stop = min(size, int(last) + 1) if last else size
    if last and int(last) < start:
        return None
    return start, stop
