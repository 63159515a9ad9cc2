"""Headers and metadata that were changed at random: what is accepted, safetensors reads alike."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from safetensors import safe_open
from safetensors.numpy import save

from generator.families.checkpoint_header import TYPES, CheckpointHeader, read_header
from generator.families.checkpoint_json import HeaderError
from generator.families.checkpoint_metadata import checked_metadata
from tests.generator.families.checkpoint_bytes import file_of, parts

EXAMPLES = [150, pytest.param(3_000, marks=pytest.mark.slow)]
HOSTILE = [
    None,
    True,
    False,
    -1,
    0,
    1,
    7,
    2**31,
    2**63,
    2**64,
    10**25,
    1.0,
    1e400,
    "",
    "F32",
    "F64",
]
HOSTILE += ["1", [], [0], [[1]], {}, {"a": 1}, [0, 0], [0, 12], "\ud800", "\0", "x" * 300]
TOKENS = [b"-0", b"1e1", b"01", b"NaN", b"-1", b"0.0", b" ", b"\t", b"\xef\xbb\xbf", b"\xff", b"\\"]
TOKENS += [b'"', b"{", b"}", b"[", b"]", b",", b":", b"null", b"\\ud800", b"\\u0000", b"\0"]

names = st.text(max_size=8).filter(lambda name: name != "__metadata__")
shapes = st.lists(st.integers(0, 3), max_size=4)
tensors = st.dictionaries(names, st.tuples(st.sampled_from(sorted(TYPES)), shapes), max_size=5)
# Of no tensors and empty metadata, safetensors 0.8.0 writes a header that is not JSON.
texts = st.dictionaries(st.text(max_size=8), st.text(max_size=20), min_size=1, max_size=4)


@st.composite
def sound_files(draw) -> bytes:
    arrays = {name: np.zeros(shape, kind) for name, (kind, shape) in draw(tensors).items()}
    return save(arrays, metadata=draw(st.none() | texts))


def change(draw: Any, value: Any) -> Any:
    """The JSON value with one thing changed somewhere inside."""
    if isinstance(value, (dict, list)) and value and draw(st.integers(0, 4)):
        keys = list(value) if isinstance(value, dict) else range(len(value))
        key = draw(st.sampled_from(keys))
        changed = value.copy()
        match draw(st.sampled_from(["inside", "inside", "inside", "remove", "copy", "swap"])):
            case "inside":
                changed[key] = change(draw, value[key])
            case "remove":
                del changed[key]
            case "copy" if isinstance(value, dict):
                changed[draw(st.sampled_from([*value, "extra", "__metadata__"]))] = value[key]
            case "swap" if isinstance(value, dict):
                changed = dict(draw(st.permutations(list(value.items()))))
            case _:
                changed = draw(st.permutations(value)) if isinstance(value, list) else changed
        return changed
    if type(value) is int and draw(st.booleans()):
        return value + draw(st.integers(-4, 4))
    return draw(st.sampled_from(HOSTILE))


@st.composite
def changed_structures(draw) -> bytes:
    """A sound file whose header says something else, in another way of writing JSON."""
    header, numbers = parts(draw(sound_files()))
    content = json.loads(header)
    for _ in range(draw(st.integers(0, 3))):
        content = change(draw, content)
    spaces = draw(st.sampled_from([(",", ":"), (" , ", " : ")]))
    text = json.dumps(content, separators=spaces, ensure_ascii=draw(st.booleans()))
    encoded = text.encode(errors="surrogatepass")
    if draw(st.booleans()):
        encoded += b" " * draw(st.integers(0, 9))
    extra = draw(st.sampled_from([0, 0, 0, 0, 1, -1, 8]))
    body = numbers + bytes(extra) if extra >= 0 else numbers[:extra]
    said = draw(st.sampled_from([0, 0, 0, 0, 0, 1, -1, 8]))
    return file_of(encoded, body, length=max(0, len(encoded) + said))


@st.composite
def changed_bytes(draw) -> bytes:
    """A sound file with bytes and words put in, changed or removed; its length said anew or not."""
    header, numbers = parts(draw(sound_files()))
    changed = bytearray(header)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(changed)))
        length = draw(st.integers(0, 4))
        changed[place : place + length] = draw(st.sampled_from(TOKENS) | st.binary(max_size=3))
    return file_of(bytes(changed), numbers, length=draw(st.sampled_from([None, None, len(header)])))


def accepted(file: bytes) -> CheckpointHeader | None:
    try:
        return read_header(io.BytesIO(file))
    except HeaderError:
        return None


def assert_read_alike(header: CheckpointHeader, file: bytes, path) -> None:
    path.write_bytes(file)
    with safe_open(path, framework="numpy") as opened:
        assert header.metadata == (opened.metadata() or {})
        assert set(header.tensors) == set(opened.keys())
        for name, tensor in header.tensors.items():
            held = opened.get_slice(name)
            assert (tensor.dtype, list(tensor.shape)) == (held.get_dtype(), held.get_shape())
            assert opened.get_tensor(name).nbytes == tensor.offsets[1] - tensor.offsets[0]


def fuzz(examples: int, files: SearchStrategy[bytes], check) -> None:
    quiet = [HealthCheck.too_slow, HealthCheck.data_too_large]
    settings(max_examples=examples, deadline=None, suppress_health_check=quiet)(
        given(files)(lambda file: check(file))
    )()


@pytest.mark.parametrize("examples", EXAMPLES)
def test_what_safetensors_writes_is_accepted(examples, tmp_path):
    def check(file: bytes) -> None:
        assert_read_alike(read_header(io.BytesIO(file)), file, tmp_path / "sound")

    fuzz(examples, sound_files(), check)


@pytest.mark.parametrize("examples", EXAMPLES)
@pytest.mark.parametrize("files", [changed_structures(), changed_bytes()], ids=["json", "bytes"])
def test_what_is_accepted_safetensors_reads_alike(examples, files, tmp_path):
    def check(file: bytes) -> None:
        if header := accepted(file):
            assert_read_alike(header, file, tmp_path / "changed")

    fuzz(examples, files, check)


@pytest.mark.parametrize("examples", EXAMPLES)
def test_files_of_any_bytes_are_accepted_or_refused(examples):
    fuzz(examples, st.binary(max_size=200), accepted)


@st.composite
def changed_metadata(draw) -> dict[str, str]:
    lists = [["BWV1", "BWV2"], ["BWV3"]]
    content = {
        "family": "markov",
        "config": {"states": 8, "word": "gru", "list": [1, 2.5, True]},
        "split": draw(st.sampled_from(["own", "folds"])),
        "works": lists,
        "folds": lists[::-1],
        "data": ["0" * 64, "f" * 64],
        "seed": 1,
        "metrics": [{"nats": 1.5}, {"nats": 2}],
        "command": "python -m generator.training",
    }
    for _ in range(draw(st.integers(0, 3))):
        content = change(draw, content)
    pairs = content.items() if isinstance(content, dict) else []
    stored = {k: v if isinstance(v, str) else json.dumps(v) for k, v in pairs}
    for key in draw(st.lists(st.sampled_from(sorted(stored) or [""]), max_size=1)):
        text = stored.get(key, "")
        place = draw(st.integers(0, len(text)))
        token = draw(st.sampled_from(TOKENS)).decode(errors="replace")
        stored[key] = text[:place] + token + text[place:]
    return stored


@pytest.mark.parametrize("examples", EXAMPLES)
def test_metadata_are_read_or_refused(examples):
    def check(stored: dict[str, str]) -> None:
        try:
            metadata = checked_metadata(stored, ["markov"])
        except HeaderError:
            return
        assert all(isinstance(work, str) for each in metadata.members for work in each.trained_on)
        assert json.loads(stored["config"]) == metadata.config

    fuzz(examples, changed_metadata(), check)
