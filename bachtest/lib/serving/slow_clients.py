"""Clients that send or read slowly, or not at all: each holds a thread, but not for ever."""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from threading import Lock

TICK = 0.5


class Watchdog:
    """Ends connections on which too little came, or was taken, in time."""

    def __init__(self) -> None:
        self._deadlines: dict[socket.socket, tuple[float, int]] = {}
        self._lock = Lock()

    def expect(self, connection: socket.socket, seconds: float, end: int = socket.SHUT_RD) -> None:
        """Give a connection so much time from now on, whatever it had before.

        If only its reading ends, a reply is still sent.
        """
        with self._lock:
            self._deadlines[connection] = time.monotonic() + seconds, end

    def leave(self, connection: socket.socket) -> None:
        with self._lock:
            self._deadlines.pop(connection, None)

    def cut_off_the_late(self) -> None:
        now = time.monotonic()
        with self._lock:
            late = [(each, end) for each, (when, end) in self._deadlines.items() if when < now]
            for connection, end in late:
                del self._deadlines[connection]
                with suppress(OSError):  # it has gone by itself
                    connection.shutdown(end)

    def run(self) -> None:
        while True:
            time.sleep(TICK)
            self.cut_off_the_late()


watchdog = Watchdog()
