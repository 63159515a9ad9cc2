"""Trains the network to predict each step of the piano roll from the steps before it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from generator.families.biaxial.biaxial import Biaxial
from generator.families.biaxial.forms import BiaxialConfig
from generator.families.biaxial.network import BiaxialNetwork, nats_of_steps
from generator.families.biaxial.piano_roll import BEGINS, PLAYS
from generator.families.biaxial.segments import SegmentBatch, SegmentSampler
from generator.training.gradient_trainer import GradientTrainer
from generator.training.trainer import Scores


class BiaxialTrainer(GradientTrainer[BiaxialNetwork, SegmentBatch]):
    """Trains on segments of `data.segment` steps."""

    tables = ("network",)
    data_keys = ("segment",)

    def setup(self) -> None:
        self.sizes = BiaxialConfig(**self.config["network"])
        self.segment = int(self.config["data"]["segment"])
        if self.segment <= 0:
            raise ValueError(f"segment = {self.segment}; it must be above 0")

    def network(self) -> BiaxialNetwork:
        return BiaxialNetwork(self.sizes)

    def batch(self, rng: np.random.Generator) -> SegmentBatch:
        return self._segments.batch(self.loop_config.batch, rng).to(self.device)

    def loss(self, network: BiaxialNetwork, batch: SegmentBatch, step: int) -> Tensor:
        return mean_nats(network(batch.inputs, batch.roll), batch)

    def validate(self, network: BiaxialNetwork) -> Scores:
        train, held_out = (score(network, batch) for batch in self._fixed)
        return {**held_out, "train": train["score"]}

    def composer(self, members: Sequence[BiaxialNetwork]) -> Biaxial:
        return Biaxial.cross_fitted(
            [Biaxial.from_state(self.sizes, arrays_of(network)) for network in members]
        )

    @cached_property
    def _segments(self) -> SegmentSampler:
        return SegmentSampler(self.train_chorales, self.sizes, self.segment)

    @cached_property
    def _fixed(self) -> tuple[SegmentBatch, SegmentBatch]:
        """As many works that are learnt from as are held out, spread over all of them."""
        held_out = self.valid_chorales
        spread = np.linspace(0, len(self.train_chorales) - 1, len(held_out)).astype(int)
        known = [self.train_chorales[index] for index in sorted(set(spread.tolist()))]
        known_batch, held_out_batch = (
            SegmentSampler(works, self.sizes, self.segment).fixed().to(self.device)
            for works in (known, held_out)
        )
        return known_batch, held_out_batch


def mean_nats(odds: Tensor, batch: SegmentBatch) -> Tensor:
    """Nats a step, without padding."""
    return (nats_of_steps(odds, batch.roll) * batch.real).sum() / batch.real.sum()


@torch.inference_mode()
def score(network: BiaxialNetwork, batch: SegmentBatch) -> Scores:
    """Nats a step, and how far the more probable of two choices is right.

    `precision` is the share of keys expected to sound that do, `recall` the share of those that
    sound that were expected, and `begins` the share of sounding keys of which it is known whether
    they begin a note.
    """
    odds = network(batch.inputs, batch.roll)
    real = batch.real[..., None] > 0
    plays = (batch.roll[..., PLAYS] > 0) & real
    expected = (odds[..., PLAYS] > 0) & real
    both = float((plays & expected).sum())
    begins = ((odds[..., BEGINS] > 0) == (batch.roll[..., BEGINS] > 0))[plays]
    return {
        "score": float(mean_nats(odds, batch)),
        "precision": both / max(1.0, float(expected.sum())),
        "recall": both / max(1.0, float(plays.sum())),
        "begins": float(begins.float().mean()),
    }


def arrays_of(network: BiaxialNetwork) -> dict[str, np.ndarray]:
    return {name: value.cpu().numpy() for name, value in network.state_dict().items()}
