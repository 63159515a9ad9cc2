"""Trains the GRU: each note of a chunk is mapped to its successor, without a state at its start."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from generator.families.gru_pairs.gru_pairs import GruPairs, GruPairsConfig, GruPairsNetwork
from generator.families.note_tokens.note_trainer import NoteTrainer, chunks, drawn
from generator.families.note_tokens.notes import FIRST, PAD
from generator.training.trainer import Scores

LEFT_OUT = PAD - FIRST


class GruPairsTrainer(NoteTrainer[GruPairsNetwork]):
    """A step sees `batch` chunks of `length` notes and their successors."""

    def read_network(self, table: dict[str, Any]) -> None:
        self.sizes = GruPairsConfig(length=self.sequences.length, **table)

    def network(self) -> GruPairsNetwork:
        return GruPairsNetwork(self.sizes, self.rows)

    def batch(self, rng: np.random.Generator) -> Tensor:
        return drawn(self._chunks, self.loop_config.batch, rng).to(self.device)

    def loss(self, network: GruPairsNetwork, batch: Tensor, step: int) -> Tensor:
        logits = network(batch[:, :-1])
        targets = batch[:, 1:] - FIRST
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=LEFT_OUT)

    def batch_scores(self, network: GruPairsNetwork) -> Scores:
        return {}

    def composer(self, members: Sequence[GruPairsNetwork]) -> GruPairs:
        return GruPairs.cross_fitted([GruPairs(network, self.sizes) for network in members])

    @cached_property
    def _chunks(self) -> Tensor:
        return chunks(self.train_works, self.sequences.length + 1)
