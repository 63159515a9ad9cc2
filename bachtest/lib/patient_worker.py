"""The worker of gunicorn that serves the site."""

from __future__ import annotations

import socket
from threading import Thread

from gunicorn.workers.gthread import TConn, ThreadWorker

from bachtest.lib.slow_clients import watchdog

REPLY_MS = 30_000
REQUEST_SECONDS = 15.0
"""For a whole request to come, unless its view expects more and says so."""


def _leave_the_deaf(connection: socket.socket) -> None:
    """Whoever takes nothing of a reply for so long is gone. Only Linux can say so, and over TCP."""
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    if option is not None and connection.family in (socket.AF_INET, socket.AF_INET6):
        connection.setsockopt(socket.IPPROTO_TCP, option, REPLY_MS)


class PatientWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Gunicorn's worker with threads, with a limit to its patience."""

    def init_process(self) -> None:
        Thread(target=watchdog.run, daemon=True).start()
        super().init_process()

    def handle(self, conn: TConn) -> object:
        watchdog.expect(conn.sock, REQUEST_SECONDS)
        _leave_the_deaf(conn.sock)
        try:
            return super().handle(conn)
        finally:
            watchdog.leave(conn.sock)
