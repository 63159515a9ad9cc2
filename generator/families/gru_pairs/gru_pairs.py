"""gru_pairs: integer notes, each mapped to its successor by a GRU, after MuseGen.

An embedding, a GRU whose state is carried from note to note, and a dense layer over the symbols.
The note is drawn at a temperature. `generator/families/note_tokens` has the notes, and how a piece
is written around what is given.

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

LIMITS = {"embedding": 1024, "units": 2048, "length": 1000}


@dataclass(frozen=True)
class GruPairsConfig:
    """Sizes of the network; they travel inside the checkpoint."""

    embedding: int = 100
    units: int = 512
    length: int = 40
    """Notes of a training sequence; nothing else depends on it."""

    def __post_init__(self) -> None:
        checked_sizes(self, LIMITS)


class GruPairsNetwork(NoteNetwork):
    """Embedding, GRU, dense; nothing but symbols can be predicted."""

    def __init__(self, config: GruPairsConfig, rows: NDArray[np.int16]) -> None:
        super().__init__(rows)
        self.embedding = nn.Embedding(FIRST + len(rows), config.embedding, padding_idx=PAD)
        self.gru = nn.GRU(config.embedding, config.units, batch_first=True)
        self.dense = nn.Linear(config.units, len(rows))

    def forward(self, numbers: Tensor) -> Tensor:
        """Logits (B, L, N) of each note's successor; a row begins without any state."""
        states, _ = self.gru(self.embedding(numbers))
        logits: Tensor = self.dense(states)
        return logits

    def after_each(self, numbers: Tensor) -> Tensor:
        return self(numbers[None])[0]  # type: ignore[no-any-return]

    def reader(self) -> GruReader:
        return GruReader(self)


class GruReader:
    """The network and its state after the notes so far."""

    def __init__(self, network: GruPairsNetwork) -> None:
        self.network = network
        self.state: Tensor | None = None

    def read(self, number: int) -> NDArray[np.float32]:
        network = self.network
        embedded = network.embedding(torch.tensor([[number]]))
        output, self.state = network.gru(embedded, self.state)
        logits: NDArray[np.float32] = network.dense(output[0, 0]).numpy()
        return logits


class GruPairs(NoteFamily):
    """The GRU as a composer."""

    name = "gru_pairs"
    Config = GruPairsConfig
    settings = {"temperature": Setting(1.0, 0.01, 100.0, "how freely notes are drawn")}

    def choice(self, seed: int, settings: Values) -> SymbolChoice:
        return SymbolChoice(seed, settings["temperature"])

    @classmethod
    def made(cls, config: GruPairsConfig, rows: NDArray[np.int16]) -> GruPairsNetwork:
        return GruPairsNetwork(config, rows)

    @classmethod
    def weight_shapes(cls, config: GruPairsConfig) -> dict[str, tuple[int, ...]]:
        gates = 3 * config.units
        return {
            "embedding.weight": (ANY_NUMBERS, config.embedding),
            "gru.weight_ih_l0": (gates, config.embedding),
            "gru.weight_hh_l0": (gates, config.units),
            "gru.bias_ih_l0": (gates,),
            "gru.bias_hh_l0": (gates,),
            "dense.weight": (ANY_NUMBERS, config.units),
            "dense.bias": (ANY_NUMBERS,),
        }

    @classmethod
    def debug(cls) -> Self:
        rows = few_notes()
        config = GruPairsConfig(embedding=4, units=4, length=10)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            network: Any = cls.made(config, rows)
        return cls(network, config)
