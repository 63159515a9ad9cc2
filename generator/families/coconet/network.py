"""Coconet's network: convolutions over the masked piano rolls, dilated and separable.

Legend: B batch, T steps, P pitches, F filters.

References
----------
C.-Z. A. Huang, T. Cooijmans, A. Roberts, A. Courville, D. Eck: Counterpoint by convolution,
ISMIR 2017. https://arxiv.org/abs/1903.07227
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from generator.families.coconet.rolls import CHANNELS, HIGH, LOW, PITCHES, REST_ROW, rolls
from generator.families.network_tensors import check_size

MAX_SIZES = {"filters": 1024, "blocks": 128, "steps": 100_000}
"""Far above any use: a checkpoint from anywhere says how large a network to build."""
DILATIONS = ((1, 1), (2, 2), (4, 4), (8, 1), (16, 2))
"""In time and pitch, of one convolution after the other."""


@dataclass(frozen=True)
class CoconetConfig:
    """Sizes of the network, and how long it writes; travels in the checkpoint."""

    filters: int = 32
    blocks: int = 14
    """Pairs of convolutions with a residual around them."""
    steps: int = 192
    """Gibbs steps of a fill, or one for each written cell if these are fewer."""

    def __post_init__(self) -> None:
        for name, most in MAX_SIZES.items():
            check_size(name, getattr(self, name), most)


class CoconetConvolution(nn.Module):
    """A 3 x 3 convolution in each filter, then one over the filters."""

    def __init__(self, filters: int, dilation: tuple[int, int], gain: float) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(
            filters, filters, 3, padding=dilation, dilation=dilation, groups=filters, bias=False
        )
        self.pointwise = nn.Linear(filters, filters)
        nn.init.normal_(self.depthwise.weight, std=1 / 3)
        nn.init.normal_(self.pointwise.weight, std=gain * (2 / filters) ** 0.5)
        nn.init.zeros_(self.pointwise.bias)

    def forward(self, x: Tensor) -> Tensor:
        # The channels lie together in memory, so this is one product of matrices.
        convolved: Tensor = self.pointwise(self.depthwise(x).permute(0, 2, 3, 1))
        return convolved.permute(0, 3, 1, 2)


class CoconetBlock(nn.Module):
    """Two convolutions, whose result is added to what they were given."""

    def __init__(self, config: CoconetConfig, index: int) -> None:
        super().__init__()
        first, second = (DILATIONS[(2 * index + each) % len(DILATIONS)] for each in (0, 1))
        self.first = CoconetConvolution(config.filters, first, gain=1.0)
        # There is no batch normalisation to keep the sum of all blocks in bounds.
        self.second = CoconetConvolution(config.filters, second, gain=config.blocks**-0.5)

    def forward(self, x: Tensor) -> Tensor:
        inner = self.first(x.relu())
        outcome: Tensor = x + self.second(inner.relu())
        return outcome


class CoconetNetwork(nn.Module):
    """The distribution of every cell, given those that are known."""

    def __init__(self, config: CoconetConfig) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("pitches", torch.tensor([LOW, HIGH], dtype=torch.int16))
        self.first = nn.Conv2d(CHANNELS, config.filters, 3, padding=1)
        self.blocks = nn.ModuleList(CoconetBlock(config, index) for index in range(config.blocks))
        self.last = nn.Conv2d(config.filters, 8, 3, padding=1)
        self.rest = nn.Linear(config.filters, 4)

    def forward(self, rows: Tensor, onset: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of all cells; those of known cells mean nothing.

        Parameters
        ----------
        rows : int64 (B, 4, T)
        onset, known : bool (B, 4, T)

        Returns
        -------
        float32 (B, 4, T, P + 1), float32 (B, 4, T, P)
            Of the pitches and a rest; of whether a note begins, if it has that pitch.
        """
        x = self.first(rolls(rows, onset, known))
        for block in self.blocks:
            x = block(x)
        x = x.relu()
        maps = self.last(x)
        rest = self.rest(x.mean(dim=-1).transpose(1, 2)).transpose(1, 2)
        return torch.cat([maps[:, :4], rest[..., None]], dim=-1), maps[:, 4:]

    def losses(self, rows: Tensor, onset: Tensor, known: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Nats of pitches and of onsets (0 in rests), and whether the likeliest pitch is right.

        Parameters and shapes are those of `forward`; each result is (B, 4, T).
        """
        pitch, begins = self(rows, onset, known)
        nats = nn.functional.cross_entropy(pitch.movedim(-1, 1), rows, reduction="none")
        sounding = rows != REST_ROW
        own = begins.gather(-1, rows.clamp(max=PITCHES - 1)[..., None])[..., 0]
        struck = nn.functional.binary_cross_entropy_with_logits(
            own, onset.float(), reduction="none"
        )
        return nats, struck * sounding, pitch.detach().argmax(-1) == rows
