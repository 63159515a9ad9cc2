"""Trains DeepBach's networks together: each cell of a voice, given all else around it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from generator.families.deepbach.deepbach import DeepBach
from generator.families.deepbach.network import DeepBachConfig, DeepBachNetwork
from generator.families.deepbach.windows import DeepBachBatch, DeepBachWindows
from generator.families.network_tensors import check_size
from generator.music.grid.chorale import VOICES, Chorale
from generator.training.gradient_trainer import GradientTrainer
from generator.training.trainer import Scores

MAX_CENTRES = 64
WINDOWS_OF_A_WORK = 8  # in a validation


class DeepBachTrainer(GradientTrainer[DeepBachNetwork, DeepBachBatch]):
    """A batch of so many windows asks about `centres` times as many cells of each voice."""

    tables = ("network",)
    data_keys = ("centres",)

    def setup(self) -> None:
        self.sizes = DeepBachConfig(**self.config.get("network", {}))
        self.centres = self.config["data"].get("centres", 1)
        check_size("centres", self.centres, MAX_CENTRES)

    def network(self) -> DeepBachNetwork:
        return DeepBachNetwork(self.sizes)

    def batch(self, rng: np.random.Generator) -> DeepBachBatch:
        return self._windows.batch(self.loop_config.batch, rng).to(self.device)

    def loss(self, network: DeepBachNetwork, batch: DeepBachBatch, step: int) -> Tensor:
        nats, _ = network.losses(batch.tokens, batch.frame, batch.targets)
        return nats.sum() / (batch.targets[:, 0] >= 0).sum()  # the sum over the four networks

    def validate(self, network: DeepBachNetwork) -> Scores:
        held_out = score(network, self._held_out)
        return {**held_out, "train": score(network, self._seen)["score"]}

    def composer(self, members: Sequence[DeepBachNetwork]) -> DeepBach:
        return DeepBach.cross_fitted([DeepBach(network) for network in members])

    @cached_property
    def _windows(self) -> DeepBachWindows:
        return self._sampler(self.train_chorales)

    @cached_property
    def _held_out(self) -> DeepBachBatch:
        return self._fixed(self.valid_chorales)

    @cached_property
    def _seen(self) -> DeepBachBatch:
        return self._fixed(self.train_chorales[: len(self.valid_chorales)])

    def _fixed(self, chorales: Sequence[Chorale]) -> DeepBachBatch:
        rng = np.random.default_rng(self.seed)
        return self._sampler(chorales).fixed(WINDOWS_OF_A_WORK, rng).to(self.device)

    def _sampler(self, chorales: Sequence[Chorale]) -> DeepBachWindows:
        return DeepBachWindows(chorales, self.sizes.window, self.centres, bar=self.sizes.bar)


@torch.inference_mode()
def score(network: DeepBachNetwork, batch: DeepBachBatch) -> Scores:
    """Nats a cell given all others, as a mean over the voices, and the share of right guesses."""
    nats, right = network.losses(batch.tokens, batch.frame, batch.targets)
    real = batch.targets >= 0
    cells = real.sum((0, 2))
    by_voice = nats.sum((0, 2)) / cells
    guessed = (right & real).sum((0, 2)) / cells
    return {
        "score": float(by_voice.mean()),
        "right": float(guessed.mean()),
        **{f"nats_{name}": float(by_voice[voice]) for voice, name in enumerate(VOICES)},
        **{f"right_{name}": float(guessed[voice]) for voice, name in enumerate(VOICES)},
    }
