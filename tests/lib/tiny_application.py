"""An application without Django: who runs it, what came, or more than a system keeps unsent."""

from __future__ import annotations

import threading

LARGE = b"a" * 20_000_000


def application(environ, start_response):
    if environ["PATH_INFO"] == "/thread":
        body = threading.current_thread().name.encode()
    elif environ["REQUEST_METHOD"] == "POST":
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    else:
        body = LARGE
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return Reply([body])


class Reply(list):
    """As Django's: it is whole, and closed by whoever took it."""

    streaming = False

    def close(self):
        assert threading.current_thread().name.startswith("django")
