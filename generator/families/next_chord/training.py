"""Trains the network on windows of chord events: after each event, the chord and duration next.

Each window teaches as many predictions as it has events, not only the one after its last. The
score is in nats per event: those of its chord token and of its duration token together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from generator.families.next_chord.network import NextChordConfig, NextChordNetwork
from generator.families.next_chord.next_chord import NextChord
from generator.families.next_chord.vocabulary import UNKNOWN, ChordVocabulary, TokenArray
from generator.music.grid.chorale import Chorale
from generator.training.gradient_trainer import GradientTrainer
from generator.training.trainer import Scores

CHORD_WEIGHT, DURATION_WEIGHT = 2.0, 1.0
NOTHING = -100
"""A target that no loss counts."""
CHUNK = 64  # windows that are validated at once


@dataclass(frozen=True)
class ChordWindows:
    """Windows of events: inputs and targets, each int64 (2, B, N), chords and durations."""

    inputs: Tensor
    targets: Tensor

    def to(self, device: torch.device) -> ChordWindows:
        return ChordWindows(self.inputs.to(device), self.targets.to(device))


class NextChordTrainer(GradientTrainer[NextChordNetwork, ChordWindows]):
    """Cross-entropy of the next chord and the next duration, 2 to 1."""

    tables = ("network", "vocabulary")

    def setup(self) -> None:
        self.least = self.config["vocabulary"]["least"]
        if unknown := self.config["vocabulary"].keys() - {"least"}:
            raise ValueError(f"vocabulary.{min(unknown)}; [vocabulary] has least alone")
        if type(self.least) is not int or self.least < 1:
            raise ValueError(f"least = {self.least!r}; use a whole number, 1 or more")
        vocabulary = ChordVocabulary.counted(self.train_chorales, least=self.least)
        self.vocabulary = vocabulary
        self.sizes = NextChordConfig(
            len(vocabulary.chords), len(vocabulary.durations), **self.config["network"]
        )

    def network(self) -> NextChordNetwork:
        return NextChordNetwork(self.sizes, self.vocabulary)

    def batch(self, rng: np.random.Generator) -> ChordWindows:
        lengths = np.array([tokens.shape[1] - 1 for tokens in self._encoded], dtype=np.float64)
        picks = rng.choice(len(lengths), size=self.loop_config.batch, p=lengths / lengths.sum())
        window, cut = self.sizes.window, []
        for pick in picks:
            tokens = self._encoded[int(pick)]
            start = int(rng.integers(0, max(0, tokens.shape[1] - 1 - window) + 1))
            cut.append(tokens[:, start : start + window + 1])
        return windows_of(cut, window).to(self.device)

    def loss(self, network: NextChordNetwork, batch: ChordWindows, step: int) -> Tensor:
        chord, duration = nats_of(*predicted(network, batch)).mean(dim=1)
        loss: Tensor = CHORD_WEIGHT * chord + DURATION_WEIGHT * duration
        return loss

    def validate(self, network: NextChordNetwork) -> Scores:
        known = self.train_chorales[: len(self.valid_chorales)]
        scores = self.scores_on(self.valid_chorales, network)
        return {**scores, "train": self.scores_on(known, network)["score"]}

    def scores_on(self, chorales: Sequence[Chorale], network: NextChordNetwork) -> Scores:
        """As `score`, of any works."""
        return score(network, chorales)

    def composer(self, members: Sequence[NextChordNetwork]) -> NextChord:
        return NextChord.cross_fitted([NextChord(network) for network in members])

    @cached_property
    def _encoded(self) -> list[TokenArray]:
        return [self.vocabulary.encoded(chorale) for chorale in self.train_chorales]


def windows_of(cut: Sequence[TokenArray], window: int) -> ChordWindows:
    """Stretches of at most `window` + 1 events, padded at their ends."""
    inputs = np.zeros((2, len(cut), window), dtype=np.int64)
    targets = np.full_like(inputs, NOTHING)
    for row, tokens in enumerate(cut):
        count = tokens.shape[1] - 1
        inputs[:, row, :count] = tokens[:, :-1]
        targets[:, row, :count] = tokens[:, 1:]
    return ChordWindows(torch.from_numpy(inputs), torch.from_numpy(targets))


def predicted(network: NextChordNetwork, windows: ChordWindows) -> tuple[list[Tensor], Tensor]:
    """Logits of the chords and of the durations to come, and their tokens, int64 (2, events)."""
    counted = windows.targets[0] != NOTHING
    return [each[counted] for each in network(*windows.inputs)], windows.targets[:, counted]


def nats_of(logits: list[Tensor], targets: Tensor) -> Tensor:
    """(2, events): what each chord and each duration costs."""
    return torch.stack(
        [
            cross_entropy(each, target, reduction="none")
            for each, target in zip(logits, targets, strict=True)
        ]
    )


def held_out_windows(
    vocabulary: ChordVocabulary, chorales: Sequence[Chorale], window: int
) -> ChordWindows:
    """All events once, each after at least half a window of others where there are so many."""
    half, cut, skipped = max(1, window // 2), [], []
    for chorale in chorales:
        tokens = vocabulary.encoded(chorale)
        for start in range(0, max(1, tokens.shape[1] - 1 - (window - half)), half):
            cut.append(tokens[:, start : start + window + 1])
            skipped.append(window - half if start else 0)
    windows = windows_of(cut, window)
    for row, count in enumerate(skipped):
        windows.targets[:, row, :count] = NOTHING
    return windows


@torch.inference_mode()
def score(network: NextChordNetwork, chorales: Sequence[Chorale]) -> Scores:
    """Nats per event, and how often the most probable token is Bach's.

    A chord without a token of its own costs what `UNKNOWN` costs, and is never counted as right.
    """
    windows = held_out_windows(network.vocabulary, chorales, network.config.window)
    device = next(network.parameters()).device
    nats: list[Tensor] = []
    right: list[Tensor] = []
    for start in range(0, windows.inputs.shape[1], CHUNK):
        rows = slice(start, start + CHUNK)
        part = ChordWindows(windows.inputs[:, rows], windows.targets[:, rows]).to(device)
        logits, targets = predicted(network, part)
        nats.append(nats_of(logits, targets))
        best = torch.stack([each.argmax(-1) for each in logits])
        right.append((best == targets) & (targets != UNKNOWN))
    chord, duration = torch.cat(nats, dim=1).double().mean(dim=1).tolist()
    right_chord, right_duration = torch.cat(right, dim=1).double().mean(dim=1).tolist()
    unknown = windows.targets[0][windows.targets[0] != NOTHING] == UNKNOWN
    return {
        "score": chord + duration,
        "chord": chord,
        "duration": duration,
        "right_chord": right_chord,
        "right_duration": right_duration,
        "unknown": float(unknown.double().mean()),
    }
