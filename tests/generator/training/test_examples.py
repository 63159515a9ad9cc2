"""The trainers in the docstrings are whole: each is run as it stands there, and its file loads."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Self

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from generator.families.base import Family
from generator.families.tensor_forms import TensorForm, Tensors
from generator.music.grid.chorale import Chorale
from generator.training import gradient_trainer, masks, trainer
from generator.training.run import train
from generator.training.trainer import Trainer

pytestmark = pytest.mark.usefixtures("small_split")

LEARNT = {"steps": 2, "batch": 3, "validate_every": 1}


@dataclass(frozen=True)
class PitchConfig:
    smoothing: int = 1


class PitchFamily(Family):
    name = "pitch"
    Config = PitchConfig

    def __init__(self, config: PitchConfig, counts: np.ndarray) -> None:
        self.config, self.counts = config, counts

    def _fill(self, *_: Any, **__: Any) -> Chorale:
        raise NotImplementedError

    @classmethod
    def debug(cls) -> Self:
        raise NotImplementedError

    @classmethod
    def tensors(cls, config: PitchConfig) -> Mapping[str, TensorForm]:
        return {"counts": ("int64", (128,))}

    @classmethod
    def from_tensors(cls, config: PitchConfig, tensors: Tensors) -> Self:
        return cls(config, tensors["counts"])

    def to_tensors(self) -> Tensors:
        return {"counts": self.counts}

    def nats(self, chorales: Sequence[Chorale]) -> float:
        shares = self.counts + self.config.smoothing
        return float(-np.log(shares[chorales[0].pitch] / shares.sum()).sum())


@dataclass(frozen=True)
class TinyConfig:
    width: int = 128


class TinyNetwork(nn.Module):
    def __init__(self, sizes: TinyConfig) -> None:
        super().__init__()
        self.sizes = sizes
        self.logits = nn.Parameter(torch.zeros(sizes.width))

    def loss(self, batch: Tensor) -> Tensor:
        return -self.logits.log_softmax(0)[batch].mean()

    def nats(self, chorales: Sequence[Chorale]) -> float:
        return float(self.loss(torch.from_numpy(chorales[0].pitch.astype(np.int64))).detach())


class TinyFamily(PitchFamily):
    name = "tiny"
    Config = TinyConfig

    def __init__(self, network: TinyNetwork) -> None:
        self.config, self.network = network.sizes, network

    @classmethod
    def tensors(cls, config: TinyConfig) -> Mapping[str, TensorForm]:
        return {"logits": ("float32", (config.width,))}

    @classmethod
    def from_tensors(cls, config: TinyConfig, tensors: Tensors) -> Self:
        network = TinyNetwork(config)
        network.load_state_dict({"logits": torch.from_numpy(tensors["logits"])})
        return cls(network)

    def to_tensors(self) -> Tensors:
        return {"logits": self.network.logits.detach().numpy()}


def examples(chorales: Sequence[Chorale], rng: np.random.Generator) -> Tensor:
    return torch.tensor([int(rng.choice(each.pitch[0])) for each in chorales])


def trainer_of(module: ModuleType) -> type[Trainer[Any]]:
    """The class in the docstring of a module, with the names that its reader brings along."""
    (code,) = re.findall(r"::\n\n((?: {4}.*\n|\n)+)", module.__doc__)
    names = {**vars(trainer), **vars(gradient_trainer), **vars(masks), **globals()}
    before = set(names)
    exec(textwrap.dedent(code), names)
    (name,) = set(names) - before - {"__builtins__"}
    return names[name]


@pytest.mark.parametrize(
    ("module", "family", "tables"),
    [
        (trainer, PitchFamily, {"pitches": {"smoothing": 2}, "training": {}}),
        (gradient_trainer, TinyFamily, {"network": {"width": 128}, "training": LEARNT}),
    ],
)
@pytest.mark.parametrize("split", ["tunes", "folds"])
def test_the_trainer_of_a_docstring_trains_a_family_that_loads(
    tmp_path, module, family, tables, split
):
    out = tmp_path / "example.safetensors"
    train(trainer_of(module), {"data": {"split": split}, **tables}, out, command="")
    assert family.load(out).members == (2 if split == "folds" else 1)
