"""The text of a table: in a file, in a gzip file, or in a pipe that can be read only once."""

from __future__ import annotations

import codecs
import gzip
import io
import stat
import sys
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from bachtest.stats.tables.file_kinds import kind_of

# Enough to tell what kind of file it is.
_HEAD = 1 << 16
_GZIP = b"\x1f\x8b"
# The path that stands for what is piped in, and its name in the report.
PIPED, STANDARD_INPUT = "-", Path("standard input")
_DELIMITERS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "bar": "|", "space": " "}
# The longest name or cell that a message repeats.
_SHOWN, _SHOWN_NAMES = 40, 12


class TableError(ValueError):
    """A file that cannot be read as a table; the message names the file, the line and the value."""


@dataclass(frozen=True)
class TextFile:
    """A file's path, and how its text is written.

    Parameters
    ----------
    path : Path
        Names the file in messages.
    delimiter, encoding : str
    data : bytes or None
        What a pipe or a compressed file held; None where the file itself is read.
    skipped : int
        Lines above the names of the columns.
    """

    path: Path
    delimiter: str = ","
    encoding: str = "utf-8"
    data: bytes | None = field(default=None, repr=False)
    skipped: int = 0

    def opened(self, newline: str | None = None) -> TextIO:
        """The text, from the line with the names on."""
        # Spreadsheets write a byte order mark, which is not part of the first name.
        utf8 = self.encoding.lower() in ("utf-8", "utf8")
        encoding = "utf-8-sig" if utf8 else self.encoding
        if self.data is None:
            stream: TextIO = self.path.open(newline=newline, encoding=encoding)
        else:
            stream = io.TextIOWrapper(io.BytesIO(self.data), encoding=encoding, newline=newline)
        for _ in range(self.skipped):
            stream.readline()
        return stream

    def content(self) -> bytes:
        return self.path.read_bytes() if self.data is None else self.data


def text_file(
    path: Path, delimiter: str = ",", encoding: str = "utf-8", data: bytes | None = None
) -> TextFile:
    """A file of text, unpacked if it is a gzip file, and read at once if it is a pipe.

    Parameters
    ----------
    path : Path
    delimiter, encoding : str
    data : bytes or None
        The content of the file, if it has been read already.

    Returns
    -------
    TextFile

    Raises
    ------
    TableError
        If there is no such file, or it is no text; the message says how to make a CSV file of it.
    """
    try:
        codecs.lookup(encoding)
    except (LookupError, ValueError):
        raise unknown_encoding(encoding) from None
    if data is None:
        try:
            if not stat.S_ISREG(path.stat().st_mode):
                data = path.read_bytes()
        except (OSError, ValueError) as error:
            raise unreadable(path, error) from None
    head = data[:_HEAD] if data is not None else _head(path)
    if head.startswith(_GZIP):
        data = _unpacked(path, data)
        head = data[:_HEAD]
    if kind := kind_of(head, path.name):
        raise TableError(f"{path}: {kind}")
    return TextFile(path, delimiter, encoding, data)


def piped() -> bytes:
    """What standard input holds.

    Raises
    ------
    TableError
        If nothing is piped in.
    """
    if sys.stdin is None:
        raise TableError(f"{STANDARD_INPUT}: nothing is piped in; name a file of answers")
    return sys.stdin.buffer.read()


def delimiter_of(text: str) -> str:
    """The character that an option means.

    Raises
    ------
    TableError
        If it is none.

    Examples
    --------
    >>> delimiter_of(";"), delimiter_of("Tab")
    (';', '\\t')
    """
    delimiter = _DELIMITERS.get(text.lower(), text)
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise TableError(f"--delimiter {text!r}: use one character, or the word tab")
    return delimiter


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_HEAD)
    except OSError as error:
        raise unreadable(path, error) from None


def unreadable(path: Path, error: Exception) -> TableError:
    """A file that the system does not hand out."""
    reason = getattr(error, "strerror", None) or error
    return TableError(f"{path}: {reason}; name a file of answers")


def _unpacked(path: Path, data: bytes | None) -> bytes:
    try:
        if data is None:
            with gzip.open(path) as file:
                return file.read()
        return gzip.decompress(data)
    except (EOFError, OSError, zlib.error) as error:
        fault = "cut off" if isinstance(error, EOFError) else "damaged"
        raise TableError(f"{path}: the gzip file is {fault}; pack or copy it again") from None


def encoding_error(file: TextFile) -> TableError:
    """What is wrong with a file's encoding, where, and what it may be instead."""
    data = file.content()
    name = file.encoding.upper()
    try:
        data.decode(file.encoding)
    except LookupError:
        return unknown_encoding(file.encoding)
    except UnicodeError as error:
        at = getattr(error, "start", 0)
        line = data[:at].count(b"\n") + 1
        value = data[max(data.rfind(b"\n", 0, at) + 1, at - 20) : at + 10].decode("latin-1")
        return TableError(
            f"{file.path}, line {line}: not {name} at {value.strip()[:_SHOWN]!r}; save it in UTF-8"
            f" or {_other_encoding(data)}"
        )
    # Where it is read bit by bit, UTF-16 has to have a byte order mark.
    return TableError(f"{file.path}: not {name}; save it in UTF-8 or {_other_encoding(data)}")


def unknown_encoding(name: str) -> TableError:
    return TableError(
        f"encoding {shown(name)} is unknown; use utf-8, windows-1252, latin-1 or utf-16"
    )


def _other_encoding(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "add --encoding utf-32"
    if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) or b"\0" in data[:200]:
        return f"add --encoding {utf16(data)}"
    try:
        data.decode("utf-8")
    except UnicodeError:
        # Windows has quotes, dashes and the euro where Latin-1 has control characters.
        windows = any(0x80 <= byte < 0xA0 for byte in set(data))
        return f"add --encoding {'windows-1252' if windows else 'latin-1'}"
    return "leave --encoding out"


def utf16(data: bytes) -> str:
    """Which UTF-16 it is: without a byte order mark, its name has to say the order."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    even, odd = data[:200:2].count(0), data[1:200:2].count(0)
    return "utf-16-le" if odd >= even else "utf-16-be"


def shown(value: str) -> str:
    """A cell or a name as a message quotes it: on one line, and not too long.

    Examples
    --------
    >>> shown("a\\nb"), shown("x" * 50)
    ("'a\\\\nb'", "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…'")
    """
    return repr(value if len(value) <= _SHOWN else value[: _SHOWN - 1] + "…")


def shown_names(names: Sequence[str]) -> str:
    """Names in a row, without quotes, as a message lists what a table has."""
    listed = [shown(name)[1:-1] for name in names[:_SHOWN_NAMES]]
    return ", ".join(listed) + (", ..." if len(names) > _SHOWN_NAMES else "")
