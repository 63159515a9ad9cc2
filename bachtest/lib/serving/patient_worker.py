"""The worker of gunicorn that serves the site.

Each of its threads reads one request and sends one reply, however long that takes. They are many,
and cheap; a few other ones run Django.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from threading import Thread

from gunicorn.workers.gthread import TConn, ThreadWorker

from bachtest.lib.serving.few_threads import REPLY_SECONDS, REQUEST_SECONDS, Application, FewThreads
from bachtest.lib.serving.slow_clients import watchdog

DJANGO_THREADS = 8


def _leave_the_deaf(connection: socket.socket) -> None:
    """Whoever takes nothing of a reply for so long is gone. Only Linux can say so, and over TCP."""
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    if option is not None and connection.family in (socket.AF_INET, socket.AF_INET6):
        connection.setsockopt(socket.IPPROTO_TCP, option, int(1000 * REPLY_SECONDS))


class PatientWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Gunicorn's worker with threads, with a limit to its patience."""

    def init_process(self) -> None:
        Thread(target=watchdog.run, daemon=True).start()
        super().init_process()

    def load_wsgi(self) -> None:
        super().load_wsgi()
        self.wsgi: Application = FewThreads(self.wsgi, DJANGO_THREADS)

    def handle(self, conn: TConn) -> object:
        watchdog.expect(conn.sock, REQUEST_SECONDS)
        _leave_the_deaf(conn.sock)
        try:
            keep = super().handle(conn)
        finally:
            watchdog.leave(conn.sock)
        if not keep:
            _close(conn)
        return keep


def _close(connection: TConn) -> None:
    """Here, since gunicorn waits for the other end in the one thread that accepts connections."""
    with suppress(OSError):  # it has gone by itself
        connection.close(graceful=True)
    connection.close = lambda graceful=False: None
