"""Trains the flagship on a split: masked cells, one shot, cross-entropy."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from generator.families.flagship import Flagship, FlagshipConfig, Network
from generator.music.chorale import given_for
from generator.training.data import Batch, Crops, load_split
from generator.training.loop import Loop, LoopConfig, Scores
from generator.training.masks import hide_any

SHOWN_CONDITIONS = ("S", "A", "T", "B", "AT", "ATB", "SATB")
ORDERLESS_MASKS = 4
JUDGED = 40  # chorales of the validation part: enough to rank checkpoints by


def train(config: dict[str, Any], out: Path, *, command: str, progress: bool) -> Scores:
    """Train by a config (data, network, training, perhaps masks) and write the checkpoint."""
    parts = load_split(config["data"]["split"])
    settings = LoopConfig(**config["training"])
    torch.manual_seed(settings.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = Network(FlagshipConfig(**config["network"])).to(device)
    length = int(config["data"]["crop"])
    crops = Crops(parts["train"].chorales, network.vocabulary, length, **config.get("masks", {}))
    held_out = Crops(parts["valid"].chorales[:JUDGED], network.vocabulary, length)
    fixed = held_out.fixed(np.random.default_rng(settings.seed)).to(device)

    def loss(net: nn.Module, rng: np.random.Generator) -> Tensor:
        return masked_loss(net, crops.batch(settings.batch, rng).to(device))

    out.parent.mkdir(parents=True, exist_ok=True)
    loop = Loop(network, settings, loss, lambda net: judge(net, fixed), out.with_suffix(".state"))
    best = loop.run(progress=progress)
    Flagship(loop.averaged.cpu()).save(  # type: ignore[arg-type]
        out,
        {
            "data": parts["train"].digest(),
            "split": config["data"]["split"],
            "works": json.dumps(parts["train"].names),
            "seed": str(settings.seed),
            "command": command,
            "training": json.dumps(config),
            "metrics": json.dumps(best),
        },
    )
    return best


def masked_loss(network: nn.Module, batch: Batch) -> Tensor:
    """Cross-entropy of the hidden cells: the mean of each example's mean, in nats a cell."""
    logits = network(batch.grid, batch.visible)
    losses = F.cross_entropy(logits.flatten(0, 2), batch.grid.tokens.flatten(), reduction="none")
    hidden = (~batch.visible).float()
    each = (losses.view_as(hidden) * hidden).sum((1, 2)) / hidden.sum((1, 2)).clamp(min=1)
    return each.mean()


@torch.inference_mode()
def judge(network: nn.Module, batch: Batch) -> Scores:
    """Validation: orderless NLL (nats a step) and each condition's cross-entropy and accuracy."""
    rng = np.random.default_rng(0)
    size, _, steps = batch.visible.shape
    lengths = _lengths(batch)
    orderless = []
    for index in range(ORDERLESS_MASKS):
        visible = np.ones((size, 4, steps), dtype=np.bool_)
        for row, real in enumerate(lengths):
            share = (index + rng.random()) / ORDERLESS_MASKS
            visible[row, :, :real] = ~hide_any(real, math.ceil(share * 4 * real), rng)
        shown = Batch(batch.grid, torch.from_numpy(visible).to(batch.visible.device))
        orderless.append(4 * float(masked_loss(network, shown)))
    scores = {"orderless": float(np.mean(orderless))}
    for condition in SHOWN_CONDITIONS:
        scores |= _one_shot(network, batch, condition, lengths)
    losses = [scores[f"loss_{condition}"] for condition in SHOWN_CONDITIONS]
    scores["score"] = scores["orderless"] / 4 + float(np.mean(losses))
    return scores


def _lengths(batch: Batch) -> list[int]:
    real = batch.grid.real
    assert real is not None
    return [int(length) for length in real.sum(1)]


def _one_shot(network: nn.Module, batch: Batch, condition: str, lengths: list[int]) -> Scores:
    given = torch.from_numpy(given_for(condition, batch.visible.shape[2]))
    visible = given.expand_as(batch.visible).clone()
    for row, real in enumerate(lengths):
        visible[row, :, real:] = True
    shown = Batch(batch.grid, visible.to(batch.visible.device))
    logits = network(shown.grid, shown.visible)
    right = (logits.argmax(-1) == batch.grid.tokens)[~shown.visible].float().mean()
    return {
        f"loss_{condition}": float(masked_loss(network, shown)),
        f"right_{condition}": float(right),
    }
