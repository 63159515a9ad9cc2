"""What a proxy says of its client: believed if it comes from a proxy that a setting names.

Anybody can send these headers, so from all others they are taken away.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse

SCHEME = "HTTP_X_FORWARDED_PROTO"
CLIENT = "HTTP_X_FORWARDED_FOR"

View = Callable[[HttpRequest], HttpResponse]


def forwarded_headers(get_response: View) -> View:
    def middleware(request: HttpRequest) -> HttpResponse:
        if not _is_trusted(request.META.get("REMOTE_ADDR", "")):
            request.META.pop(SCHEME, None)
            request.META.pop(CLIENT, None)
        elif client := request.META.get(CLIENT, "").rpartition(",")[2].strip():
            # The last one is the proxy's own word; those before it came with the request.
            request.META["REMOTE_ADDR"] = client
        return get_response(request)

    return middleware


def _is_trusted(peer: str) -> bool:
    try:
        address = ip_address(peer)
    except ValueError:  # a Unix socket has no address
        return False
    return any(address in network for network in settings.TRUSTED_PROXY)
