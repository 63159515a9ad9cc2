"""The header of a safetensors file, read as if it were hostile, by the standard library alone.

A file is 8 bytes that say how long the header is (little endian), the header, and the numbers. The
header is a JSON object: type, shape and place of each tensor by name, and ``__metadata__``.

What is accepted here safetensors accepts too, with the same names, types, shapes and metadata. It
accepts more: of several forms that say the same, one is enough here, the one that it writes.

References
----------
https://huggingface.co/docs/safetensors (format of the file)
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from reprlib import repr as shown
from typing import BinaryIO, TypeGuard

from generator.families.checkpoint_json import HeaderError, strict_json

TYPES = {
    "float16": "F16",
    "float32": "F32",
    "int8": "I8",
    "int16": "I16",
    "int32": "I32",
    "int64": "I64",
}
"""NumPy's names of the types that a checkpoint may hold, and those of safetensors."""
MAX_HEADER = 2**20
"""Bytes: more than ten times the header of our largest checkpoint, which has 89,544."""
MAX_TENSORS = 10_000
"""More than ten times those of our largest checkpoint, which has 640."""
MAX_PARAMETERS = 64_000_000
"""Numbers in all tensors together: half as many again as in our largest checkpoint (40,176,525)."""
MAX_DIMENSIONS = 8
MAX_NAME = 200
METADATA = "__metadata__"

