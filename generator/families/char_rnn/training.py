"""Training of char_rnn: crops of texts in all transpositions, with and without tags."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from generator.families.char_rnn.char_rnn import CharRnn, CharRnnConfig
from generator.families.char_rnn.network import CharNetwork, TextBatch
from generator.families.char_rnn.texts import (
    MAX_SHIFT,
    NEWLINE,
    SPACE,
    CharArray,
    PieceText,
)
from generator.music.grid.chorale import STEPS_PER_QUARTER, BoolArray, Chorale
from generator.training.gradient_trainer import GradientTrainer
from generator.training.trainer import Scores

WeightArray = NDArray[np.float32]

MAX_EMPHASIS = 100.0
SCORED_TOGETHER = 24
"""Works that are read side by side."""


@dataclass(frozen=True)
class TagShares:
    """How often a crop has tags, and how they are repeated."""

    share: float = 0.75
    """Of the crops that begin with a tag."""
    repeated: float = 0.5
    """Of those with a tag, those that repeat it every 1, 2 or 4 bars."""
    emphasis: float = 5.0
    """How much the characters of the first beat after a tag count; others count 1."""

    def __post_init__(self) -> None:
        if isinstance(self.emphasis, bool) or not 0 < self.emphasis <= MAX_EMPHASIS:
            raise ValueError(
                f"emphasis = {self.emphasis}; it must be above 0, at most {MAX_EMPHASIS}"
            )
        for name in ("share", "repeated"):
            value = getattr(self, name)
            if isinstance(value, bool) or not 0 <= value <= 1:
                raise ValueError(f"{name} = {value}; it must be from 0 to 1")


class CharRnnTrainer(GradientTrainer[CharNetwork, TextBatch]):
    """Trains on random crops; a crop begins at the beginning of a piece or at any step."""

    tables = ("network", "tags")
    data_keys = ("unroll", "beginnings", "dropout")

    def setup(self) -> None:
        self.sizes = CharRnnConfig(**self.config["network"])
        self.tags = TagShares(**self.config.get("tags", {}))
        data = self.config["data"]
        self.unroll = data.get("unroll", 128)
        self.beginnings = data.get("beginnings", 0.25)
        self.dropout = data.get("dropout", 0.0)
        if type(self.unroll) is not int or self.unroll < 2:
            raise ValueError(f"unroll = {self.unroll}; use a whole number of 2 or more")
        for name in ("beginnings", "dropout"):
            value = getattr(self, name)
            if isinstance(value, bool) or not 0 <= value <= 1:
                raise ValueError(f"{name} = {value}; it must be from 0 to 1")

    def network(self) -> CharNetwork:
        return CharNetwork(self.sizes, self.dropout)

    def batch(self, rng: np.random.Generator) -> TextBatch:
        picks = rng.choice(len(self._texts), self.loop_config.batch, p=self._weights)
        return _stacked([self._crop(int(pick), rng) for pick in picks], self.device)

    def loss(self, network: CharNetwork, batch: TextBatch, step: int) -> Tensor:
        return batch.losses(network)[0]

    def validate(self, network: CharNetwork) -> Scores:
        """Nats a character of all held-out works, each read whole, as a fill is primed."""
        nats, right = _scores(network, self._held_out)
        return {"score": nats, "right": right}

    def train(self, state: Path, *, keep: bool) -> tuple[CharNetwork, Scores]:
        # The training part takes as long as many steps, so it is read once, at the end.
        network, scores = super().train(state, keep=keep)
        return network, {**scores, **self.final_scores(network)}

    def final_scores(self, network: CharNetwork) -> Scores:
        """Those of `validate`, those of all training works, and held-out nats without a tag."""
        train, train_right = _scores(network, _whole_works(self.train_chorales, tags=True))
        untagged, _ = _scores(network, _whole_works(self.valid_chorales, tags=False))
        return {
            **self.validate(network),
            "train": train,
            "train_right": train_right,
            "untagged": untagged,
        }

    def composer(self, members: Sequence[CharNetwork]) -> CharRnn:
        composers = []
        for member in members:
            state = {name: value.numpy() for name, value in member.state_dict().items()}
            composers.append(CharRnn.from_state(member.config, state))
        return CharRnn.cross_fitted(composers)

    @cached_property
    def _texts(self) -> list[PieceText]:
        return [PieceText.of(chorale) for chorale in self.train_chorales]

    @cached_property
    def _weights(self) -> NDArray[np.float64]:
        lengths = np.array([len(text.codes) for text in self._texts], dtype=np.float64)
        weights: NDArray[np.float64] = lengths / lengths.sum()
        return weights

    @cached_property
    def _held_out(self) -> list[TextBatch]:
        return _whole_works(self.valid_chorales, tags=True)

    def _crop(self, pick: int, rng: np.random.Generator) -> tuple[CharArray, WeightArray]:
        """Characters of one text from a random step on, and of others after its end."""
        semitones = int(rng.integers(MAX_SHIFT[0], MAX_SHIFT[1] + 1))
        tags = bool(rng.random() < self.tags.share)
        repeated = bool(rng.random() < self.tags.repeated)
        every = int(2 ** rng.integers(0, 3)) if repeated else 0
        text = self._texts[pick]
        start = int(rng.integers(text.chorale.steps))
        if rng.random() < self.beginnings:
            start = 0
        first = [NEWLINE] if start == 0 else []
        codes, sounds = [np.array(first, dtype=np.int64)], [np.ones(len(first), dtype=np.bool_)]
        left = self.unroll + 1 - len(first)
        while left > 0:
            more, heard = text.from_step(start, semitones=semitones, tags=tags, every=every)
            codes.append(more[:left])
            sounds.append(heard[:left])
            left -= len(more)
            text, start = self._texts[int(rng.integers(len(self._texts)))], 0
        crop = np.concatenate(codes)
        return crop, target_weights(crop, np.concatenate(sounds), self.tags.emphasis)


def target_weights(codes: CharArray, sounds: BoolArray, emphasis: float) -> WeightArray:
    """How much each character counts: 0 in tags, more in the first beat after one, else 1.

    What a tag says is told again by the music after a few chords. Without this emphasis the network
    has too little to gain from reading it, and learns to wait.

    Parameters
    ----------
    codes : int64[n]
    sounds : bool[n]
        False in tags.
    emphasis : float
    """
    ends = (codes == SPACE) & sounds
    step = np.cumsum(ends) - ends
    last_tag = np.maximum.accumulate(np.where(sounds, -STEPS_PER_QUARTER, step))
    weights: WeightArray = np.where(step - last_tag < STEPS_PER_QUARTER, emphasis, 1.0) * sounds
    return weights.astype(np.float32)


def _whole_works(chorales: Sequence[Chorale], *, tags: bool) -> list[TextBatch]:
    """All works, each whole and untransposed; shorter ones are padded with what does not count."""
    rows = []
    for chorale in chorales:
        codes, sounds = PieceText.of(chorale).from_step(0, tags=tags)
        rows.append((np.append(NEWLINE, codes), np.append(1, sounds).astype(np.float32)))
    rows.sort(key=lambda row: len(row[0]))  # works of about one length stand together
    batches = []
    for first in range(0, len(rows), SCORED_TOGETHER):
        together = rows[first : first + SCORED_TOGETHER]
        longest = len(together[-1][0])
        padded = [
            (np.pad(codes, (0, longest - len(codes))), np.pad(weights, (0, longest - len(weights))))
            for codes, weights in together
        ]
        batches.append(_stacked(padded, torch.device("cpu")))
    return batches


def _stacked(rows: Sequence[tuple[CharArray, WeightArray]], device: torch.device) -> TextBatch:
    codes, weights = (torch.from_numpy(np.stack(each)) for each in zip(*rows, strict=True))
    return TextBatch(codes.to(device), weights.to(device))


@torch.inference_mode()
def _scores(network: CharNetwork, batches: Sequence[TextBatch]) -> tuple[float, float]:
    """Mean nats a character, and the share of characters that were the most probable."""
    device = network.head.weight.device
    sums = np.zeros(3)
    for batch in batches:
        nats, right = TextBatch(batch.codes.to(device), batch.weights.to(device)).losses(network)
        sums += np.array([float(nats), float(right), 1]) * float(batch.weights[:, 1:].sum())
    return float(sums[0] / sums[2]), float(sums[1] / sums[2])
