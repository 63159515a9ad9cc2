"""Trains Coconet on cells missing in any number and place: the orderless loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from generator.families.coconet.coconet import Coconet
from generator.families.coconet.network import CoconetConfig, CoconetNetwork
from generator.families.coconet.rolls import REST_ROW, pitch_rows
from generator.families.network_tensors import check_size
from generator.music.grid.chorale import Chorale
from generator.training.gradient_trainer import GradientTrainer
from generator.training.masks import random_cells
from generator.training.trainer import Scores

MAX_CROP = 4096
MASKS = 2  # of each work in a validation


@dataclass(frozen=True)
class CoconetBatch:
    """Crops of works, and which of their cells the network is shown."""

    rows: Tensor  # int64 (B, 4, T)
    onset: Tensor  # bool (B, 4, T)
    known: Tensor  # bool (B, 4, T)
    asked: Tensor  # bool (B, 4, T); a cell beyond the end of a work is neither known nor asked

    def to(self, device: torch.device) -> CoconetBatch:
        moved = (self.rows, self.onset, self.known, self.asked)
        return CoconetBatch(*(each.to(device) for each in moved))


class CoconetTrainer(GradientTrainer[CoconetNetwork, CoconetBatch]):
    """Each example is a crop of `crop` steps of which any number of cells are missing."""

    tables = ("network",)
    data_keys = ("crop",)

    def setup(self) -> None:
        self.sizes = CoconetConfig(**self.config.get("network", {}))
        self.crop = self.config["data"]["crop"]
        check_size("crop", self.crop, MAX_CROP)

    def network(self) -> CoconetNetwork:
        return CoconetNetwork(self.sizes)

    def batch(self, rng: np.random.Generator) -> CoconetBatch:
        lengths = np.array([chorale.steps for chorale in self.train_chorales])
        picks = rng.choice(len(lengths), size=self.loop_config.batch, p=lengths / lengths.sum())
        chorales = [self.train_chorales[pick] for pick in picks]
        return crops(chorales, self.crop, rng.random(len(chorales)), rng).to(self.device)

    def loss(self, network: CoconetNetwork, batch: CoconetBatch, step: int) -> Tensor:
        pitch, onset, _ = network.losses(batch.rows, batch.onset, batch.known)
        missing = batch.asked.sum((1, 2))
        return (((pitch + onset) * batch.asked).sum((1, 2)) / missing).mean()

    def validate(self, network: CoconetNetwork) -> Scores:
        held_out = score(network, self._held_out)
        return {**held_out, "train": score(network, self._seen)["score"]}

    def composer(self, members: Sequence[CoconetNetwork]) -> Coconet:
        return Coconet.cross_fitted([Coconet(network) for network in members])

    @cached_property
    def _held_out(self) -> CoconetBatch:
        return self._fixed(self.valid_chorales)

    @cached_property
    def _seen(self) -> CoconetBatch:
        return self._fixed(self.train_chorales[: len(self.valid_chorales)])

    def _fixed(self, chorales: Sequence[Chorale]) -> CoconetBatch:
        rng = np.random.default_rng(self.seed)
        repeated = [chorale for chorale in chorales for _ in range(MASKS)]
        shares = (np.arange(len(repeated)) + rng.random(len(repeated))) / len(repeated)
        return crops(repeated, self.crop, rng.permutation(shares), rng).to(self.device)


def crops(
    chorales: Sequence[Chorale],
    length: int,
    shares: Sequence[float] | np.typing.NDArray[np.float64],
    rng: np.random.Generator,
) -> CoconetBatch:
    """A crop of each chorale at a random place, with cells missing at random.

    Parameters
    ----------
    length : int
        Steps of a crop; a shorter chorale is followed by nothing.
    shares : float for each chorale, from 0 to below 1
        Of the crop's cells that are missing; at least one is.
    """
    shape = (len(chorales), 4, length)
    rows = np.full(shape, REST_ROW)
    onset, known, asked = (np.zeros(shape, dtype=np.bool_) for _ in range(3))
    for index, (chorale, share) in enumerate(zip(chorales, shares, strict=True)):
        start = int(rng.integers(0, max(0, chorale.steps - length) + 1))
        crop = chorale.slice(start, min(start + length, chorale.steps))
        missing = random_cells(crop.steps, 1 + int(share * 4 * crop.steps), rng)
        inside = np.s_[index, :, : crop.steps]
        rows[inside], onset[inside] = pitch_rows(crop), crop.onset
        known[inside], asked[inside] = ~missing, missing
    return CoconetBatch(*(torch.from_numpy(each) for each in (rows, onset, known, asked)))


@torch.inference_mode()
def score(network: CoconetNetwork, batch: CoconetBatch) -> Scores:
    """Nats of a missing cell, and the share of missing cells whose likeliest pitch is Bach's.

    Each is a mean over crops of the mean over the missing cells of a crop.
    """
    pitch, onset, right = network.losses(batch.rows, batch.onset, batch.known)
    missing = batch.asked.sum((1, 2))

    def mean(values: Tensor) -> float:
        return float(((values * batch.asked).sum((1, 2)) / missing).mean())

    return {
        "score": mean(pitch + onset),
        "pitch": mean(pitch),
        "onset": mean(onset),
        "right": mean(right.float()),
    }
