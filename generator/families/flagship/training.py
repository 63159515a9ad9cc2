"""Trains the flagship by cross-entropy of masked cells, in one shot and one after the other.

On the split `folds` the composer has one member for each fold, trained on the other folds' works.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from generator.families.flagship.batches import Batch, BatchSampler
from generator.families.flagship.flagship import Flagship
from generator.families.flagship.network import FlagshipConfig, Network
from generator.music.corpus.splits import FOLDS
from generator.music.grid.chorale import BoolArray
from generator.music.grid.conditions import QUIZ_CONDITIONS, given_voices
from generator.training.loop import Loop, LoopConfig, Scores
from generator.training.masks import random_cells
from generator.training.metadata import training_metadata
from generator.training.splits import SplitPart, load_split

ORDERLESS_MASKS = 4
MEMBER_TABLES = ("training", "interval_head", "melodic_head")  # may differ between members
TABLES = (*MEMBER_TABLES, "data", "network", "masks", "members")
VALIDATION_CHORALES = 40  # enough to rank checkpoints by


def train(
    config: dict[str, Any], out: Path, *, command: str, progress: bool, fold: int | None = None
) -> Scores:
    """Train by a config (see `generator/training/configs`) and write the checkpoint.

    With `fold` only that member is trained, and stays in its state file, so that several cores or
    machines can share the work. The command without a fold then finds it trained.
    """
    if unknown := [name for name in config if name not in TABLES]:
        raise ValueError(f"unknown table [{unknown[0]}]; use some of {', '.join(TABLES)}")
    split = config["data"]["split"]
    members = range(FOLDS) if split == "folds" else range(1)
    if fold is not None and fold not in members:
        raise ValueError(f"fold {fold}; the split {split} has {len(members)}: 0 to {members[-1]}")
    configs = [_of_member(config, member, members) for member in members]
    out.parent.mkdir(parents=True, exist_ok=True)
    networks, parts, metrics = [], [], []
    for member in members if fold is None else (fold,):
        part = load_split(split, member)
        state = out.with_suffix(f".fold{member}.state" if len(members) > 1 else ".state")
        network, best = _member(configs[member], part, state, progress=progress)
        networks.append(network)
        parts.append(part)
        metrics.append(best)
    if fold is None:
        seed = LoopConfig(**config["training"]).seed
        metadata = training_metadata(config, parts, metrics, seed=seed, command=command)
        Flagship(networks).save(out, metadata)
    return {name: float(np.mean([each[name] for each in metrics])) for name in metrics[0]}


def _of_member(config: dict[str, Any], member: int, members: range) -> dict[str, Any]:
    """The config of one member: the tables `[members.N....]` change those of all members."""
    tables = config.get("members", {})
    if unknown := [name for name in tables if name not in map(str, members)]:
        raise ValueError(f"members.{unknown[0]}; there are members 0 to {members[-1]}")
    changes = tables.get(str(member), {})
    if common := [name for name in changes if name not in MEMBER_TABLES]:
        raise ValueError(f"members.{member}.{common[0]} must be the same for all members")
    return config | {name: config.get(name, {}) | changes[name] for name in changes}


def _member(
    config: dict[str, Any], parts: dict[str, SplitPart], state: Path, *, progress: bool
) -> tuple[Network, Scores]:
    settings = LoopConfig(**config["training"])
    sizes = FlagshipConfig(**config["network"])
    if sizes.melodic_head and "melodic_head" not in config:
        raise ValueError("no table [melodic_head]; add one that says how to train it")
    torch.manual_seed(settings.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = Network(sizes).to(device)
    length = int(config["data"]["crop"])
    crops = BatchSampler(
        parts["train"].chorales,
        network.vocabulary,
        length,
        transposed=float(config["data"].get("transposed", 1.0)),
        **config.get("masks", {}),
    )
    held_out = parts["valid"].chorales[:VALIDATION_CHORALES]
    sampler = BatchSampler(held_out, network.vocabulary, length)
    fixed = sampler.fixed(np.random.default_rng(settings.seed)).to(device)

    def loss(net: Network, rng: np.random.Generator) -> Tensor:
        net.use_interval_head = net.use_melodic_head or loop.step >= interval_head_after
        batch = crops.batch(settings.batch, rng).to(device)
        marginal, sequential = masked_losses(net, batch)
        return sequential if network.config.causal else (marginal + sequential) / 2

    interval_head_after = int(config.get("interval_head", {}).get("after", 0))
    network.use_melodic_head = False
    loop = Loop(network, settings, loss, lambda net: score(net, fixed), state, interval_head_after)
    best = loop.run(progress=progress)
    if sizes.melodic_head:  # trained last, while all else stays as it is
        settings = replace(settings, **config["melodic_head"])
        network = _melodic_head_alone(loop.averaged)
        state = state.with_suffix(".melodic_head" + state.suffix)
        loop = Loop(network, settings, loss, lambda net: score(net, fixed), state)
        best = loop.run(progress=progress)
    return loop.averaged.cpu(), best


def _melodic_head_alone(network: Network) -> Network:
    network.use_melodic_head = True
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(name.startswith("melodic_head."))
    return network


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
