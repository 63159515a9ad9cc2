"""Tables as accidents leave them: seeded changes of bytes, lines, cells and encodings."""

from __future__ import annotations

import random

TOKENS = [
    b",", b";", b"\t", b"\n", b"\r", b"\r\n", b'"', b'""', b"\0", b" ", b"\xc2\xa0", b"\xff",
    b"\xef\xbb\xbf", b"\xfc", b"\xe2\x80\xa8", b"NA", b"-", b"1.0", b"0,5", b"61%", b"1e308",
    b"nan", b"inf", b"-1", b"99999999999999", b"0", b"tie", b"yes", b"#", b"=", b"listener",
    b"correct", b"trial", b"n", b"rate", b"bach", b"side", b"flag_x", b"condition", b"\x1f\x8b",
    b"PK\x03\x04", b"sep=;\n", b"[{", b"\x1d",
]  # fmt: skip


def mutated(data: bytes, seed: int) -> bytes:
    """The file after a few accidents, the same ones for a seed."""
    rng = random.Random(seed)
    for _ in range(rng.randint(1, 4)):
        data = rng.choice(_ACCIDENTS)(data, rng)
    return data


def _token(data: bytes, rng: random.Random) -> bytes:
    at = rng.randint(0, min(len(data), rng.choice([40, 400, len(data)])))
    return data[:at] + rng.choice(TOKENS) + data[at + rng.choice([0, 0, 1, 3]) :]


def _byte(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]


def _cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _lines(data: bytes, rng: random.Random) -> bytes:
    lines = data.split(b"\n")
    one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    change = rng.choice(["swap", "double", "drop", "shorten"])
    if change == "swap":
        lines[one], lines[other] = lines[other], lines[one]
    elif change == "double":
        lines.insert(other, lines[one])
    elif change == "drop":
        del lines[one]
    else:
        lines = lines[:1] + lines[one : one + 3]
    return b"\n".join(lines)


def _cell(data: bytes, rng: random.Random) -> bytes:
    """One cell of a line, or of every line but the first, becomes something else."""
    lines = [line.split(b",") for line in data.split(b"\n")]
    column, token = rng.randrange(6), rng.choice(TOKENS)
    chosen = range(1, len(lines)) if rng.random() < 0.3 else [rng.randrange(len(lines))]
    for at in chosen:
        if column < len(lines[at]):
            lines[at][column] = token
    return b"\n".join(b",".join(line) for line in lines)


def _encoded(data: bytes, rng: random.Random) -> bytes:
    encoding = rng.choice(["utf-16", "utf-16-le", "latin-1"])
    return data.decode("utf-8", "replace").encode(encoding, "replace")


_ACCIDENTS = [_token, _token, _token, _byte, _cut, _lines, _lines, _cell, _cell, _cell, _encoded]
