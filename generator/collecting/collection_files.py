"""The files of a collection, from a folder or a ZIP that nobody vouches for.

Everything is bounded before it is read: the number of files, the bytes of each and of all, how much
a ZIP says it unpacks to, and the size of its directory, which is looked at before `zipfile` builds
an object for each entry. A ZIP or folder with links, with names that lead out of it or that stand
in it twice, or with anything encrypted is refused as a whole.
"""

from __future__ import annotations

import os
import stat
import unicodedata
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from generator.collecting.collection_error import CollectionError
from generator.music.formats.files import MAX_BYTES, read_limited
from generator.music.formats.format_errors import FormatError

MAX_FILES = 2_000
MAX_TOTAL_BYTES = 200_000_000
# Scores as MusicXML shrink to a thirtieth; what shrinks to less than a hundredth is no score.
MAX_RATIO = 100
# A piece is named after its file and its steps, in a column of 200 characters.
MAX_NAME = 200 - len("#10000-10000")

_END = b"PK\x05\x06"
_END_BYTES = 22
_END_OF_ZIP64 = b"PK\x06\x07"
_END_OF_ZIP64_BYTES = 20
_ENTRY_BYTES = 46 + 4 * MAX_NAME + 200  # its head, a name in UTF-8, and other fields
_ENCRYPTED = 0x1
# What `zipfile` raises of damaged archives; of passwords and rare compressions too.
_BROKEN = (
    BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError,
    OverflowError, IndexError,
)  # fmt: skip


class CollectionFiles(ABC):
    """The names of the files, sorted, and their contents one at a time."""

    names: list[str]

    @abstractmethod
    def read(self, name: str) -> bytes:
        """The bytes of a file.

        Raises
        ------
        FormatError
            If this file is empty or too large.
        CollectionError
            If the collection is damaged.
        """


@contextmanager
def open_collection(path: Path) -> Iterator[CollectionFiles]:
    """The files of a folder or a ZIP.

    Raises
    ------
    CollectionError
        If it is neither, or anything about it is hostile or beyond the limits.
    """
    if path.is_dir():
        yield _Folder(path)
        return
    try:
        file = path.open("rb")
    except OSError as error:
        raise CollectionError(f"cannot read {path}: {error.strerror or error}") from error
    with file:
        _check_directory(file, path.name)
        try:
            archive = ZipFile(file)
        except _BROKEN as error:
            raise CollectionError(f"{path.name} is not a ZIP that can be read: {error}") from error
        yield _Zip(archive, path.name)


class _Folder(CollectionFiles):
    def __init__(self, path: Path) -> None:
        self._path = path
        self._paths: dict[str, Path] = {}
        total = 0
        for entry in _walk(path):
            total += entry.stat(follow_symlinks=False).st_size
            found = Path(entry.path)
            name = _checked_name(found.relative_to(path).as_posix())
            _add(self._paths, name, found)
            _check_limits(len(self._paths), total)
        self.names = sorted(self._paths)

    def read(self, name: str) -> bytes:
        path = self._paths[name]
        if path.is_symlink():
            raise CollectionError(f"{name!r} became a link while it was read")
        return read_limited(path)


class _Zip(CollectionFiles):
    def __init__(self, archive: ZipFile, source: str) -> None:
        self._archive, self._source = archive, source
        self._members: dict[str, ZipInfo] = {}
        total = 0
        for member in archive.infolist():
            if not member.filename:
                raise CollectionError(f"{source} has an entry without a name; pack it again")
            if member.is_dir():
                continue
            name = _checked_name(member.filename)
            _check_member(member, name)
            total += member.file_size
            _add(self._members, name, member)
            _check_limits(len(self._members), total)
        self.names = sorted(self._members)

    def read(self, name: str) -> bytes:
        member = self._members[name]
        if member.file_size > MAX_BYTES:
            raise FormatError(
                f"{name} is larger than {MAX_BYTES // 1_000_000} MB; give files with one piece"
            )
        try:
            with self._archive.open(member) as file:
                data = file.read(MAX_BYTES + 1)
        except _BROKEN as error:
            raise CollectionError(f"{self._source} is damaged at {name!r}: {error}") from error
        if not data:
            raise FormatError(f"{name} is empty; give a file with notes")
        return data


