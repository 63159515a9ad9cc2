"""Trains the flagship by cross-entropy of masked cells, in one shot and one after the other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from generator.families.flagship.batches import Batch, BatchSampler
from generator.families.flagship.flagship import Flagship
from generator.families.flagship.network import FlagshipConfig, Network
from generator.families.flagship.tokens import Vocabulary
from generator.music.grid.chorale import BoolArray
from generator.music.grid.conditions import QUIZ_CONDITIONS, given_voices
from generator.training.gradient_trainer import GradientTrainer
from generator.training.loop import Stage
from generator.training.masks import check_masks, random_cells
from generator.training.trainer import Scores

ORDERLESS_MASKS = 4
VALIDATION_CHORALES = 40  # enough to rank checkpoints by
MELODIC_HEAD = "melodic_head"


class FlagshipTrainer(GradientTrainer[Network, Batch]):
    """Trains the network, then its melodic head alone if it has one."""

    member_tables = ("interval_head", MELODIC_HEAD)
    tables = (*member_tables, "network", "masks")
    data_keys = ("crop", "transposed")

    def setup(self) -> None:
        self.sizes = FlagshipConfig(**self.config["network"])
        if self.sizes.melodic_head and MELODIC_HEAD not in self.config:
            raise ValueError(f"no table [{MELODIC_HEAD}]; add one that says how to train it")
        check_masks(**self.config.get("masks", {}))
        self.crop = int(self.config["data"]["crop"])
        self.transposed = float(self.config["data"].get("transposed", 1.0))
        self.interval_head_after = int(self.config.get("interval_head", {}).get("after", 0))
        if self.crop <= 0:
            raise ValueError(f"crop = {self.crop}; it must be above 0")
        if not 0 <= self.transposed <= 1:
            raise ValueError(f"transposed = {self.transposed}; it must be from 0 to 1")

    def stages(self) -> list[Stage]:
        stages = [Stage(self.loop_config, keep_after=self.interval_head_after)]
        if self.sizes.melodic_head:  # trained last, while all else stays as it is
            own = replace(self.loop_config, **self.config[MELODIC_HEAD])
            stages.append(Stage(own, name=MELODIC_HEAD))
        return stages

    def network(self) -> Network:
        return Network(self.sizes)

    def begin(self, network: Network, stage: Stage) -> None:
        network.use_melodic_head = stage.name == MELODIC_HEAD
        if network.use_melodic_head:
            for name, parameter in network.named_parameters():
                parameter.requires_grad_(name.startswith(f"{MELODIC_HEAD}."))

    def batch(self, rng: np.random.Generator) -> Batch:
        return self._crops.batch(self.loop_config.batch, rng).to(self.device)

    def loss(self, network: Network, batch: Batch, step: int) -> Tensor:
        network.use_interval_head = network.use_melodic_head or step >= self.interval_head_after
        marginal, sequential = masked_losses(network, batch)
        return sequential if network.config.causal else (marginal + sequential) / 2

    def validate(self, network: Network) -> Scores:
        return score(network, self._held_out)

    def composer(self, members: Sequence[Network]) -> Flagship:
        return Flagship.cross_fitted([Flagship(network) for network in members])

    @cached_property
    def _crops(self) -> BatchSampler:
        return BatchSampler(
            self.train_chorales,
            Vocabulary(onsets=self.sizes.onsets),
            self.crop,
            transposed=self.transposed,
            **self.config.get("masks", {}),
        )

    @cached_property
    def _held_out(self) -> Batch:
        chorales = self.valid_chorales[:VALIDATION_CHORALES]
        sampler = BatchSampler(chorales, Vocabulary(onsets=self.sizes.onsets), self.crop)
        return sampler.fixed(np.random.default_rng(self.seed)).to(self.device)


def masked_losses(network: Network, batch: Batch) -> tuple[Tensor, Tensor]:
    """Cross-entropy of the written cells, marginal and sequential, in nats a cell.

    Each is a mean over examples of the mean over an example's written cells. So it estimates the
    loss of an order of all cells without bias if the number of written cells is uniform.
    """
    marginal, sequential = network.losses(batch.grid, batch.given)
    count = (~batch.given).sum((1, 2)).clamp(min=1)
    return (
        (marginal.sum((1, 2)) / count).mean(),
        (sequential.sum((1, 2)) / count).mean(),
    )


@torch.inference_mode()
def score(network: Network, batch: Batch) -> Scores:
    """Validation: orderless NLL (nats a step), and losses and accuracy by condition.

    `loss` is the marginal cross-entropy of a cell, `next` the sequential one, and `right` the share
    of cells whose most probable token, in one shot, is Bach's.
    """
    if network.config.causal:
        scores = _condition(network, batch, "SATB")
        return {"joint": 4 * scores["next_SATB"], "score": scores["next_SATB"]}
    rng = np.random.default_rng(0)
    size, _, steps = batch.given.shape
    orderless = []
    for index in range(ORDERLESS_MASKS):
        given = np.ones((size, 4, steps), dtype=np.bool_)
        for row in range(size):
            real = (batch.grid.tokens[row, 0] != network.vocabulary.padding).sum()
            share = (index + rng.random()) / ORDERLESS_MASKS
            given[row] = ~random_cells(steps, math.ceil(share * 4 * int(real)), rng)
        masked = _with_mask(network, batch, given)
        orderless.append(4 * float(masked_losses(network, masked)[0]))
    scores = {"orderless": float(np.mean(orderless))}
    for condition in QUIZ_CONDITIONS:
        scores |= _condition(network, batch, condition)
    losses = [scores[f"{kind}_{c}"] for c in QUIZ_CONDITIONS for kind in ("loss", "next")]
    scores["score"] = scores["orderless"] / 4 + float(np.mean(losses))
    return scores


def _with_mask(network: Network, batch: Batch, given: BoolArray) -> Batch:
    padded: Tensor = batch.grid.tokens == network.vocabulary.padding
    return Batch(batch.grid, torch.from_numpy(given).to(padded.device) | padded)


def _condition(network: Network, batch: Batch, condition: str) -> Scores:
    given = np.broadcast_to(given_voices(condition, batch.given.shape[2]), batch.given.shape)
    masked = _with_mask(network, batch, given.copy())
    marginal, sequential = masked_losses(network, masked)
    right = (network(masked.grid, masked.given).argmax(-1) == batch.grid.tokens)[~masked.given]
    return {
        f"loss_{condition}": float(marginal),
        f"next_{condition}": float(sequential),
        f"right_{condition}": float(right.float().mean()),
    }
