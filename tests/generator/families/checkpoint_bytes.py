"""Files of checkpoints byte by byte: sound ones, and headers of one's own."""

from __future__ import annotations

import json
from typing import Any

SIZE = {"F16": 2, "F32": 4, "I8": 1, "I16": 2, "I32": 4, "I64": 8}


def file_of(header: Any, numbers: int | bytes = 0, length: int | None = None) -> bytes:
    """A file with this header (JSON unless it is bytes) and so many zeros after it."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    said = len(text) if length is None else length
    body = bytes(numbers) if isinstance(numbers, int) else numbers
    return said.to_bytes(8, "little") + text + body


def entry(begin: int = 0, end: int = 12, **changes: Any) -> dict[str, Any]:
    """A tensor of 2 x 3 halves; changes may be of any type, and None takes a key away."""
    whole = {"dtype": "F16", "shape": [2, 3], "data_offsets": [begin, end]} | changes
    return {key: value for key, value in whole.items() if value is not None}


def parts(file: bytes) -> tuple[bytes, bytes]:
    """The header and the numbers of a sound file."""
    length = int.from_bytes(file[:8], "little")
    return file[8 : 8 + length], file[8 + length :]
