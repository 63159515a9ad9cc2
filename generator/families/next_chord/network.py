"""The network: two embeddings, two LSTM layers, attention over the states, two heads.

Legend: B windows, N events of a window, U units, A attention units.

References
----------
D. Bahdanau, K. Cho, Y. Bengio 2015, "Neural machine translation by jointly learning to align and
translate" (additive attention).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from generator.families.next_chord.vocabulary import FIRST, ChordVocabulary

MAX_SIZE = 8192
WIDTHS = ("chord_embedding", "duration_embedding", "units", "attention")
SIZES = ("chords", "durations", "window", *WIDTHS)


@dataclass(frozen=True)
class NextChordConfig:
    """Sizes of the network; they travel inside the checkpoint."""

    chords: int
    """Chords that have a token of their own."""
    durations: int
    """Durations that have a token of their own."""
    window: int = 40
    """Events that predict the next."""
    chord_embedding: int = 128
    duration_embedding: int = 64
    units: int = 300
    """Of each of the two LSTM layers."""
    attention: int = 100
    """Units of the attention; 0: none, the heads read the last state alone."""
    dropout: float = 0.4

    def __post_init__(self) -> None:
        for name in SIZES:
            value, least = getattr(self, name), 0 if name == "attention" else 1
            if type(value) is not int or not least <= value <= MAX_SIZE:
                raise ValueError(f"{name} {value!r}; use a whole number, {least} to {MAX_SIZE}")
        if not isinstance(self.dropout, (int, float)) or not 0 <= self.dropout < 1:
            raise ValueError(f"dropout {self.dropout!r}; use a number from 0 to below 1")


class ChordAttention(nn.Module):
    """Additive attention: each state asks the states of the window up to its own."""

    def __init__(self, units: int, size: int) -> None:
        super().__init__()
        self.keys = nn.Linear(units, size, bias=False)
        self.query = nn.Linear(units, size)
        self.score = nn.Linear(size, 1, bias=False)
        self.merge = nn.Linear(units, units)

    def forward(self, states: Tensor, asking: Tensor) -> Tensor:
        """States (B, N, U) and those that ask, (B, M, U), which are the last M of them.

        What is found is added to the state that asks.
        """
        found: Tensor = self.merge(self.weights(states, asking) @ states)
        return asking + found

    def weights(self, states: Tensor, asking: Tensor) -> Tensor:
        """(B, M, N), 0 for the states that come later than the one that asks."""
        known = states.shape[1]
        together = self.keys(states)[:, None] + self.query(asking)[:, :, None]
        scores: Tensor = self.score(torch.tanh(together))[..., 0]
        place = torch.arange(known - asking.shape[1], known, device=states.device)
        later = torch.arange(known, device=states.device) > place[:, None]
        return scores.masked_fill(later, -torch.inf).softmax(dim=-1)


class NextChordNetwork(nn.Module):
    """From the tokens of a window to the logits of what comes next."""

    def __init__(self, config: NextChordConfig, vocabulary: ChordVocabulary) -> None:
        super().__init__()
        self.config, self.vocabulary = config, vocabulary
        chords, durations = FIRST + config.chords, FIRST + config.durations
        self.chord_embedding = nn.Embedding(chords, config.chord_embedding)
        self.duration_embedding = nn.Embedding(durations, config.duration_embedding)
        inputs = config.chord_embedding + config.duration_embedding
        self.first = nn.LSTM(inputs, config.units, batch_first=True)
        self.second = nn.LSTM(config.units, config.units, batch_first=True)
        self.dropout = nn.Dropout(config.dropout)
        if config.attention:
            self.attention = ChordAttention(config.units, config.attention)
        self.chord_head = nn.Linear(config.units, chords)
        self.duration_head = nn.Linear(config.units, durations)

    def forward(self, chords: Tensor, durations: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (B, N, tokens) of the chord and the duration after each event.

        Parameters
        ----------
        chords, durations : int64 (B, N)
            Tokens.
        """
        states = self._states(chords, durations)
        return self._logits(states, states)

    def after(self, chords: Tensor, durations: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (B, tokens) of the chord and the duration after the last event."""
        states = self._states(chords, durations)
        chord, duration = self._logits(states, states[:, -1:])
        return chord[:, 0], duration[:, 0]

    def _states(self, chords: Tensor, durations: Tensor) -> Tensor:
        embedded = torch.cat(
            [self.chord_embedding(chords), self.duration_embedding(durations)], dim=-1
        )
        lower, _ = self.first(embedded)
        upper, _ = self.second(self.dropout(lower))
        states: Tensor = self.dropout(upper)
        return states

    def _logits(self, states: Tensor, asking: Tensor) -> tuple[Tensor, Tensor]:
        read = self.attention(states, asking) if self.config.attention else asking
        return self.chord_head(read), self.duration_head(read)