_LENGTH = 8
_ENTRY = ("dtype", "shape", "data_offsets")
_BYTES = {name: int(name[1:]) // 8 for name in TYPES.values()}
_AGAIN = "save the file again with safetensors"


@dataclass(frozen=True)
class TensorEntry:
    """A tensor as the header describes it."""

    dtype: str
    """safetensors' name of a type, such as F16."""
    shape: tuple[int, ...]
    offsets: tuple[int, int]
    """First byte, and the one after the last, counted from the end of the header."""

    @property
    def parameters(self) -> int:
        return math.prod(self.shape)


@dataclass(frozen=True)
class CheckpointHeader:
    """All that a safetensors file says before its numbers."""

    tensors: Mapping[str, TensorEntry]
    """By name, in the order of the file."""
    metadata: Mapping[str, str]
    size: int
    """Bytes of the whole file."""

    @property
    def parameters(self) -> int:
        return sum(entry.parameters for entry in self.tensors.values())


def read_header(stream: BinaryIO, max_parameters: int = MAX_PARAMETERS) -> CheckpointHeader:
    """Read and check the header of a safetensors file; its numbers are not read.

    Parameters
    ----------
    stream : binary file
        It must be able to seek. At most `MAX_HEADER` + 8 bytes are read.
    max_parameters : int
        The most numbers that all tensors may hold together.

    Returns
    -------
    CheckpointHeader
        The tensors fill the rest of the file, one after the other, in the order of the header.

    Raises
    ------
    HeaderError
        If safetensors would refuse the file; and if the header is too long, names something twice,
        has other types than `TYPES`, too many tensors, dimensions or parameters, or lists tensors
        in another order than they lie in.
    OSError
        If the stream cannot be read.

    Examples
    --------
    >>> header = b'{"a":{"dtype":"F16","shape":[2,3],"data_offsets":[0,12]}}'
    >>> file = len(header).to_bytes(8, "little") + header + bytes(12)
    >>> read_header(io.BytesIO(file)).tensors["a"].shape
    (2, 3)
    >>> read_header(io.BytesIO(file[:-1]))
    Traceback (most recent call last):
    ...
    generator.families.checkpoint_json.HeaderError: tensor 'a' ends at byte 12 of the numbers, \
but the file has 11; send the whole file
    """
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    text, length = _header_text(stream, size)
    content = strict_json(text, "the header")
    if not isinstance(content, dict):
        raise HeaderError(f"the header is {shown(content)}, not a JSON object; {_AGAIN}")
    if not text.startswith("{"):
        raise HeaderError("the header begins with a blank, not with {; " + _AGAIN)
    metadata = _checked_strings(content.pop(METADATA, {}))
    if len(content) > MAX_TENSORS:
        raise HeaderError(
            f"the file has {len(content):,} tensors; join some, at most {MAX_TENSORS:,} are read"
        )
    tensors = {name: _entry(name, value, max_parameters) for name, value in content.items()}
    header = CheckpointHeader(tensors, metadata, size)
    if header.parameters > max_parameters:
        raise HeaderError(
            f"the tensors hold {header.parameters:,} numbers; a checkpoint may have at most "
            f"{max_parameters:,}"
        )
    _check_places(tensors, size - _LENGTH - length)
    return header


def _header_text(stream: BinaryIO, size: int) -> tuple[str, int]:
    """The header, and its length in bytes."""
    if size < _LENGTH:
        raise HeaderError(
            f"the file has {size} bytes, too few for a safetensors file; send the whole file"
        )
    length = int.from_bytes(_exactly(stream, _LENGTH), "little")
    if length == 0:
        raise HeaderError(f"the header has 0 bytes, so this is no safetensors file; {_AGAIN}")
    if length > size - _LENGTH:
        raise HeaderError(
            f"the header should have {length:,} bytes, but the file ends after "
            f"{size - _LENGTH:,}; send the whole file, if it is a safetensors file"
        )
    if length > MAX_HEADER:
        raise HeaderError(
            f"the header has {length:,} bytes; use fewer tensors or shorter metadata, at most "
            f"{MAX_HEADER:,} are read"
        )
    try:
        return _exactly(stream, length).decode(), length
    except UnicodeDecodeError as error:
        raise HeaderError(
            f"the header is not UTF-8 ({error.reason} at byte {error.start}); {_AGAIN}"
        ) from error


def _exactly(stream: BinaryIO, count: int) -> bytes:
    read = bytearray()
    while len(read) < count:
        chunk = stream.read(count - len(read))
        if not chunk:
            raise HeaderError(
                f"the file ended after {len(read)} of {count} bytes of its header; send it again"
            )
        read += chunk
    return bytes(read)


def _checked_strings(metadata: object) -> dict[str, str]:
    if not isinstance(metadata, dict):
        raise HeaderError(
            f"{METADATA} is {shown(metadata)}, not an object of strings; write values as strings"
        )
    for key, value in metadata.items():
        if not isinstance(value, str):
            raise HeaderError(
                f"{METADATA}: {shown(key)} is {shown(value)}, not a string; write JSON as a string"
            )
        if not (_is_text(key) and _is_text(value)):
            raise HeaderError(f"{METADATA}: {shown(key)} holds half a character; write UTF-8")
    return metadata


def _is_text(text: str) -> bool:
    """Whether there is no lone surrogate in it, which safetensors refuses."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _entry(name: str, entry: object, max_parameters: int) -> TensorEntry:
    """The tensor of this name; its size agrees with its type and shape."""
    if not _is_text(name) or len(name) > MAX_NAME:
        raise HeaderError(
            f"the name of tensor {shown(name)} has {len(name):,} characters or half ones; use at "
            f"most {MAX_NAME} characters of UTF-8"
        )
    named = f"tensor {shown(name)}"
    if not isinstance(entry, dict):
        raise HeaderError(f"{named} is described by {shown(entry)}, not by an object; {_AGAIN}")
    if strays := [key for key in _ENTRY if key not in entry]:
        raise HeaderError(f"{named} lacks {strays[0]}; {_AGAIN}")
    if strays := [key for key in entry if key not in _ENTRY]:
        raise HeaderError(f"{named} has an unknown {shown(strays[0])}; {_AGAIN}")
    dtype = entry["dtype"]
    if not isinstance(dtype, str) or dtype not in _BYTES:
        raise HeaderError(f"{named} is of type {shown(dtype)}; use one of {', '.join(_BYTES)}")
    shape = _shape(named, entry["shape"], max_parameters)
    offsets = entry["data_offsets"]
    if not _is_whole(offsets) or len(offsets) != 2:
        raise HeaderError(f"{named} has data_offsets {shown(offsets)}, not two places; {_AGAIN}")
    begin, end = offsets
    if end < begin:
        raise HeaderError(f"{named} ends at byte {end}, before it begins at {begin}; {_AGAIN}")
    if end - begin != (needed := math.prod(shape) * _BYTES[dtype]):
        raise HeaderError(
            f"{named} takes {end - begin:,} bytes, but {dtype} {list(shape)} needs {needed:,}; "
            f"{_AGAIN}"
        )
    return TensorEntry(dtype, shape, (begin, end))


def _shape(named: str, shape: object, max_parameters: int) -> tuple[int, ...]:
    if not _is_whole(shape):
        raise HeaderError(
            f"{named} has shape {shown(shape)}, not a list of whole numbers from 0; {_AGAIN}"
        )
    if len(shape) > MAX_DIMENSIONS:
        raise HeaderError(
            f"{named} has {len(shape):,} dimensions; join some, at most {MAX_DIMENSIONS} are read"
        )
    product = 1
    for length in shape:
        product *= length
        # Before a 0 makes it small again: the product of those so far must be a number, too.
        if max(product, length) > max_parameters:
            raise HeaderError(
                f"{named} has shape {list(shape)}, which is more than {max_parameters:,} numbers; "
                "use smaller tensors"
            )
    return tuple(shape)


def _is_whole(numbers: object) -> TypeGuard[list[int]]:
    """Whether it is a list of whole numbers from 0; a bool does not count as one."""
    return isinstance(numbers, list) and all(type(each) is int and each >= 0 for each in numbers)


def _check_places(tensors: Mapping[str, TensorEntry], numbers: int) -> None:
    """Each tensor begins where the one before it ends, and the last at the end of the file."""
    places = [(*entry.offsets, name) for name, entry in tensors.items()]
    reached = 0
    for begin, end, name in sorted(places, key=lambda place: place[:2]):
        if end > numbers:
            raise HeaderError(
                f"tensor {shown(name)} ends at byte {end:,} of the numbers, but the file has "
                f"{numbers:,}; send the whole file"
            )
        if begin < reached:
            raise HeaderError(f"tensor {shown(name)} overlaps with the one before it; {_AGAIN}")
        if begin > reached:
            raise HeaderError(
                f"before tensor {shown(name)} is a hole of {begin - reached:,} bytes; {_AGAIN}"
            )
        reached = end
    if reached < numbers:
        raise HeaderError(
            f"{numbers - reached:,} bytes after the last tensor belong to none; {_AGAIN}"
        )
    for (_, before, _), (begin, _, name) in pairwise(places):
        if begin < before:
            raise HeaderError(
                f"tensor {shown(name)} is listed after one that lies behind it; {_AGAIN}"
            )
