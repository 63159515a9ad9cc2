"""Reading files with a size limit, and writing them whole or not at all."""

from __future__ import annotations

from pathlib import Path

from generator.atomic_write import atomic_write
from generator.music.formats.format_errors import FormatError

# A long chorale takes 400 kB as MusicXML; notation programs write up to ten times as much.
MAX_BYTES = 8_000_000


def read_limited(path: Path | str) -> bytes:
    """The bytes of a file from outside.

    Raises
    ------
    FormatError
        If the file cannot be read or is larger than `MAX_BYTES`.
    """
    source = Path(path)
    try:
        with source.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise FormatError(f"cannot read {source}: {error.strerror or error}") from error
    if len(data) > MAX_BYTES:
        raise FormatError(
            f"{source.name} is larger than {MAX_BYTES // 1_000_000} MB; give a file with one piece"
        )
    if not data:
        raise FormatError(f"{source.name} is empty; give a file with notes")
    return data


def write_file(path: Path | str, data: bytes) -> None:
    """Write a file whose place a person chose.

    Raises
    ------
    FormatError
        If the folder is missing or cannot be written to.
    """
    target = Path(path)
    try:
        atomic_write(target, data)
    except OSError as error:
        raise FormatError(
            f"cannot write {target}: {error.strerror or error}; choose a folder that is writable"
        ) from error
