"""The network of char_rnn one character at a time, in NumPy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from generator.families.tensor_forms import Tensors

FloatArray = NDArray[np.float32]


class CharCell:
    """The weights of a stack of LSTM layers, made ready for steps of one character.

    Sigmoids are written as tanh: ``sigmoid(x) = (1 + tanh(x / 2)) / 2``. The halves are in the
    weights already, so that each layer needs one tanh for all of its gates.

    Parameters
    ----------
    layers : int
    tensors : dict
        ``lstm.*`` and ``head.*`` with the names and shapes of ``torch.nn.LSTM``; gates are in the
        order input, forget, cell, output.
    """

    def __init__(self, layers: int, tensors: Tensors) -> None:
        self.layers = layers
        self.units = tensors["lstm.weight_hh_l0"].shape[1]
        half = np.full((4 * self.units, 1), 0.5, dtype=np.float32)
        half[2 * self.units : 3 * self.units] = 1
        self._half = half[:, 0]

        def part(name: str) -> FloatArray:
            return tensors[f"lstm.{name}"].astype(np.float32)

        biases = [
            (part(f"bias_ih_l{layer}") + part(f"bias_hh_l{layer}")) * self._half
            for layer in range(layers)
        ]
        # A one-hot character picks a column of the first weights.
        self._inputs = np.ascontiguousarray((part("weight_ih_l0") * half).T) + biases[0]
        self._weights = [np.ascontiguousarray(part("weight_hh_l0") * half)]
        for layer in range(1, layers):
            both = [part(f"weight_ih_l{layer}"), part(f"weight_hh_l{layer}")]
            self._weights.append(np.ascontiguousarray(np.concatenate(both, axis=1) * half))
        self._biases = biases
        self._head = tensors["head.weight"].astype(np.float32)
        self._head_bias = tensors["head.bias"].astype(np.float32)

    def begin(self) -> CharState:
        """The state before the first character."""
        return CharState(self)


class CharState:
    """What the network remembers of a text."""

    def __init__(self, cell: CharCell) -> None:
        self._cell = cell
        self._hidden = np.zeros((cell.layers, cell.units), dtype=np.float32)
        self._memory = np.zeros((cell.layers, cell.units), dtype=np.float32)

    def feed(self, code: int) -> None:
        """Read a character."""
        cell, hidden = self._cell, self._hidden
        self._layer(0, cell._inputs[code] + cell._weights[0] @ hidden[0])
        for layer in range(1, cell.layers):
            below_and_own = hidden[layer - 1 : layer + 1].reshape(-1)
            self._layer(layer, cell._weights[layer] @ below_and_own + cell._biases[layer])

    def logits(self) -> FloatArray:
        """float32[SIZE]: log-odds of the next character, up to a constant."""
        cell = self._cell
        odds: FloatArray = cell._head @ self._hidden[-1] + cell._head_bias
        return odds

    def _layer(self, layer: int, gates: FloatArray) -> None:
        units = self._cell.units
        squashed = np.tanh(gates, out=gates)
        sigmoids = squashed * 0.5 + 0.5
        memory = self._memory[layer]
        memory *= sigmoids[units : 2 * units]
        memory += sigmoids[:units] * squashed[2 * units : 3 * units]
        np.multiply(sigmoids[3 * units :], np.tanh(memory), out=self._hidden[layer])
