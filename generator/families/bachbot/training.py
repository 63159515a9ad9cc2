"""Trains BachBot on the concatenated text of all works, by the next symbol.

A batch is windows of the text. As in the published training a window may cross the end of a work;
the state is not carried from one batch to the next, and some windows begin with a work instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from generator.families.bachbot.bachbot import Bachbot
from generator.families.bachbot.network import BachbotConfig, BachbotNetwork
from generator.families.bachbot.tokens import DELIMITER, FIRST_NOTE, IntArray
from generator.music.grid.chorale import VOICES, Chorale
from generator.training.gradient_trainer import GradientTrainer
from generator.training.trainer import Scores

FROM_START = 0.25
"""Share of windows that begin with a work, as all writing does."""
SCORED = 1280
"""Symbols of each work that are scored, from its beginning: some 250 frames."""
TOGETHER = 20
"""Works that are scored at once."""


class BachbotTrainer(GradientTrainer[BachbotNetwork, Tensor]):
    """Windows of the text, and the cross-entropy of each next symbol."""

    tables = ("network",)
    data_keys = ("unroll",)

    def setup(self) -> None:
        self.sizes = BachbotConfig(**self.config.get("network", {}))
        self.unroll = int(self.config["data"]["unroll"])
        if self.unroll <= 0:
            raise ValueError(f"unroll = {self.unroll}; it must be above 0")

    def network(self) -> BachbotNetwork:
        return BachbotNetwork(self.sizes)

    def batch(self, rng: np.random.Generator) -> Tensor:
        return torch.from_numpy(self._windows(rng)).to(self.device)

    def loss(self, network: BachbotNetwork, batch: Tensor, step: int) -> Tensor:
        return F.cross_entropy(network(batch[:, :-1]).flatten(0, 1), batch[:, 1:].flatten())

    def validate(self, network: BachbotNetwork) -> Scores:
        """Nats a symbol of held-out works, and of as many that were trained on."""
        held_out = text_scores(network, self.valid_chorales)
        trained = text_scores(network, self.train_chorales[: len(self.valid_chorales)])
        return {"score": held_out.pop("nats"), "train": trained["nats"], **held_out}

    def composer(self, members: Sequence[BachbotNetwork]) -> Bachbot:
        return Bachbot.cross_fitted([Bachbot(network) for network in members])

    def _windows(self, rng: np.random.Generator) -> IntArray:
        """int64[batch, unroll + 1]; the text begins again after its end."""
        text, starts = self._text
        size = self.loop_config.batch
        at = rng.integers(len(text), size=size)
        first = rng.random(size) < FROM_START
        at = np.where(first, rng.choice(starts, size=size), at)
        windows: IntArray = text[(at[:, None] + np.arange(self.unroll + 1)) % len(text)]
        return windows

    @cached_property
    def _text(self) -> tuple[IntArray, IntArray]:
        """The works one after the other, and where each begins."""
        texts = [self.sizes.vocabulary.text(chorale) for chorale in self.train_chorales]
        ends = np.cumsum([len(text) for text in texts])
        return np.concatenate(texts), np.concatenate([[0], ends[:-1]])


@torch.inference_mode()
def text_scores(network: BachbotNetwork, chorales: Sequence[Chorale]) -> Scores:
    """How well a network knows the first symbols of works, each read from its `START`.

    Returns
    -------
    dict
        `nats` a symbol of any kind, `perplexity` of these; `nats_frame`, of the four voices, the
        delimiter and a fermata together; `right_S` and so on, the share of a voice's symbols that
        are the likeliest.
    """
    vocabulary = network.config.vocabulary
    device = next(network.parameters()).device
    total, symbols, frames = 0.0, 0, 0
    right, of_voice = np.zeros(4), np.zeros(4)
    for begin in range(0, len(chorales), TOGETHER):
        texts = [vocabulary.text(each)[: SCORED + 1] for each in chorales[begin : begin + TOGETHER]]
        batch = np.full((len(texts), max(map(len, texts))), -1)
        for row, text in zip(batch, texts, strict=True):
            row[: len(text)] = text
        target = batch[:, 1:]
        logits = network(torch.from_numpy(np.maximum(batch[:, :-1], 0)).to(device))
        nats = F.cross_entropy(
            logits.flatten(0, 1), torch.from_numpy(target).flatten().to(device),
            ignore_index=-1, reduction="sum",
        )  # fmt: skip
        total += float(nats)
        symbols += int((target >= 0).sum())
        frames += int((target == DELIMITER).sum())
        likeliest = logits.argmax(-1).cpu().numpy()
        voices = voices_of(target)
        for voice in range(4):
            own = voices == voice
            right[voice] += (likeliest[own] == target[own]).sum()
            of_voice[voice] += own.sum()
    shares = {f"right_{name}": float(right[v] / of_voice[v]) for v, name in enumerate(VOICES)}
    mean = total / symbols
    return {
        "nats": mean, "perplexity": float(np.exp(mean)), "nats_frame": total / frames, **shares
    }  # fmt: skip


def voices_of(symbols: IntArray) -> IntArray:
    """int64[N, L]: the voice 0..3 of each symbol after `START`; -1 if it is no voice's."""
    voiced = symbols >= FIRST_NOTE - 1  # notes and rests
    within = np.cumsum(voiced, axis=1) - 1
    return np.where(voiced, within % 4, -1)
