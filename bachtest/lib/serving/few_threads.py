"""The threads that run Django: few, and lent only to requests that are all there.

Whoever sends or reads slowly holds a thread of the server, of which there are many, and which has
no connection to the database.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

from bachtest.lib.serving.slow_clients import watchdog

# Forms and JSON are smaller. What is larger is a part of an upload, which is read as it comes.
MAX_BODY = 256 * 1024
REQUEST_SECONDS = 15.0
"""For a whole request to come; large ones get more, and those whose view says so."""
REPLY_SECONDS = 30.0
SLOWEST = 2_000
"""Bytes a second; whoever is slower for longer than that is cut off."""

StartResponse = Callable[..., object]
Application = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]


class FewThreads:
    """A WSGI application that runs in a few threads, however many call it."""

    def __init__(self, application: Application, threads: int) -> None:
        self._application = application
        self._threads = ThreadPoolExecutor(threads, "django")

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        connection: socket.socket = environ["gunicorn.socket"]
        length = _number(environ.get("CONTENT_LENGTH", ""))
        if 0 < length <= MAX_BODY:
            watchdog.expect(connection, max(REQUEST_SECONDS, length / SLOWEST))
            body = environ["wsgi.input"].read(length)
            if len(body) < length:
                start_response("408 Request Timeout", [("Content-Length", "0")])
                return []
            environ["wsgi.input"] = BytesIO(body)
        said: list[tuple[str, str]] = []

        def start(status: str, headers: list[tuple[str, str]], *rest: object) -> object:
            said.extend(headers)
            return start_response(status, headers, *rest)

        reply = self._threads.submit(self._reply, environ, start).result()
        sizes = [_number(value) for name, value in said if name == "Content-Length"]
        if sizes:
            watchdog.expect(connection, REPLY_SECONDS + sizes[0] / SLOWEST, socket.SHUT_RDWR)
        else:
            watchdog.leave(connection)  # only whoever takes nothing at all is cut off
        return reply

    def _reply(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        reply: Any = self._application(environ, start_response)
        if getattr(reply, "streaming", True):
            return reply  # type: ignore[no-any-return]  # a file, or made as it is read
        try:
            return [b"".join(reply)]
        finally:
            reply.close()  # here, since this thread has the connection to the database


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0
