"""Clients that send slowly, or nothing: each holds one of a few threads, but not for long.

A proxy that takes requests in whole before it passes them on is better; this is for a site without.
"""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from threading import Lock

TICK = 0.5


class Watchdog:
    """Ends the reading of connections on which too little came in time; replies are still sent."""

    def __init__(self) -> None:
        self._deadlines: dict[socket.socket, float] = {}
        self._lock = Lock()

    def expect(self, connection: socket.socket, seconds: float) -> None:
        """Give a connection so much time from now on, whatever it had before."""
        with self._lock:
            self._deadlines[connection] = time.monotonic() + seconds

    def leave(self, connection: socket.socket) -> None:
        with self._lock:
            self._deadlines.pop(connection, None)

    def cut_off_the_late(self) -> None:
        now = time.monotonic()
        with self._lock:
            late = [each for each, deadline in self._deadlines.items() if deadline < now]
            for connection in late:
                del self._deadlines[connection]
                with suppress(OSError):  # it has gone by itself
                    connection.shutdown(socket.SHUT_RD)

    def run(self) -> None:
        while True:
            time.sleep(TICK)
            self.cut_off_the_late()


watchdog = Watchdog()
