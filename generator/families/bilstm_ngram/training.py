"""Trains the bidirectional LSTM on the beginnings of chunks: A,B / A,B,C / ..."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from generator.families.bilstm_ngram.bilstm_ngram import (
    AT_ONCE,
    BilstmNgram,
    BilstmNgramConfig,
    BilstmNgramNetwork,
    windows,
)
from generator.families.note_tokens.note_trainer import NoteTrainer, chunks, drawn
from generator.families.note_tokens.notes import FIRST, PAD
from generator.training.trainer import Scores


class BilstmNgramTrainer(NoteTrainer[BilstmNgramNetwork]):
    """A step sees `batch` rows."""

    def read_network(self, table: dict[str, Any]) -> None:
        self.sizes = BilstmNgramConfig(length=self.sequences.length, **table)

    def network(self) -> BilstmNgramNetwork:
        return BilstmNgramNetwork(self.sizes, self.rows)

    def batch(self, rng: np.random.Generator) -> Tensor:
        return drawn(self._rows, self.loop_config.batch, rng).to(self.device)

    def loss(self, network: BilstmNgramNetwork, batch: Tensor, step: int) -> Tensor:
        return F.cross_entropy(network(batch[:, :-1]), batch[:, -1] - FIRST)

    def batch_scores(self, network: BilstmNgramNetwork) -> Scores:
        """Accuracy on the rows of held-out works, without padding and with.

        `rows_right` is the share of targets that are right. `rows_right_with_padding` counts each
        place of padding as an answer that is right, as a program does that masks nothing.
        """
        return row_accuracies(network, self._held_out_rows.to(self.device))

    def composer(self, members: Sequence[BilstmNgramNetwork]) -> BilstmNgram:
        return BilstmNgram.cross_fitted([BilstmNgram(network, self.sizes) for network in members])

    @cached_property
    def _rows(self) -> Tensor:
        return beginnings(chunks(self.train_works, self.sequences.length))

    @cached_property
    def _held_out_rows(self) -> Tensor:
        return beginnings(chunks(self.held_out_works, self.sequences.length))


def beginnings(rows: Tensor) -> Tensor:
    """(n, L): all beginnings of two notes and more of the chunks (chunks, L), padded on the left.

    Examples
    --------
    >>> beginnings(torch.tensor([[5, 6, 7], [8, 9, 0]])).tolist()
    [[0, 5, 6], [5, 6, 7], [0, 8, 9]]
    """
    filled = [windows(row[row != PAD], rows.shape[1])[1:] for row in rows]
    return torch.cat(filled)


@torch.inference_mode()
def row_accuracies(network: BilstmNgramNetwork, rows: Tensor) -> Scores:
    """The shares of right answers: of targets, and with each place of padding as a right answer."""
    right = 0
    for part in torch.split(rows, AT_ONCE):
        right += int((network(part[:, :-1]).argmax(-1) == part[:, -1] - FIRST).sum())
    padding = int((rows == PAD).sum())
    return {
        "rows_right": right / len(rows),
        "rows_right_with_padding": (right + padding) / (len(rows) + padding),
    }
