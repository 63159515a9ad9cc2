"""The smallest families that can be trained: one counts pitches, one learns three numbers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from generator.families.checkpoint import check_tensors, write_checkpoint
from generator.training.gradient_trainer import GradientTrainer
from generator.training.provenance import Provenance
from generator.training.trainer import CountingTrainer, Scores, Tensors

FORMS = {"counts": ("int64", (128,)), "weight": ("float32", (3,))}


class ToyComposer:
    def __init__(self, members: Sequence[Tensors]) -> None:
        self.members = members
        self.forms = {name: FORMS[name] for name in members[0]}

    def check_tensors(self) -> None:
        check_tensors("family 'toy'", self.members, self.forms)

    def save(self, path: Path, provenance: Provenance) -> None:
        write_checkpoint(path, "toy", {}, self.forms, self.members, provenance)


class PitchTrainer(CountingTrainer[ToyComposer]):
    tables = ("pitches",)
    counted = 0

    def count(self) -> Tensors:
        type(self).counted += 1
        pitch = np.concatenate([c.pitch[c.pitch >= 0] for c in self.train_chorales])
        smoothing = self.config["pitches"]["smoothing"]
        return {"counts": np.bincount(pitch, minlength=128) + smoothing}

    def validate(self, composer: ToyComposer) -> Scores:
        (member,) = composer.members
        return {"notes": float(member["counts"].sum())}

    def composer(self, members: Sequence[Tensors]) -> ToyComposer:
        return ToyComposer(members)


class ThreeNumbers(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(3))


class TargetTrainer(GradientTrainer[ThreeNumbers, Tensor]):
    def network(self) -> ThreeNumbers:
        return ThreeNumbers()

    def batch(self, rng: np.random.Generator) -> Tensor:
        return torch.from_numpy(rng.normal(1, 0.1, size=3))

    def loss(self, network: ThreeNumbers, batch: Tensor, step: int) -> Tensor:
        return ((network.weight + torch.rand(3) - batch) ** 2).sum()

    def validate(self, network: ThreeNumbers) -> Scores:
        return {"score": float(((network.weight.detach() - 1) ** 2).sum())}

    def composer(self, members: Sequence[ThreeNumbers]) -> ToyComposer:
        return ToyComposer([{"weight": each.weight.detach().numpy()} for each in members])


def counting_config(split: str = "tunes", **tables) -> dict:
    return {
        "data": {"split": split},
        "training": {"seed": 1},
        "pitches": {"smoothing": 1},
    } | tables


def gradient_config(split: str = "tunes", **training) -> dict:
    schedule = {"steps": 6, "batch": 1, "validate_every": 1, "seed": 3}
    return {"data": {"split": split}, "training": schedule | training}


def metrics_of(metadata: dict[str, str]) -> list[Scores]:
    metrics = json.loads(metadata["metrics"])
    return metrics if isinstance(metrics, list) else [metrics]