def _walk(folder: Path) -> Iterator[os.DirEntry[str]]:
    """All files, in folders too. Anything else, such as a link, is refused."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                mode = entry.stat(follow_symlinks=False).st_mode
                if stat.S_ISDIR(mode):
                    yield from _walk(Path(entry.path))
                elif stat.S_ISREG(mode):
                    yield entry
                else:
                    raise CollectionError(f"{entry.path} is no plain file; leave links out")
    except OSError as error:
        raise CollectionError(f"cannot read {folder}: {error.strerror or error}") from error
    except RecursionError as error:
        raise CollectionError("the folders lie too deep in one another") from error


def _checked_name(raw: str) -> str:
    name = unicodedata.normalize("NFC", raw)
    if not name or len(name) > MAX_NAME:
        raise CollectionError(f"the name {name[:40]!r}... is longer than {MAX_NAME} characters")
    if not name.isprintable() or "\\" in name:
        raise CollectionError(f"the name {name!r} has characters that no file name needs")
    parts = name.split("/")
    if name.startswith("/") or ":" in parts[0] or ".." in parts:
        raise CollectionError(f"the name {name!r} leads out of the collection")
    return name


def _check_member(member: ZipInfo, name: str) -> None:
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise CollectionError(f"{name!r} is a link or no plain file; leave it out")
    if member.flag_bits & _ENCRYPTED:
        raise CollectionError(f"{name!r} is encrypted; make a ZIP without a password")
    if member.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise CollectionError(f"{name!r} is packed in a rare way; make an ordinary ZIP")
    if member.file_size > MAX_RATIO * max(member.compress_size, 1):
        raise CollectionError(
            f"{name!r} unpacks to {member.file_size} bytes from {member.compress_size}, more than "
            f"{MAX_RATIO} times as much; no score does"
        )


def _add(files: dict[str, Path] | dict[str, ZipInfo], name: str, file: Path | ZipInfo) -> None:
    if name in files:
        raise CollectionError(f"the name {name!r} stands in the collection twice")
    files[name] = file  # type: ignore[assignment]  # one kind a collection


def _check_limits(files: int, total: int) -> None:
    if files > MAX_FILES:
        raise CollectionError(f"more than {MAX_FILES} files; give several collections")
    if total > MAX_TOTAL_BYTES:
        raise CollectionError(f"more than {MAX_TOTAL_BYTES // 1_000_000} MB unpacked")


def _check_directory(file: BinaryIO, source: str) -> None:
    """Refuse a ZIP whose directory is larger than that of so many files."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _END_BYTES - (1 << 16) - _END_OF_ZIP64_BYTES))
    tail = file.read()
    file.seek(0)
    at = len(tail) - _END_BYTES
    if not (tail[at:].startswith(_END) and tail.endswith(b"\0\0")):  # it has a comment
        at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_BYTES:
        raise CollectionError(f"{source} is neither a folder nor a whole ZIP")
    if tail[max(0, at - _END_OF_ZIP64_BYTES) : at].startswith(_END_OF_ZIP64):
        raise CollectionError(f"{source} is a ZIP for huge files; make an ordinary one")
    entries = int.from_bytes(tail[at + 10 : at + 12], "little")
    directory = int.from_bytes(tail[at + 12 : at + 16], "little")
    # Folders have entries too.
    if entries > 2 * MAX_FILES or directory > 2 * MAX_FILES * _ENTRY_BYTES:
        raise CollectionError(f"{source} has {entries} entries, more than {2 * MAX_FILES}")


def is_litter(name: str) -> bool:
    """Whether a system left the file behind: `.DS_Store`, `__MACOSX/...`."""
    return any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(name).parts)
