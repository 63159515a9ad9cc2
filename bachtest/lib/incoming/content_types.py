"""What a request says of its body, before Django reads it: the site takes UTF-8 and nothing else.

Django fails on some of these headers before any code of ours, and would read a body in whatever
encoding its sender names, some of which yield text that cannot be written down again.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable
from typing import Any

from django.utils.http import parse_header_parameters

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
UNKNOWN = "application/octet-stream"


def only_utf_8(application: Application) -> Application:
    def checked(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not _is_utf_8(environ.get("CONTENT_TYPE", "")):
            environ["CONTENT_TYPE"] = UNKNOWN
        return application(environ, start_response)

    return checked


def _is_utf_8(content_type: str) -> bool:
    try:
        _, parameters = parse_header_parameters(content_type)
        return codecs.lookup(parameters.get("charset", "utf-8")).name == "utf-8"
    except (ValueError, LookupError):
        return False
