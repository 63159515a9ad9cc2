"""Who sends at the same time: uploads take only a part of the threads, and a person of these."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from django.http import HttpRequest

from bachtest.composers.uploading.announcing import UploadRefused
from bachtest.composers.uploading.quarantine import ByteStream
from bachtest.lib.serving.slow_clients import watchdog

AT_ONCE = 4
"""Of the eight threads that serve the site."""
AT_ONCE_EACH = 2
PART_SECONDS = 30.0
"""In which 64 kB have to come; whoever is slower is cut off, and goes on where it stopped."""


class Senders:
    """Counts the uploads under way in this process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._of: Counter[int] = Counter()

    @contextmanager
    def one_more(self, person: int) -> Iterator[None]:
        """While bytes are taken from somebody.

        Raises
        ------
        UploadRefused
            If there are too many; clients wait and try again.
        """
        with self._lock:
            mine, all_ = self._of[person], self._of.total()
            if all_ >= AT_ONCE or mine >= AT_ONCE_EACH:
                whose = "of yours " if mine >= AT_ONCE_EACH else ""
                raise UploadRefused(
                    f"{mine if whose else all_} uploads {whose}come in already; "
                    "this one goes on in a moment.", "busy", 503,
                )  # fmt: skip
            self._of[person] += 1
        try:
            yield
        finally:
            with self._lock:
                self._of[person] -= 1


senders = Senders()


class PatientStream:
    """A request's body, of which each part must come within `PART_SECONDS`."""

    def __init__(self, request: HttpRequest) -> None:
        self._stream: ByteStream = request
        self._connection = request.META.get("gunicorn.socket")

    def read(self, size: int, /) -> bytes:
        if self._connection is not None:
            watchdog.expect(self._connection, PART_SECONDS)
        return self._stream.read(size)
