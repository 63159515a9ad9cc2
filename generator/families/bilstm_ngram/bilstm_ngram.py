"""bilstm_ngram: the beginnings of a few integer notes predict the next, after MuseGen.

An embedding, a bidirectional LSTM over the last notes, and a dense layer over the symbols. A row is
A,B / A,B,C / ..., filled up from the left, and its last note is the target. Padding is packed away:
the LSTM reads only notes. The likeliest note is taken, as published, after an opening that is
drawn, since otherwise all pieces in a frame would be the same; or all notes are drawn.

References
----------
B. Feng, MuseGen (github.com/thebowenfeng/MuseGen).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence

from generator.families.note_tokens.note_family import (
    ANY_NUMBERS,
    NoteFamily,
    NoteNetwork,
    checked_sizes,
    few_notes,
)
from generator.families.note_tokens.notes import FIRST, PAD
from generator.families.note_tokens.writing import SymbolChoice
from generator.families.settings import Setting, Values

LIMITS = {"embedding": 1024, "units": 1024, "length": 200}
AT_ONCE = 512  # rows of a piece that is only read


@dataclass(frozen=True)
class BilstmNgramConfig:
    """Sizes of the network; they travel inside the checkpoint."""

    embedding: int = 100
    units: int = 150
    """Of each direction."""
    length: int = 20
    """Notes of a row with its target; the network sees one less."""

    def __post_init__(self) -> None:
        checked_sizes(self, LIMITS)
        if self.length < 2:
            raise ValueError(f"length {self.length}; a row needs a note and its target")


class BilstmNgramNetwork(NoteNetwork):
    """Embedding, bidirectional LSTM, dense; nothing but symbols can be predicted."""

    def __init__(self, config: BilstmNgramConfig, rows: NDArray[np.int16]) -> None:
        super().__init__(rows)
        self.length = config.length
        self.embedding = nn.Embedding(FIRST + len(rows), config.embedding, padding_idx=PAD)
        self.lstm = nn.LSTM(config.embedding, config.units, batch_first=True, bidirectional=True)
        self.dense = nn.Linear(2 * config.units, len(rows))

    def forward(self, rows: Tensor) -> Tensor:
        """Logits (B, N) of what follows the rows (B, L), which are padded on the left."""
        lengths = (rows != PAD).sum(1)
        # Packed rows begin with their notes.
        columns = (torch.arange(rows.shape[1], device=rows.device) - lengths[:, None]) % rows.shape[
            1
        ]
        embedded = self.embedding(rows.gather(1, columns))
        packed = pack_padded_sequence(
            embedded, lengths.cpu(), batch_first=True, enforce_sorted=False
        )
        _, (states, _) = self.lstm(packed)
        logits: Tensor = self.dense(torch.cat([states[0], states[1]], dim=-1))
        return logits

    def after_each(self, numbers: Tensor) -> Tensor:
        rows = windows(numbers, self.length - 1)
        return torch.cat([self(part) for part in torch.split(rows, AT_ONCE)])

    def reader(self) -> WindowReader:
        return WindowReader(self)


class WindowReader:
    """The network and the last notes, which it reads anew for each that follows."""

    def __init__(self, network: BilstmNgramNetwork) -> None:
        self.network = network
        self.window: list[int] = []

    def read(self, number: int) -> NDArray[np.float32]:
        network = self.network
        self.window = [*self.window, number][1 - network.length :]
        # One row without padding needs no packing.
        _, (states, _) = network.lstm(network.embedding(torch.tensor([self.window])))
        logits: NDArray[np.float32] = network.dense(states.flatten()).numpy()
        return logits


def windows(numbers: Tensor, size: int) -> Tensor:
    """(n, size): for each of the numbers, it and those before it, padded on the left.

    Examples
    --------
    >>> windows(torch.tensor([5, 6, 7]), 2).tolist()
    [[0, 5], [5, 6], [6, 7]]
    """
    return nn.functional.pad(numbers, (size - 1, 0), value=PAD).unfold(0, size, 1)


class BilstmNgram(NoteFamily):
    """The bidirectional LSTM as a composer."""

    name = "bilstm_ngram"
    Config = BilstmNgramConfig
    settings = {
        "argmax": Setting(1, 0, 1, "1: the likeliest note, as published; 0: notes are drawn"),
        "opening": Setting(8, 1, 400, "notes that are drawn first, before the likeliest"),
        "temperature": Setting(1.0, 0.01, 100.0, "how freely notes are drawn"),
    }

    def choice(self, seed: int, settings: Values) -> SymbolChoice:
        return SymbolChoice(
            seed,
            settings["temperature"],
            argmax=bool(settings["argmax"]),
            opening=int(settings["opening"]),
        )

    @classmethod
    def made(cls, config: BilstmNgramConfig, rows: NDArray[np.int16]) -> BilstmNgramNetwork:
        return BilstmNgramNetwork(config, rows)

    @classmethod
    def weight_shapes(cls, config: BilstmNgramConfig) -> dict[str, tuple[int, ...]]:
        gates = 4 * config.units
        directions = {
            f"lstm.{name}_l0{suffix}": shape
            for suffix in ("", "_reverse")
            for name, shape in (
                ("weight_ih", (gates, config.embedding)),
                ("weight_hh", (gates, config.units)),
                ("bias_ih", (gates,)),
                ("bias_hh", (gates,)),
            )
        }
        return {
            "embedding.weight": (ANY_NUMBERS, config.embedding),
            **directions,
            "dense.weight": (ANY_NUMBERS, 2 * config.units),
            "dense.bias": (ANY_NUMBERS,),
        }

    @classmethod
    def debug(cls) -> Self:
        rows = few_notes()
        config = BilstmNgramConfig(embedding=4, units=4, length=6)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            network: Any = cls.made(config, rows)
        return cls(network, config)
