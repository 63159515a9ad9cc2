"""Files under the name of a checkpoint, each wrong in one way."""

from __future__ import annotations

import io
import json
import pickle
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
from safetensors.numpy import load, save

from generator.families.checkpoint import _in_order
from generator.registry import installed
from generator.training.provenance import MemberProvenance, Provenance
from tests.composers.adversary.attack import Attack
from tests.generator.families.checkpoint_bytes import entry, file_of, parts

EMPTY = '{"dtype":"F16","shape":[0],"data_offsets":[0,0]}'
HUGE = 10**9
_MEMBER = MemberProvenance(("BWV253",), "0" * 64, {"score": 1.0}, ())
PROVENANCE = Provenance((_MEMBER,), split="tunes", seed=0, command="a test", training={})


class _Runs:
    def __reduce__(self) -> tuple[Callable[[str], Any], tuple[str]]:
        return print, ("code of a pickle runs",)


@cache
def sound(family: str = "markov") -> bytes:
    """A miniature of a family, which passes all checks."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "sound.safetensors")
        installed().family(family).debug().save(path, PROVENANCE)
        return path.read_bytes()


def changed(of: str = "markov", **metadata: Any) -> bytes:
    """A sound file that says something else of itself; None takes a key away."""
    header, numbers = parts(sound(of))
    content = json.loads(header)
    stored = content["__metadata__"] | metadata
    content["__metadata__"] = {key: text for key, text in stored.items() if text is not None}
    return file_of(json.dumps(content).encode(), numbers)


def configured(family: str = "markov", **settings: Any) -> bytes:
    """A sound file with another config."""
    stored = json.loads(json.loads(parts(sound(family))[0])["__metadata__"]["config"])
    return changed(family, config=json.dumps(stored | settings))


def mixed(tensors_of: str, metadata_of: str) -> bytes:
    """The tensors of one family under the metadata of another."""
    metadata = json.loads(parts(sound(metadata_of))[0])["__metadata__"]
    return _in_order(save(load(sound(tensors_of)), metadata=metadata))


def poisoned(number: float, family: str = "markov") -> bytes:
    """A sound file with this number in the middle of a tensor."""
    tensors = {name: values.copy() for name, values in load(sound(family)).items()}
    name = next(each for each in sorted(tensors) if np.issubdtype(tensors[each].dtype, np.floating))
    tensors[name].flat[tensors[name].size // 2] = number
    metadata = json.loads(parts(sound(family))[0])["__metadata__"]
    return _in_order(save(tensors, metadata=metadata))


def zip_bomb(size: int = 20_000_000) -> bytes:
    file = io.BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as archive, archive.open("data.pkl", "w") as entry_:
        for _ in range(size // 1_000_000):
            entry_.write(bytes(1_000_000))
    return file.getvalue()


def pickle_bomb() -> bytes:
    """Lists of lists: a few hundred bytes that would be billions of objects; and code first."""
    lists: list[Any] = []
    for _ in range(40):
        lists = [lists, lists]
    return pickle.dumps([_Runs(), lists]) + bytes(1_000)


def nested(depth: int = 100_000) -> str:
    return '{"a":' + "[" * depth + "]" * depth + "}"


def two(first: tuple[int, int], second: tuple[int, int], numbers: int) -> bytes:
    return file_of({"a": entry(*first), "b": entry(*second)}, numbers)


CHECKPOINTS: dict[str, Attack] = {
    "a pickle bomb": Attack(pickle_bomb, "the header should have .* if it is a safetensors file"),
    "a ZIP bomb": Attack(zip_bomb, "the header should have .* if it is a safetensors file"),
    "header of 2^63 bytes": Attack(
        lambda: file_of(b"{}", length=2**63), "should have 9,223,372,036,854,775,808 bytes"
    ),
    "header of 0 bytes": Attack(lambda: file_of(b"", 100), "the header has 0 bytes"),
    "header beyond the file": Attack(
        lambda: file_of({"a": entry()}, length=500), "should have 500 bytes, but the file ends"
    ),
    "overlapping tensors": Attack(
        lambda: two((0, 12), (6, 18), 18), "tensor 'b' overlaps with the one before it"
    ),
    "unordered tensors": Attack(
        lambda: two((12, 24), (0, 12), 24), "tensor 'b' is listed after one that lies behind"
    ),
    "tensors out of range": Attack(
        lambda: file_of({"a": entry()}, 11), "ends at byte 12 of the numbers, but the file has 11"
    ),
    "a hole between tensors": Attack(
        lambda: two((0, 12), (14, 26), 26), "before tensor 'b' is a hole of 2 bytes"
    ),
    "a tensor named twice": Attack(
        lambda: file_of(b'{"a":%s,"a":%s}' % ((json.dumps(entry()).encode(),) * 2), 12),
        "the header names 'a' twice",
    ),
    "a million tensors": Attack(
        lambda: file_of(("{" + ",".join(f'"t{i}":{EMPTY}' for i in range(10**6)) + "}").encode()),
        "the header has .* bytes; use fewer tensors",
    ),
    "ten thousand and one tensors": Attack(
        lambda: file_of(("{" + ",".join(f'"t{i}":{EMPTY}' for i in range(10_001)) + "}").encode()),
        "the file has 10,001 tensors",
    ),
    "a shape that overflows": Attack(
        lambda: file_of({"a": entry(shape=[2**40, 2**40])}, 12), "more than 64,000,000 numbers"
    ),
    "a header nested deep": Attack(lambda: file_of(b"[" * 100_000), "header is nested too deep"),
    "metadata of 1 MB": Attack(lambda: changed(note="x" * 2**20), "the header has 1,0.* bytes"),
    "a type of code": Attack(
        lambda: file_of({"a": entry(dtype="OBJECT")}, 12), "is of type 'OBJECT'; use one of"
    ),
    "an unknown family": Attack(
        lambda: changed(family="os.system"), "family 'os.system' is unknown"
    ),
    "a path in the config": Attack(
        lambda: configured(corpus="../../etc/passwd"), "names no file and no code"
    ),
    "a class name in the config": Attack(
        lambda: configured(cls="torch.nn.Linear"), "names no file and no code"
    ),
    "a config of 10 MB": Attack(
        lambda: configured(word="x" * 10_000_000), "the header has 10,.* bytes"
    ),
    "a word of 900 kB in the config": Attack(
        lambda: configured(word="x" * 900_000), "config: word has 900,000 characters"
    ),
    "a config nested deep": Attack(
        lambda: changed(config=nested()), "the config is nested too deep"
    ),
    "a config that is no object": Attack(lambda: changed(config="[1]"), "write a JSON object"),
    "works that are a word": Attack(lambda: changed(works='"BWV1"'), "works in an unknown form"),
    "folds without works of theirs": Attack(
        lambda: changed(split="folds", works="[[]]", folds='[["BWV1"],["BWV2"]]'),
        "2 folds, but works for 1 members",
    ),
    "a member that saw its own fold": Attack(
        lambda: changed(split="folds", works='[["BWV1"]]', folds='[["BWV1"]]'),
        "member 0 was trained on BWV1, a work of its own fold",
    ),
    "a work in two folds": Attack(
        lambda: changed(split="folds", works="[[],[]]", folds='[["BWV1"],["BWV1"]]'),
        "the same work in two folds",
    ),
    "a hundred members": Attack(
        lambda: changed(split="folds", works=json.dumps([[]] * 100), folds=json.dumps([[]] * 100)),
        "100 members; at most 20",
    ),
    "more members listed than held": Attack(
        lambda: changed(split="folds", works="[[],[]]", folds="[[],[]]", data=None, metrics=None),
        "lists the works of 2 members but holds weights of 1",
        at_the_door=False,
    ),
    "NaN in a tensor": Attack(
        lambda: poisoned(float("nan")), "holds NaN or infinity", at_the_door=False
    ),
    "infinity in a tensor": Attack(
        lambda: poisoned(float("inf"), "flagship"), "holds NaN or infinity", at_the_door=False
    ),
    "markov's tensors as a flagship": Attack(
        lambda: mixed("markov", "flagship"), "does not fit its own config", at_the_door=False
    ),
    "flagship's tensors as a markov": Attack(
        lambda: mixed("flagship", "markov"), "does not fit its own config", at_the_door=False
    ),
    "a width of 10^9": Attack(
        lambda: configured("flagship", width=HUGE), "does not fit its own config", at_the_door=False
    ),
    "10^9 layers": Attack(
        lambda: configured("flagship", layers=HUGE), "does not fit|memory", at_the_door=False
    ),
}
