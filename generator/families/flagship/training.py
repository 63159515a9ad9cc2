"""Trains the flagship: masked cells, read in one shot and one after the other, cross-entropy.

On the split `folds` a composer has one member for each fold, trained on the works of the others.
"""

from __future__ import annotations

import json
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
from generator.music.grid.chorale import QUIZ_CONDITIONS, BoolArray, given_for
from generator.training.loop import Loop, LoopConfig, Scores
from generator.training.masks import hide_any
from generator.training.splits import Part, load_split

ORDERLESS_MASKS = 4
JUDGED = 40  # chorales of the validation part: enough to rank checkpoints by


def train(
    config: dict[str, Any], out: Path, *, command: str, progress: bool, fold: int | None = None
) -> Scores:
    """Train by a config (data, network, training, perhaps masks) and write the checkpoint.

    With `fold`, that member alone is trained, and left in its state file: so that several machines
    or cores can share the work. The whole command then finds it trained.
    """
    split = config["data"]["split"]
    members = range(FOLDS) if split == "folds" else range(1)
    if fold is not None and fold not in members:
        raise ValueError(f"fold {fold}; the split {split} has {len(members)}: 0 to {members[-1]}")
    own = [_of_member(config, member, members) for member in members]
    out.parent.mkdir(parents=True, exist_ok=True)
    networks, parts, metrics = [], [], []
    for member in members if fold is None else (fold,):
        part = load_split(split, member)
        state = out.with_suffix(f".fold{member}.state" if len(members) > 1 else ".state")
        network, best = _member(own[member], part, state, progress=progress)
        networks.append(network)
        parts.append(part)
        metrics.append(best)
    if fold is None:
        metadata = {
            "split": split,
            "seed": str(LoopConfig(**config["training"]).seed),
            "command": command,
            "training": json.dumps(config),
            "metrics": json.dumps(metrics if len(members) > 1 else metrics[0]),
        }
        Flagship(networks).save(out, metadata | _provenance(parts))
    return {name: float(np.mean([each[name] for each in metrics])) for name in metrics[0]}


def _of_member(config: dict[str, Any], member: int, members: range) -> dict[str, Any]:
    """The config, with what its tables `[members.N....]` say of this member."""
    tables = config.get("members", {})
    if wrong := [name for name in tables if name not in map(str, members)]:
        raise ValueError(f"members.{wrong[0]}; there are members 0 to {members[-1]}")
    own = tables.get(str(member), {})
    if wrong := [name for name in own if name not in ("training", "relations", "lines")]:
        raise ValueError(f"members.{member}.{wrong[0]} must be the same for all members")
    return config | {name: config.get(name, {}) | own[name] for name in own}


def _member(
    config: dict[str, Any], parts: dict[str, Part], state: Path, *, progress: bool
) -> tuple[Network, Scores]:
    settings = LoopConfig(**config["training"])
    sizes = FlagshipConfig(**config["network"])
    if sizes.lines and "lines" not in config:
        raise ValueError("a network with lines and no table [lines]; say there how to train them")
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
    held_out = BatchSampler(parts["valid"].chorales[:JUDGED], network.vocabulary, length)
    fixed = held_out.fixed(np.random.default_rng(settings.seed)).to(device)

    def loss(net: Network, rng: np.random.Generator) -> Tensor:
        net.related = net.lined or loop.step >= relations_after
        batch = crops.batch(settings.batch, rng).to(device)
        marginal, sequential = masked_losses(net, batch)
        return sequential if network.config.causal else (marginal + sequential) / 2

    relations_after = int(config.get("relations", {}).get("after", 0))
    network.lined = False
    loop = Loop(network, settings, loss, lambda net: judge(net, fixed), state, relations_after)
    best = loop.run(progress=progress)
    if sizes.lines:  # learnt when all else is, which no longer changes
        settings = replace(settings, **config["lines"])
        network = _with_lines(loop.averaged)
        state = state.with_suffix(".lines" + state.suffix)
        loop = Loop(network, settings, loss, lambda net: judge(net, fixed), state)
        best = loop.run(progress=progress)
    return loop.averaged.cpu(), best


def _with_lines(network: Network) -> Network:
    network.lined = True
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(name.startswith("lines."))
    return network


def _provenance(parts: list[dict[str, Part]]) -> dict[str, str]:
    works = [each["train"].names for each in parts]
    digests = [each["train"].digest() for each in parts]
    if len(parts) == 1:
        return {"works": json.dumps(works[0]), "data": digests[0]}
    folds = [each["test"].names for each in parts]
    return {
        "works": json.dumps(works),
        "data": json.dumps(digests),
        "folds": json.dumps(folds),
    }


def masked_losses(network: Network, batch: Batch) -> tuple[Tensor, Tensor]:
    """Cross-entropy of the hidden cells, marginal and sequential, in nats a cell.

    Each is the mean over examples of the mean over an example's hidden cells, so that an order of
    all cells is estimated without bias where the number of hidden cells is uniform.
    """
    marginal, sequential = network.losses(batch.grid, batch.visible)
    count = (~batch.visible).sum((1, 2)).clamp(min=1)
    return (
        (marginal.sum((1, 2)) / count).mean(),
        (sequential.sum((1, 2)) / count).mean(),
    )


@torch.inference_mode()
def judge(network: Network, batch: Batch) -> Scores:
    """Validation: orderless NLL (nats a step) and each condition's losses and accuracy.

    `loss` is the marginal cross-entropy of a cell, `next` the sequential one, `right` the share of
    cells whose most probable token, in one shot, is Bach's.
    """
    if network.config.causal:
        scores = _condition(network, batch, "SATB")
        return {"joint": 4 * scores["next_SATB"], "score": scores["next_SATB"]}
    rng = np.random.default_rng(0)
    size, _, steps = batch.visible.shape
    orderless = []
    for index in range(ORDERLESS_MASKS):
        visible = np.ones((size, 4, steps), dtype=np.bool_)
        for row in range(size):
            real = (batch.grid.tokens[row, 0] != network.vocabulary.padding).sum()
            share = (index + rng.random()) / ORDERLESS_MASKS
            visible[row] = ~hide_any(steps, math.ceil(share * 4 * int(real)), rng)
        shown = _shown(network, batch, visible)
        orderless.append(4 * float(masked_losses(network, shown)[0]))
    scores = {"orderless": float(np.mean(orderless))}
    for condition in QUIZ_CONDITIONS:
        scores |= _condition(network, batch, condition)
    losses = [scores[f"{kind}_{c}"] for c in QUIZ_CONDITIONS for kind in ("loss", "next")]
    scores["score"] = scores["orderless"] / 4 + float(np.mean(losses))
    return scores


def _shown(network: Network, batch: Batch, visible: BoolArray) -> Batch:
    padded: Tensor = batch.grid.tokens == network.vocabulary.padding
    return Batch(batch.grid, torch.from_numpy(visible).to(padded.device) | padded)


def _condition(network: Network, batch: Batch, condition: str) -> Scores:
    given = np.broadcast_to(given_for(condition, batch.visible.shape[2]), batch.visible.shape)
    shown = _shown(network, batch, given.copy())
    marginal, sequential = masked_losses(network, shown)
    right = (network(shown.grid, shown.visible).argmax(-1) == batch.grid.tokens)[~shown.visible]
    return {
        f"loss_{condition}": float(marginal),
        f"next_{condition}": float(sequential),
        f"right_{condition}": float(right.float().mean()),
    }
