"""The one folder that a child may write in, handled as what it is: made by a stranger."""

from __future__ import annotations

import os
import secrets
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MAX_ENTRIES = 1_000
PREFIX = "box-"


class BoxError(Exception):
    """What lies in a box is not what was agreed upon."""


@contextmanager
def new_box(folder: Path | None = None) -> Iterator[Path]:
    """A new folder that only this user may enter, deleted at the end with all that is in it.

    Parameters
    ----------
    folder : where it is made; None: where the system keeps temporary files
    """
    box = Path(tempfile.mkdtemp(prefix=PREFIX, dir=folder)).resolve()
    try:
        yield box
    finally:
        delete_box(box)


def delete_stale_boxes(folder: Path, seconds: float) -> int:
    """Delete boxes that were made longer ago, whose makers were killed; how many there were."""
    stale = [
        path
        for path in folder.glob(f"{PREFIX}*")
        if path.is_dir() and not path.is_symlink() and path.stat().st_uid == os.getuid()
        if time.time() - path.stat().st_mtime > seconds
    ]
    for path in stale:
        delete_box(path)
    return len(stale)


def used_bytes(box: Path) -> int:
    """What the files in a box take on the disk; while a child is writing it is an estimate.

    Raises
    ------
    BoxError
        If it holds more than `MAX_ENTRIES`, or folders that hide what is in them.
    """
    total = entries = 0
    folders = [str(box)]
    while folders:
        with suppress(FileNotFoundError), _scanned(folders.pop()) as found:
            for entry in found:
                entries += 1
                if entries > MAX_ENTRIES:
                    raise BoxError(f"more than {MAX_ENTRIES:,} files")
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                else:
                    total += 512 * entry.stat(follow_symlinks=False).st_blocks
    return total


@contextmanager
def _scanned(folder: str) -> Iterator[Iterator[os.DirEntry[str]]]:
    try:
        with os.scandir(folder) as found:
            yield found
    except FileNotFoundError:
        raise
    except OSError as error:  # no right to read it, or a path longer than the system takes
        raise BoxError(f"a folder that cannot be read ({error.strerror})") from error


def read_from_box(box: Path, name: str, most: int) -> bytes:
    """The bytes of a file in a box.

    Raises
    ------
    BoxError
        If there is none, it is a link, a pipe or anything but a file, or holds more than `most`.
    """
    try:
        # A pipe would wait for somebody to write, a link could lead anywhere.
        file = os.open(box / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise BoxError("there is none") from None
    except OSError as error:
        raise BoxError(f"it cannot be read ({error.strerror})") from error
    try:
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
            raise BoxError("it is no plain file")
        if found.st_size > most:
            raise BoxError(f"it has {found.st_size:,} bytes; {most:,} are the most")
        with os.fdopen(os.dup(file), "rb") as opened:
            return opened.read(most)
    finally:
        os.close(file)


def delete_box(box: Path) -> None:
    """Delete a box, however deep and however guarded its folders are; nothing is followed.

    Folders in folders are moved to the top first, so that depth costs neither paths nor open files.
    """
    with suppress(FileNotFoundError):
        box.chmod(0o700)
        top = os.open(box, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            while names := os.listdir(top):  # noqa: PTH208  by its number
                for name in names:
                    _delete(top, name)
        finally:
            os.close(top)
        box.rmdir()


def _delete(top: int, name: str) -> None:
    if not stat.S_ISDIR(os.lstat(name, dir_fd=top).st_mode):
        os.unlink(name, dir_fd=top)
        return
    os.chmod(name, 0o700, dir_fd=top)
    folder = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=top)
    try:
        for inner in os.listdir(folder):  # noqa: PTH208
            if stat.S_ISDIR(os.lstat(inner, dir_fd=folder).st_mode):
                os.chmod(inner, 0o700, dir_fd=folder)  # or its own `..` could not be written
                os.rename(inner, secrets.token_hex(8), src_dir_fd=folder, dst_dir_fd=top)
            else:
                os.unlink(inner, dir_fd=folder)
    finally:
        os.close(folder)
    os.rmdir(name, dir_fd=top)
