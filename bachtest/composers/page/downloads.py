"""Files of versions go out a few at a time, so that readers who do not read hold no site up."""

from __future__ import annotations

from threading import BoundedSemaphore
from typing import BinaryIO

from bachtest.lib.errors import AppError

AT_ONCE = 3
"""Of the eight threads that serve the site."""
_free = BoundedSemaphore(AT_ONCE)


class CountedFile:
    """A file that makes room for another when it is closed.

    It has no file number on purpose: the server then asks for it part by part, and closes it when
    the reader is gone.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._is_open = file, True

    def read(self, size: int = -1) -> bytes:
        return self._file.read(size)

    def close(self) -> None:
        self._file.close()
        if self._is_open:
            self._is_open = False
            _free.release()


def counted(file: BinaryIO) -> CountedFile:
    """The file, if not too many are on their way.

    Raises
    ------
    AppError
    """
    if not _free.acquire(blocking=False):
        file.close()
        raise AppError("Too many downloads are under way; try again in a minute.", "busy", 503)
    return CountedFile(file)
