"""The network that is trained: LSTM layers over one-hot characters."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from generator.families.char_rnn.char_rnn import CHARACTER_CODES, CharRnnConfig
from generator.families.char_rnn.texts import SIZE

INIT = 0.08
FORGET_BIAS = 1.0


class CharNetwork(nn.Module):
    """Predicts the next character of a text.

    The weights begin uniform within 0.08, the biases of the forget gates at 1, as published.
    """

    def __init__(self, config: CharRnnConfig, dropout: float = 0.0) -> None:
        super().__init__()
        self.config = config
        self.dropout = nn.Dropout(dropout)
        self.lstm = nn.LSTM(
            SIZE,
            config.units,
            config.layers,
            batch_first=True,
            dropout=dropout if config.layers > 1 else 0.0,
        )
        self.head = nn.Linear(config.units, SIZE)
        self.register_buffer(
            "characters", torch.tensor(CHARACTER_CODES.tolist(), dtype=torch.int16)
        )
        for name, parameter in self.named_parameters():
            nn.init.uniform_(parameter, -INIT, INIT)
            if ".bias_ih" in name:  # gates in the order input, forget, cell, output
                with torch.no_grad():
                    parameter[config.units : 2 * config.units] = FORGET_BIAS

    def forward(self, codes: Tensor) -> Tensor:
        """Log-odds of the next character: [B, L, SIZE] for characters [B, L]."""
        hidden, _ = self.lstm(F.one_hot(codes, SIZE).to(torch.float32))
        logits: Tensor = self.head(self.dropout(hidden))
        return logits


@dataclass(frozen=True)
class TextBatch:
    """Crops of texts, each a row of characters; the next character is the target."""

    codes: Tensor
    """int64[B, L + 1]"""
    weights: Tensor
    """float32[B, L + 1]: how much each character counts as a target; those of tags do not."""

    def losses(self, network: CharNetwork) -> tuple[Tensor, Tensor]:
        """Mean nats of a target, and the share of targets that were the most probable character."""
        logits, targets, weights = (
            network(self.codes[:, :-1]),
            self.codes[:, 1:],
            self.weights[:, 1:],
        )
        nats = F.cross_entropy(logits.transpose(1, 2), targets, reduction="none")
        right = (logits.argmax(-1) == targets).to(torch.float32)
        return (nats * weights).sum() / weights.sum(), (right * weights).sum() / weights.sum()
