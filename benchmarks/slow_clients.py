"""Clients that hang on a server, all of them in one thread; one that is cut off comes back."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Event, Thread
from typing import Self

TICK = 0.2
BYTES_A_TICK = 4096  # 20 kB/s
# No clip, so that nobody has to play for it; so often, it is more than a system keeps unsent.
LARGE = "GET /static/admin/js/vendor/xregexp/xregexp.js HTTP/1.1\r\nHost: localhost\r\n\r\n" * 30
Step = Callable[[socket.socket], None]
Way = tuple[str, Step]


def _drip(line: socket.socket) -> None:
    line.send(b"a")


def _read(line: socket.socket) -> None:
    if not line.recv(BYTES_A_TICK):
        raise ConnectionResetError


def _wait(line: socket.socket) -> None:
    """Takes nothing."""


half_a_head: Way = ("GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", _drip)
body_drips: Way = (
    "POST /api/v1/games/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    "Content-Length: 4000\r\n\r\n{",
    _drip,
)
reads_slowly: Way = (LARGE, _read)
reads_nothing: Way = (LARGE, _wait)


class Crowd:
    """As many clients as are asked for, at every moment."""

    def __init__(self, port: int, ways: Sequence[Way], count: int) -> None:
        self._port = port
        self._ways = [ways[i % len(ways)] for i in range(count)]
        self._lines: list[socket.socket | None] = [None] * count
        self._ended = Event()
        self._thread = Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def everybody_hangs(self) -> bool:
        return all(self._lines)

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self._thread.join()
        for line in self._lines:
            if line:
                line.close()

    def _run(self) -> None:
        while not self._ended.is_set():
            start = time.monotonic()
            for place, (said, step) in enumerate(self._ways):
                line = self._lines[place]
                try:
                    if line is None:
                        self._lines[place] = self._connect(said)
                    else:
                        step(line)
                except BlockingIOError:
                    continue
                except OSError:
                    self._lines[place] = None
                    if line:
                        line.close()
            self._ended.wait(max(0.0, TICK - (time.monotonic() - start)))

    def _connect(self, said: str) -> socket.socket:
        line = socket.socket()
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BYTES_A_TICK)
        line.settimeout(TICK)
        try:
            line.connect(("127.0.0.1", self._port))
            line.setblocking(False)
            with suppress(BlockingIOError):
                line.send(said.encode())
        except OSError:
            line.close()
            raise
        return line
