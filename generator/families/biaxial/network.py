"""The network in PyTorch, as it is trained. `sampling` computes the same in NumPy and Numba.

Along time: two LSTM layers with the same weights for every key. Along notes: one LSTM layer from
the lowest key to the highest, with the same weights for every step, which also sees what was chosen
on the key below. Two outputs for each key: whether it sounds, and if so, whether a note begins.

Legend: B batch, T steps, N keys, H width along time, K width along notes.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from generator.families.biaxial.forms import BiaxialConfig
from generator.families.biaxial.piano_roll import INPUTS, PLAYS

GAIN = 3.0
"""How much larger than PyTorch's the first weights of inputs are.

Three layers of small weights hide the keys from the output, and learning would stand still for its
first hundred steps.
"""


class BiaxialLayer(nn.Module):
    """An LSTM that learns the state that it begins in, and drops units of what it gives.

    Gates stand in PyTorch's order: input, forget, cell, output.
    """

    def __init__(self, inputs: int, width: int, dropout: float) -> None:
        super().__init__()
        self.lstm = nn.LSTM(inputs, width)
        self.hidden = nn.Parameter(torch.zeros(width))
        self.cell = nn.Parameter(torch.zeros(width))
        self.dropout = dropout
        with torch.no_grad():
            self.lstm.get_parameter("weight_ih_l0").mul_(GAIN)
            remembering = self.lstm.get_parameter("bias_ih_l0")[width : 2 * width]
            remembering.fill_(1)  # of the gate that keeps what is in the cell

    def forward(self, x: Tensor) -> Tensor:
        """(length, sequences, inputs) to (length, sequences, width)."""
        sequences = x.shape[1]
        begin = (each.expand(1, sequences, -1).contiguous() for each in (self.hidden, self.cell))
        states: Tensor = self.lstm(x, tuple(begin))[0]
        # A unit is dropped from a whole sequence, not from step to step.
        mask = functional.dropout(states.new_ones(states.shape[1:]), self.dropout, self.training)
        return states * mask


class BiaxialNetwork(nn.Module):
    """Log-odds of both outputs of every key at every step."""

    def __init__(self, config: BiaxialConfig) -> None:
        super().__init__()
        self.config = config
        self.time = nn.ModuleList(
            [
                BiaxialLayer(INPUTS, config.time_width, config.dropout),
                BiaxialLayer(config.time_width, config.time_width, config.dropout),
            ]
        )
        # Besides what the key gives, both outputs that were chosen on the key below.
        self.notes = BiaxialLayer(config.time_width + 2, config.note_width, config.dropout)
        self.output = nn.Linear(config.note_width, 2)

    def forward(self, inputs: Tensor, roll: Tensor) -> Tensor:
        """Log-odds (B, T, N, 2).

        Parameters
        ----------
        inputs : (B, T, N, 79)
        roll : (B, T, N, 2), 0 or 1
            What is to be predicted; a key sees of its own step only the keys below it.
        """
        size, steps, keys, _ = inputs.shape
        x = inputs.transpose(0, 1).reshape(steps, size * keys, INPUTS)
        for layer in self.time:
            x = layer(x)
        x = x.view(steps, size, keys, -1).permute(2, 1, 0, 3).reshape(keys, size * steps, -1)
        below = torch.zeros_like(roll)
        below[:, :, 1:] = roll[:, :, :-1]
        below = below.permute(2, 0, 1, 3).reshape(keys, size * steps, 2)
        odds: Tensor = self.output(self.notes(torch.cat([x, below], dim=-1)))
        return odds.view(keys, size, steps, 2).permute(1, 2, 0, 3)


def nats_of_steps(odds: Tensor, roll: Tensor) -> Tensor:
    """How improbable each step of a roll is, (B, T), in nats: the sum over its keys.

    That a note begins counts only where the key sounds.

    Parameters
    ----------
    odds, roll : (B, T, N, 2)
    """
    nats = functional.binary_cross_entropy_with_logits(odds, roll, reduction="none")
    plays = roll[..., PLAYS]
    return (nats[..., 0] + plays * nats[..., 1]).sum(-1)
