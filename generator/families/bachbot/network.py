"""BachBot's network: an embedding, three LSTM layers, and a distribution of the next symbol.

`forward` reads whole texts and is what training and scores use. `BachbotReader` reads one symbol of
many texts at a time, as writing needs; it computes the same without what training needs.

Shapes: N texts, L symbols, H hidden, V symbols of the vocabulary.

References
----------
F. Liang 2016, "BachBot: Automatic composition in the style of Bach chorales", MPhil thesis,
University of Cambridge; F. Liang, M. Gotham, M. Johnson, J. Shotton 2017, ISMIR.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from generator.families.bachbot.tokens import HIGHEST, LOWEST, BachbotVocabulary

MOST = {"embedding": 1024, "hidden": 1024, "layers": 8}
State = list[tuple[Tensor, Tensor]]
"""Output and cell of each layer, each (N, H)."""


@dataclass(frozen=True)
class BachbotConfig:
    """Sizes of the network and pitches of its vocabulary; they travel inside the checkpoint."""

    embedding: int = 32
    hidden: int = 256
    layers: int = 3
    dropout: float = 0.3
    lowest: int = LOWEST
    """The lowest pitch of a symbol, in the common key."""
    highest: int = HIGHEST

    def __post_init__(self) -> None:
        for name, most in MOST.items():
            value = getattr(self, name)
            if type(value) is not int or not 1 <= value <= most:
                raise ValueError(f"{name} {value!r}; use a whole number from 1 to {most}")
        if type(self.dropout) not in (int, float) or not 0 <= self.dropout < 1:
            raise ValueError(f"dropout {self.dropout!r}; use a number from 0 to below 1")
        if type(self.lowest) is not int or not 0 <= self.lowest <= LOWEST:
            raise ValueError(
                f"lowest {self.lowest!r}; a vocabulary that all voices can write with begins with "
                f"a pitch from 0 to {LOWEST}"
            )
        if type(self.highest) is not int or not HIGHEST <= self.highest <= 127:
            raise ValueError(
                f"highest {self.highest!r}; a vocabulary that all voices can write with ends with "
                f"a pitch from {HIGHEST} to 127"
            )

    @property
    def vocabulary(self) -> BachbotVocabulary:
        return BachbotVocabulary(self.lowest, self.highest)


def tensor_shapes(config: BachbotConfig) -> dict[str, tuple[int, ...]]:
    """The shapes of all weights by name, without making any."""
    size, hidden = config.vocabulary.size, config.hidden
    shapes: dict[str, tuple[int, ...]] = {"embedding.weight": (size, config.embedding)}
    for layer in range(config.layers):
        inputs = hidden if layer else config.embedding
        shapes[f"lstms.{layer}.weight_ih_l0"] = (4 * hidden, inputs)
        shapes[f"lstms.{layer}.weight_hh_l0"] = (4 * hidden, hidden)
        shapes[f"lstms.{layer}.bias_ih_l0"] = (4 * hidden,)
        shapes[f"lstms.{layer}.bias_hh_l0"] = (4 * hidden,)
        shapes[f"norms.{layer}.weight"] = shapes[f"norms.{layer}.bias"] = (hidden,)
    return {**shapes, "head.weight": (size, hidden), "head.bias": (size,)}


class BachbotNetwork(nn.Module):
    """Each layer is an LSTM, a layer normalisation and dropout."""

    def __init__(self, config: BachbotConfig) -> None:
        super().__init__()
        self.config = config
        hidden, size = config.hidden, config.vocabulary.size
        self.embedding = nn.Embedding(size, config.embedding)
        self.lstms = nn.ModuleList(
            nn.LSTM(hidden if layer else config.embedding, hidden, batch_first=True)
            for layer in range(config.layers)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(hidden) for _ in range(config.layers))
        self.head = nn.Linear(hidden, size)
        with torch.no_grad():  # gates that forget begin open
            for name, weight in self.lstms.named_parameters():
                if name.endswith("bias_ih_l0"):
                    weight[hidden : 2 * hidden] = 1.0

    def forward(self, symbols: Tensor) -> Tensor:
        """Logits of the symbol after each.

        Parameters
        ----------
        symbols : int64 (N, L)

        Returns
        -------
        float32 (N, L, V)
        """
        values = self.embedding(symbols)
        for lstm, norm in zip(self.lstms, self.norms, strict=True):
            values = F.dropout(norm(lstm(values)[0]), self.config.dropout, self.training)
        logits: Tensor = self.head(values)
        return logits


class BachbotReader:
    """Reads texts symbol by symbol, without gradients.

    The first layer's share of a symbol is a row of a table, and a layer's two products are one.
    """

    def __init__(self, network: BachbotNetwork) -> None:
        weights = network.state_dict()
        self.hidden = network.config.hidden
        self.layers = network.config.layers
        inputs = [weights[f"lstms.{layer}.weight_ih_l0"] for layer in range(self.layers)]
        outputs = [weights[f"lstms.{layer}.weight_hh_l0"] for layer in range(self.layers)]
        self.biases = [
            weights[f"lstms.{layer}.bias_ih_l0"] + weights[f"lstms.{layer}.bias_hh_l0"]
            for layer in range(self.layers)
        ]
        self.norms = [
            (weights[f"norms.{layer}.weight"].clone(), weights[f"norms.{layer}.bias"].clone())
            for layer in range(self.layers)
        ]
        # (V, 4 H), then (H, 4 H) of the first layer and (2 H, 4 H) of the others.
        self.table = weights["embedding.weight"] @ inputs[0].T + self.biases[0]
        self.weights = [outputs[0].T.contiguous()] + [
            torch.cat([above, own], 1).T.contiguous()
            for above, own in zip(inputs[1:], outputs[1:], strict=True)
        ]
        self.head = weights["head.weight"].T.contiguous(), weights["head.bias"].clone()

    def begin(self, texts: int) -> State:
        """The state before the first symbol."""
        nothing = torch.zeros(texts, self.hidden)
        return [(nothing, nothing)] * self.layers

    def read(self, symbols: Tensor, state: State) -> tuple[Tensor, State]:
        """One more symbol of each text.

        Parameters
        ----------
        symbols : int64 (N,)
        state : of each layer, (N, H) twice

        Returns
        -------
        float32 (N, H)
            What `logits` takes.
        State
        """
        output, cell = state[0]
        output, cell = self._cell(torch.addmm(self.table[symbols], output, self.weights[0]), cell)
        following = [(output, cell)]
        values = self._normed(output, 0)
        for layer in range(1, self.layers):
            output, cell = state[layer]
            gates = torch.addmm(
                self.biases[layer], torch.cat([values, output], 1), self.weights[layer]
            )
            output, cell = self._cell(gates, cell)
            following.append((output, cell))
            values = self._normed(output, layer)
        return values, following

    def logits(self, values: Tensor) -> Tensor:
        """float32 (N, V): of the next symbol."""
        weight, bias = self.head
        return torch.addmm(bias, values, weight)

    def _cell(self, gates: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
        hidden = self.hidden
        opened = torch.sigmoid(gates)
        new = torch.tanh(gates[:, 2 * hidden : 3 * hidden])
        cell = torch.addcmul(
            opened[:, hidden : 2 * hidden] * cell, opened[:, :hidden], new
        )  # input, forget, new, output
        return opened[:, 3 * hidden :] * torch.tanh(cell), cell

    def _normed(self, values: Tensor, layer: int) -> Tensor:
        weight, bias = self.norms[layer]
        return F.layer_norm(values, (self.hidden,), weight, bias)
