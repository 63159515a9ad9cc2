"""DeepBach's networks, one for each voice: two LSTMs read the past and the future of a cell.

For the cell of a voice at a step, a left LSTM reads the steps before it, a right LSTM the steps
after it from far to near, and a dense network the other voices at the step itself. What they say
together gives the distribution of the cell's symbol.

Legend: B batch, L steps of a window, N centres of a window, D width of a step's embedding.

References
----------
G. Hadjeres, F. Pachet, F. Nielsen: DeepBach, a steerable model for Bach chorales generation,
ICML 2017. https://arxiv.org/abs/1612.01010
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from generator.families.deepbach.vocabulary import FRAME_SIZES, PADDING, sorted_pitches
from generator.families.network_tensors import check_size

MAX_SIZES = {"embedding": 512, "hidden": 2048, "layers": 8, "window": 256, "blocks": 64}
"""Far above any use: a checkpoint from anywhere says how large a network to build."""


@dataclass(frozen=True)
class DeepBachConfig:
    """Sizes and inputs of the networks, and what they need to write; travels in the checkpoint."""

    embedding: int = 20
    hidden: int = 128
    layers: int = 2
    window: int = 16
    """Steps that each LSTM reads."""
    blocks: int = 8
    """Parts in which the open cells of a voice are redrawn."""
    dropout: float = 0.5
    bar: bool = False
    """True: the networks also see where in the bar a step is; the published ones do not."""

    def __post_init__(self) -> None:
        for name, most in MAX_SIZES.items():
            check_size(name, getattr(self, name), most)
        if type(self.dropout) not in (int, float) or not 0 <= self.dropout < 1:
            raise ValueError(f"dropout {self.dropout!r}; use a number from 0 to below 1")
        if type(self.bar) is not bool:
            raise ValueError(f"bar {self.bar!r}; use true or false")

    @property
    def frame(self) -> list[int]:
        """Sizes of the inputs about a step, without their padding."""
        return [size for name, size in FRAME_SIZES.items() if name != "bar" or self.bar]

    @property
    def width(self) -> int:
        return self.embedding * (4 + len(self.frame))


class DeepBachVoice(nn.Module):
    """The distribution of one voice's symbols, given all else in a window."""

    def __init__(self, config: DeepBachConfig, voice: int) -> None:
        super().__init__()
        self.window, self.voice, self.size = config.window, voice, config.embedding
        hidden = config.hidden
        self.notes = nn.ModuleList(nn.Embedding(pad + 1, config.embedding) for pad in PADDING)
        self.frame = nn.ModuleList(
            nn.Embedding(size + 1, config.embedding) for size in config.frame
        )
        dropout = config.dropout if config.layers > 1 else 0.0
        self.left, self.right = (
            nn.LSTM(config.width, hidden, config.layers, batch_first=True, dropout=dropout)
            for _ in range(2)
        )
        self.centre = nn.Sequential(
            nn.Linear(config.width - config.embedding, hidden), nn.ReLU(), nn.Linear(hidden, hidden)
        )
        self.head = nn.Sequential(
            nn.Linear(3 * hidden, hidden), nn.ReLU(), nn.Linear(hidden, PADDING[voice])
        )

    def embed(self, tokens: Tensor, frame: Tensor) -> Tensor:
        """Steps as the networks see them.

        Parameters
        ----------
        tokens : int64 (..., 4, L)
        frame : int64 (..., K, L)

        Returns
        -------
        float32 (..., L, D)
        """
        parts = [notes(tokens[..., voice, :]) for voice, notes in enumerate(self.notes)]
        parts += [row(frame[..., index, :]) for index, row in enumerate(self.frame)]
        return torch.cat(parts, dim=-1)

    def forward(self, steps: Tensor, centres: int = 1) -> Tensor:
        """Logits of the cells at the middle of windows.

        Parameters
        ----------
        steps : float32 (B, 2 window + centres, D)
            As `embed` gives them.
        centres : int
            Neighbouring cells of a window to ask about. The LSTMs read at least `window` steps on
            both sides of each, and more on one side if there are several.

        Returns
        -------
        float32 (B, centres, C)
        """
        length = steps.shape[1]
        before, _ = self.left(steps[:, : length - self.window - 1])
        after, _ = self.right(steps[:, self.window + 1 :].flip(1))
        middle = steps[:, self.window : self.window + centres]
        own = self.voice * self.size
        beside = torch.cat([middle[..., :own], middle[..., own + self.size :]], dim=-1)
        told = [before[:, -centres:], after[:, -centres:].flip(1), self.centre(beside)]
        logits: Tensor = self.head(torch.cat(told, dim=-1))
        return logits


class DeepBachNetwork(nn.Module):
    """The networks of all four voices; they share nothing."""

    vocabulary: Tensor

    def __init__(self, config: DeepBachConfig) -> None:
        super().__init__()
        self.config = config
        self.voices = nn.ModuleList(DeepBachVoice(config, voice) for voice in range(4))
        self.register_buffer("vocabulary", torch.from_numpy(sorted_pitches()))

    def voice(self, voice: int) -> DeepBachVoice:
        """The network of one voice."""
        return cast(DeepBachVoice, self.voices[voice])

    def losses(self, tokens: Tensor, frame: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Cross-entropy of the centres of windows in each voice, and which are right.

        Parameters
        ----------
        tokens : int64 (B, 4, 2 window + N)
        frame : int64 (B, K, 2 window + N)
        targets : int64 (B, 4, N)
            -1 where there is no cell.

        Returns
        -------
        float32 (B, 4, N), bool (B, 4, N)
            Nats (0 where there is no cell); whether the most probable symbol is the target.
        """
        nats, right = [], []
        for voice in range(4):
            network = self.voice(voice)
            logits = network(network.embed(tokens, frame), targets.shape[-1])
            wanted = targets[:, voice]
            loss = nn.functional.cross_entropy(
                logits.transpose(1, 2), wanted, ignore_index=-1, reduction="none"
            )
            nats.append(loss)
            right.append(logits.detach().argmax(-1) == wanted)
        return torch.stack(nats, dim=1), torch.stack(right, dim=1)
