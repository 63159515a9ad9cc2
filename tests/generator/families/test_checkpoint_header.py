"""Headers of checkpoints: sound ones are read, and each attack is refused in its own words."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time
import tracemalloc

import numpy as np
import pytest
from safetensors import SafetensorError, deserialize
from safetensors.numpy import save

from generator.families.checkpoint_header import (
    MAX_HEADER,
    MAX_PARAMETERS,
    MAX_TENSORS,
    TYPES,
    TensorEntry,
    read_header,
)
from generator.families.checkpoint_json import HeaderError
from generator.registry import CHECKPOINTS
from tests.generator.families.checkpoint_bytes import SIZE, entry, file_of

EMPTY = '{"dtype":"F16","shape":[0],"data_offsets":[0,0]}'
DEEP = 100_000


def one(numbers: int = 12, **changes) -> bytes:
    """A file of one tensor, whose entry has these changes."""
    return file_of({"a": entry(**changes)}, numbers)


def two(first: tuple[int, int], second: tuple[int, int], numbers: int = 24) -> bytes:
    return file_of({"a": entry(*first), "b": entry(*second)}, numbers)


def many(count: int) -> bytes:
    return file_of(("{" + ",".join(f'"t{i}":{EMPTY}' for i in range(count)) + "}").encode())


def bomb(text: str, count: int = MAX_HEADER) -> bytes:
    """As much of a text as a header may hold."""
    return file_of((text * (count // len(text))).encode())


def metadata(stored: object) -> bytes:
    return file_of({"__metadata__": stored, "a": entry()}, 12)


# Refused by safetensors, too.
UNSOUND = {
    "empty": (b"", "the file has 0 bytes, too few for a safetensors file; send"),
    "seven bytes": (b"\1" + bytes(6), "the file has 7 bytes, too few"),
    "length 0": (file_of(b"", 100), "the header has 0 bytes, so this is no safetensors file"),
    "length 2^63": (
        file_of(b"{}", length=2**63),
        "the header should have 9,223,372,036,854,775,808 bytes, but the file ends after 2; send",
    ),
    "length beyond the file": (file_of({"a": entry()}, length=500), "should have 500 bytes, but"),
    "a pickle": (b"\x80\x04\x95" + bytes(200), "the header should have .* but the file ends after"),
    "a ZIP": (b"PK\x03\x04\x14\x00\x08\x08" + bytes(200), "if it is a safetensors file"),
    "Latin-1": (file_of('{"é":1}'.encode("latin-1")), "the header is not UTF-8 .* at byte 2"),
    "no JSON": (file_of(b"{nothing}"), "the header is not JSON .*; write it again"),
    "JSON and more": (file_of(b"{}{}"), "the header is not JSON"),
    "nested lists": (file_of(b"[" * DEEP + b"]" * DEEP), "the header is nested too deep"),
    "nested objects": (file_of(b'{"a":' * DEEP), "the header is nested too deep"),
    "nested shape": (
        file_of(('{"a":{"shape":' + "[" * 200 + "]" * 200 + "}}").encode()),
        r"tensor 'a' lacks dtype",
    ),
    "a list": (file_of([1, 2]), r"the header is \[1, 2\], not a JSON object"),
    "metadata as a list": (metadata(["a"]), r"__metadata__ is \['a'\], not an object of strings"),
    "metadata with a number": (metadata({"seed": 1}), "__metadata__: 'seed' is 1, not a string"),
    "metadata with an object": (metadata({"config": {}}), r"'config' is \{\}, not a string"),
    "half a character": (
        file_of(json.dumps({"__metadata__": {"a": "\ud800"}}).encode()),
        "__metadata__: 'a' holds half a character",
    ),
    "a name of half a character": (file_of({"\udc00": entry()}, 12), r"tensor '\\udc00' has 1 "),
    "a tensor that is null": (file_of({"a": None}), "tensor 'a' is described by None, not by"),
    "no dtype": (one(dtype=None), "tensor 'a' lacks dtype"),
    "no shape": (one(shape=None), "tensor 'a' lacks shape"),
    "no offsets": (one(data_offsets=None), "tensor 'a' lacks data_offsets"),
    "an unknown dtype": (one(dtype="F17"), "tensor 'a' is of type 'F17'; use one of F16, F32"),
    "a dtype that is a list": (one(dtype=["F16"]), r"is of type \['F16'\]; use one of"),
    "a shape that is a number": (one(shape=6), "tensor 'a' has shape 6, not a list of whole"),
    "a shape with true": (one(shape=[True, 6]), r"has shape \[True, 6\], not a list of whole"),
    "a shape below 0": (one(shape=[-2, -3]), r"has shape \[-2, -3\], not a list of whole"),
    "a shape with 2.0": (one(shape=[2.0, 3]), r"has shape \[2.0, 3\], not a list of whole"),
    "a shape with -0": (
        file_of(b'{"a":{"dtype":"F16","shape":[-0],"data_offsets":[0,0]}}'),
        r"has shape \[-0.0\], not a list of whole",
    ),
    "a huge number": (
        one(shape=[10**30]),
        r"holds 10000000000000000000\.\.\., a number of 31 characters; use",
    ),
    "NaN": (one(shape=[float("nan")]), "the header holds NaN; use finite numbers"),
    "infinity": (one(shape=[float("inf")]), "the header holds Infinity; use finite"),
    "a shape that overflows": (
        one(shape=[2**40, 2**40]),
        r"shape \[\d+, \d+\], which is more than",
    ),
    "an overflow before a 0": (one(shape=[2**40, 2**40, 0], end=0), r"shape .* is more than"),
    "one offset": (one(data_offsets=[12]), r"has data_offsets \[12\], not two places"),
    "offsets below 0": (one(begin=-12, end=0), r"has data_offsets \[-12, 0\], not two places"),
    "offsets of true": (one(data_offsets=[False, 12]), r"has data_offsets \[False, 12\], not two"),
    "an end before its beginning": (one(begin=12, end=0), "ends at byte 0, before it begins at 12"),
    "offsets that do not fit": (one(14, end=14), r"takes 14 bytes, but F16 \[2, 3\] needs 12"),
    "out of range": (one(numbers=11), "ends at byte 12 of the numbers, but the file has 11; send"),
    "overlapping": (two((0, 12), (6, 18), 18), "tensor 'b' overlaps with the one before it"),
    "the same place twice": (two((0, 12), (0, 12), 12), "tensor 'b' overlaps with the one before"),
    "a hole": (two((0, 12), (14, 26), 26), "before tensor 'b' is a hole of 2 bytes"),
    "a hole at the beginning": (one(14, begin=2, end=14), "before tensor 'a' is a hole of 2 bytes"),
    "bytes that belong to none": (one(15), "3 bytes after the last tensor belong to none"),
}
# safetensors reads these; we need no more than one form of each.
STRICTER = {
    "a header above the maximum": (
        file_of(b"{" + b" " * MAX_HEADER + b"}"),
        "the header has 1,048,578 bytes; use fewer tensors .* at most 1,048,576 are read",
    ),
    "a tensor named twice": (
        file_of(b'{"a":%s,"a":%s}' % ((json.dumps(entry()).encode(),) * 2), 12),
        "the header names 'a' twice; remove one",
    ),
    "metadata named twice": (
        file_of(b'{"__metadata__":{"seed":"1","seed":"2"}}'),
        "the header names 'seed' twice; remove one",
    ),
    "a blank at the beginning": (file_of(b' {"a":%s}' % EMPTY.encode()), "begins with a blank"),
    "metadata that are null": (metadata(None), "__metadata__ is None, not an object of strings"),
    "an entry as a list": (
        file_of({"a": ["F16", [6], [0, 12]]}, 12),
        "is described by .*not by an",
    ),
    "an unknown key": (one(device="cpu"), "tensor 'a' has an unknown 'device'"),
    "bytes": (one(6, end=6, dtype="U8"), "is of type 'U8'; use one of F16, F32, I8, I16, I32, I64"),
    "nine dimensions": (one(shape=[1] * 7 + [2, 3]), "tensor 'a' has 9 dimensions; join some"),
    "unordered": (two((12, 24), (0, 12)), "tensor 'b' is listed after one that lies behind it"),
    "a long name": (file_of({"a" * 201: entry()}, 12), "the name of tensor .* has 201 characters"),
    "too many tensors": (many(MAX_TENSORS + 1), "the file has 10,001 tensors; join some"),
    "a million tensors": (many(10**6), r"the header has \d\d,\d+,\d+ bytes; use fewer tensors"),
}
# As much as a header may hold of what takes the most memory or time.
BOMBS = {
    "lists": bomb("[],"),
    "objects": bomb("{},"),
    "lists in an object": file_of(b'{"a":[' + b"[]," * 300_000 + b"[]]}"),
    "objects in an object": file_of(b'{"a":[' + b"{}," * 300_000 + b"{}]}"),
    "numbers": file_of(b'{"a":[' + b"1.5," * 200_000 + b"1]}"),
    "digits": file_of(b'{"a":' + b"1" * 1_000_000 + b"}"),
    "a fraction": file_of(b'{"a":0.' + b"1" * 1_000_000 + b"}"),
    "an exponent": file_of(b'{"a":1e' + b"9" * 1_000_000 + b"}"),
    "escapes": file_of(b'{"a":"' + rb"\u0001" * 170_000 + b'"}'),
    "a name": file_of(b'{"' + b"a" * 1_000_000 + b'":{}}'),
    "keys": file_of(b"{" + b",".join(b'"%d":0' % i for i in range(90_000)) + b"}"),
    "one key": file_of(b"{" + b'"":0,' * 200_000 + b'"":0}'),
    "brackets": bomb("["),
    "quotes": bomb('"'),
    "backslashes": file_of(b'{"' + b"\\" * 1_000_000),
}
ATTACKS = UNSOUND | STRICTER


def refused(file: bytes, message: str) -> None:
    with pytest.raises(HeaderError, match=message) as raised:
        read_header(io.BytesIO(file))
    assert len(str(raised.value)) < 300


@pytest.mark.parametrize("attack", ATTACKS)
def test_each_attack_is_refused_in_its_own_words(attack):
    refused(*ATTACKS[attack])


@pytest.mark.parametrize("attack", UNSOUND)
def test_these_attacks_are_refused_by_safetensors_too(attack):
    with pytest.raises(SafetensorError):
        deserialize(UNSOUND[attack][0])


@pytest.mark.parametrize("attack", [*BOMBS, *ATTACKS])
def test_memory_and_time_are_bounded(attack):
    stream = io.BytesIO(BOMBS[attack] if attack in BOMBS else ATTACKS[attack][0])
    began = time.process_time()
    with pytest.raises(HeaderError):
        read_header(stream)
    assert time.process_time() - began < 2
    tracemalloc.start()
    try:
        with pytest.raises(HeaderError):
            read_header(stream)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 64 * 2**20


def test_the_numbers_are_not_read(tmp_path):
    size = 2 * MAX_PARAMETERS
    header = file_of({"a": {"dtype": "F16", "shape": [size // 2], "data_offsets": [0, size]}})
    path = tmp_path / "sparse.safetensors"
    with path.open("wb") as file:
        file.write(header)
        file.truncate(len(header) + size)
    read = []

    class Counted(io.FileIO):
        def read(self, count=-1):
            read.append(count)
            return super().read(min(count, 7))  # a slow line gives a few bytes at a time

    with Counted(path) as stream:
        assert read_header(stream).parameters == MAX_PARAMETERS
    assert max(read) <= len(header)


def test_a_file_that_shrinks_while_it_is_read_is_refused():
    class Shrinking(io.BytesIO):
        def read(self, count=-1):
            return super().read(min(count, 5)) if count in (3, 8, 12) else b""

    with pytest.raises(HeaderError, match="the file ended after 5 of 12 bytes of its header"):
        stream = Shrinking(b"\x0c" + bytes(7) + b"{" + bytes(30))
        read_header(stream)


def test_the_limit_of_parameters_is_that_of_all_tensors_together():
    file = two((0, 12), (12, 24))
    assert read_header(io.BytesIO(file), max_parameters=12).parameters == 12
    with pytest.raises(HeaderError, match=r"the tensors hold 12 numbers; .* at most 11"):
        read_header(io.BytesIO(file), max_parameters=11)
    with pytest.raises(HeaderError, match=r"shape \[2, 3\], which is more than 5 numbers"):
        read_header(io.BytesIO(file), max_parameters=5)


def test_a_sound_file_is_read():
    arrays = {name: np.ones((2, 3), name) for name in TYPES}
    file = save(arrays | {"point": np.ones((), "float32")}, metadata={"é": "ö"})
    header = read_header(io.BytesIO(file))
    assert header.metadata == {"é": "ö"}
    assert header.size == len(file)
    assert header.parameters == 6 * len(TYPES) + 1
    assert header.tensors["point"].shape == ()
    assert header.tensors["int64"] == TensorEntry("I64", (2, 3), (0, 48))
    assert {entry.dtype for entry in header.tensors.values()} == set(SIZE)


def test_a_file_without_metadata_or_tensors_is_read():
    header = read_header(io.BytesIO(save({})))
    assert (header.tensors, header.metadata) == ({}, {})


@pytest.mark.parametrize("path", sorted(CHECKPOINTS.glob("*.safetensors")), ids=lambda p: p.stem)
def test_shipped_checkpoints_are_read_with_room_to_spare(path):
    with path.open("rb") as stream:
        header = read_header(stream)
    held = {name: (info["dtype"], info["shape"]) for name, info in deserialize(path.read_bytes())}
    assert {name: (each.dtype, list(each.shape)) for name, each in header.tensors.items()} == held
    assert header.parameters * 1.5 < MAX_PARAMETERS


def test_the_standard_library_alone_reads_headers():
    code = (
        "import sys; from generator.families import checkpoint_header, checkpoint_metadata; "
        "print(sorted({'numpy', 'safetensors', 'torch', 'django'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
