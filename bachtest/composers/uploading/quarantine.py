"""Files from outside, kept apart from all others: nothing serves them, and nothing opens them
before they were looked at. What arrived of a file stays when the connection breaks."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import stat
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import Protocol
from uuid import UUID

from django.conf import settings

CHUNK = 64 * 1024


class QuarantineError(Exception):
    """Bytes that cannot be taken now; what had arrived before is kept."""


class UploadBusy(QuarantineError):
    """Somebody else is sending the same file."""


class WrongOffset(QuarantineError):
    """The bytes do not go on where the file ends."""

    def __init__(self, sent: int, size: int) -> None:
        super().__init__(f"the upload goes on at byte {size}, not {sent}")
        self.size = size


class DiskFull(QuarantineError):
    """The disk took only a part."""


class ByteStream(Protocol):
    def read(self, size: int, /) -> bytes: ...


def path_of(upload_id: UUID) -> Path:
    return Path(settings.QUARANTINE_DIR) / f"{upload_id.hex}.part"


def create(upload_id: UUID) -> None:
    path = path_of(upload_id)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))


def open_file(upload_id: UUID, flags: int = os.O_RDONLY) -> FileIO:
    """The file itself: what is no plain file, such as a link in its place, is not opened."""
    path = path_of(upload_id)
    try:
        handle = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno not in (errno.ELOOP, errno.ENXIO):
            raise
        raise FileNotFoundError(errno.ENOENT, "it is no plain file", path.name) from error
    file = FileIO(handle, "r+b" if flags & os.O_RDWR else "rb")
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        file.close()
        raise FileNotFoundError(errno.ENOENT, "it is no plain file", path.name)
    return file


def size_of(upload_id: UUID) -> int:
    """Bytes that have arrived."""
    try:
        return path_of(upload_id).stat().st_size
    except FileNotFoundError:
        return 0


def append(upload_id: UUID, offset: int, stream: ByteStream, limit: int) -> int:
    """Add what the stream gives until the file has `limit` bytes; its size then.

    A connection that breaks ends the stream: what arrived is kept.

    Raises
    ------
    UploadBusy
    WrongOffset
    DiskFull
    """
    with open_file(upload_id, os.O_RDWR) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UploadBusy("somebody else is sending this upload; wait and go on") from error
        size = file.seek(0, os.SEEK_END)
        if offset != size:
            raise WrongOffset(offset, size)
        while size < limit and (chunk := _read(stream, min(CHUNK, limit - size))):
            size += _write(file.fileno(), chunk)
        os.fsync(file.fileno())
    return size


def _read(stream: ByteStream, size: int) -> bytes:
    try:
        return stream.read(size)
    except OSError:  # Django's UnreadablePostError is one
        return b""


def _write(handle: int, chunk: bytes) -> int:
    written = 0
    try:
        while written < len(chunk):
            written += os.write(handle, chunk[written:])
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise DiskFull("the disk is full; what has arrived is kept, go on later") from error
        raise
    return written


def sha256_of(upload_id: UUID) -> str:
    with open_file(upload_id) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def delete(upload_id: UUID) -> None:
    path_of(upload_id).unlink(missing_ok=True)


def free_bytes() -> int:
    folder = Path(settings.QUARANTINE_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    return shutil.disk_usage(folder).free


def kept() -> list[tuple[UUID, float]]:
    """The files in quarantine, and when they were last written."""
    found = []
    for path in Path(settings.QUARANTINE_DIR).glob("*.part"):
        with suppress(ValueError, FileNotFoundError):
            found.append((UUID(path.stem), path.lstat().st_mtime))
    return found
