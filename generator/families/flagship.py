"""The flagship: an any-order masked network over voices and steps, all of it in this file.

One position of the transformer is one step (a sixteenth) and holds all four voices; each cell is
a token (pitch held, pitch begun, or rest) or masked. The network gives every masked cell's
distribution given all visible cells, so any subset of cells can be given and any written.

Legend: B batch, V = 4 voices, T steps, D width, C classes of a cell, P pitches of the vocabulary.

References
----------
Uria, Murray, Larochelle 2014, "A deep and tractable density estimator" (orderless training);
Huang et al. 2017, "Counterpoint by convolution" (masked chorales, annealed Gibbs);
Chang et al. 2022, "MaskGIT" (confidence order); Su et al. 2021, "RoFormer" (rotary positions).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from generator.families.base import Family, checked_given
from generator.families.checkpoint import CheckpointError, read_checkpoint, write_checkpoint
from generator.families.flagship_sampling import SamplingPlan, sample
from generator.families.flagship_tokens import Grid, Vocabulary, encode_frame
from generator.music.chorale import BoolArray, Chorale, mended_onsets


@dataclass(frozen=True)
class FlagshipConfig:
    """Sizes and inputs of the network; travels inside the checkpoint."""

    width: int = 256
    layers: int = 5
    heads: int = 4
    hidden: int = 512
    cell: int = 64
    neighbour: int = 32
    kernel: int = 7
    dropout: float = 0.2
    onsets: bool = True
    """False: pitches and the step index only, as the published split has them."""

    def __post_init__(self) -> None:
        if self.width % self.heads or (self.width // self.heads) % 2:
            raise ValueError(f"width {self.width} does not split into {self.heads} even heads")


class Block(nn.Module):
    """Local convolution, rotary attention, gated feed-forward; each a pre-norm residual."""

    def __init__(self, config: FlagshipConfig) -> None:
        super().__init__()
        d = config.width
        self.heads = config.heads
        self.norms = nn.ModuleList(nn.RMSNorm(d) for _ in range(3))
        self.near = nn.Conv1d(d, d, config.kernel, padding=config.kernel // 2, groups=d)
        self.qkv = nn.Linear(d, 3 * d, bias=False)
        self.out = nn.Linear(d, d, bias=False)
        self.up = nn.Linear(d, 2 * config.hidden, bias=False)
        self.down = nn.Linear(config.hidden, d, bias=False)
        self.drop = nn.Dropout(config.dropout)

    def forward(self, x: Tensor, rotary: Tensor, real: Tensor | None) -> Tensor:  # x (B, T, D)
        local = self.norms[0](x)
        if real is not None:
            local = local * real[:, :, None]
        x = x + self.drop(self.near(local.transpose(1, 2)).transpose(1, 2))
        x = x + self.drop(self.out(self._attend(self.norms[1](x), rotary, real)))
        gate, value = self.up(self.norms[2](x)).chunk(2, dim=-1)
        y: Tensor = x + self.drop(self.down(F.silu(gate) * value))
        return y

    def _attend(self, x: Tensor, rotary: Tensor, real: Tensor | None) -> Tensor:
        b, t, d = x.shape
        q, k, v = self.qkv(x).view(b, t, 3, self.heads, -1).permute(2, 0, 3, 1, 4)  # (B, H, T, d)
        mask = None if real is None else real[:, None, None, :]
        y = F.scaled_dot_product_attention(
            _rotated(q, rotary), _rotated(k, rotary), v, attn_mask=mask
        )
        return y.transpose(1, 2).reshape(b, t, d)


class Network(nn.Module):
    """Tokens, masks and frame in; logits of every cell out."""

    def __init__(self, config: FlagshipConfig) -> None:
        super().__init__()
        self.config = config
        self.vocabulary = Vocabulary(onsets=config.onsets)
        pitches, classes = self.vocabulary.pitches, self.vocabulary.classes
        # One extra class: masked. One extra pitch: none visible on that side.
        self.cells = nn.ModuleList(nn.Embedding(classes + 1, config.cell) for _ in range(4))
        self.before = nn.ModuleList(nn.Embedding(pitches + 2, config.neighbour) for _ in range(4))
        self.after = nn.ModuleList(nn.Embedding(pitches + 2, config.neighbour) for _ in range(4))
        self.frame = nn.ModuleList(
            nn.Embedding(size, config.width) for size in Vocabulary.frame_sizes(config.onsets)
        )
        self.inward = nn.Linear(4 * (config.cell + 2 * config.neighbour), config.width)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = nn.RMSNorm(config.width)
        self.heads = nn.Linear(config.width, 4 * classes)
        self.drop = nn.Dropout(config.dropout)

    def forward(self, grid: Grid, visible: Tensor) -> Tensor:
        """Logits (B, V, T, C) of all cells; hidden cells' tokens are never looked at."""
        tokens = torch.where(visible, grid.tokens, self.vocabulary.classes)  # (B, V, T)
        before, after = self.vocabulary.neighbours(grid.tokens, visible)
        parts = [
            part
            for v in range(4)
            for part in (
                self.cells[v](tokens[:, v]),
                self.before[v](before[:, v]),
                self.after[v](after[:, v]),
            )
        ]
        x = self.inward(self.drop(torch.cat(parts, dim=-1)))  # (B, T, D)
        for index, embed in enumerate(self.frame):
            x = x + embed(grid.frame[:, index])
        rotary = _rotary(x.shape[1], self.config.width // self.config.heads, x.device)
        for block in self.blocks:
            x = block(x, rotary, grid.real)
        logits: Tensor = self.heads(self.norm(x)).view(*x.shape[:2], 4, -1)
        return logits.transpose(1, 2)


class Flagship(Family):
    """The masked network as a composer."""

    name = "flagship"

    def __init__(self, network: Network) -> None:
        self.network = network.eval()

    @classmethod
    def debug(cls) -> Self:
        torch.manual_seed(0)
        return cls(Network(FlagshipConfig(width=16, layers=1, heads=2, hidden=16, cell=8)))

    @classmethod
    def load(cls, path: Path) -> Self:
        tensors, config, _ = read_checkpoint(path, cls.name)
        try:
            network = Network(FlagshipConfig(**config))
            network.load_state_dict(
                {name: torch.from_numpy(np.asarray(v, np.float32)) for name, v in tensors.items()}
            )
        except (TypeError, ValueError, RuntimeError) as error:
            raise CheckpointError(f"{path} does not fit its own config: {error}") from error
        return cls(network)

    def save(self, path: Path, metadata: dict[str, str]) -> None:
        tensors = {
            name: value.detach().cpu().numpy().astype(np.float16)
            for name, value in self.network.state_dict().items()
        }
        config = json.dumps(asdict(self.network.config))
        write_checkpoint(path, tensors, {**metadata, "family": self.name, "config": config})

    def _fill(
        self, chorale: Chorale, given: BoolArray, *, seed: int, temperature: float
    ) -> Chorale:
        plan = SamplingPlan()
        plan = replace(plan, temperature=plan.temperature * temperature)
        return self.fill_by(chorale, given, seed=seed, plan=plan)

    def fill_by(
        self, chorale: Chorale, given: BoolArray, *, seed: int, plan: SamplingPlan
    ) -> Chorale:
        """Fill with a sampling plan of the caller's choice."""
        grid = encode_frame(chorale, self.network.vocabulary)
        visible = torch.from_numpy(checked_given(chorale, given))[None]
        generator = torch.Generator().manual_seed(seed)
        with torch.inference_mode():
            tokens = sample(self.network, grid, visible, plan=plan, generator=generator)
        pitch, onset = self.network.vocabulary.decode(tokens[0].numpy())
        pitch = np.where(given, chorale.pitch, pitch)
        onset = np.where(given, chorale.onset, onset)
        return chorale.with_voices(pitch, np.where(given, onset, mended_onsets(pitch, onset)))

    def pitch_log_probs(
        self, chorale: Chorale, visible: BoolArray | list[BoolArray]
    ) -> NDArray[np.float32]:
        """Log-probabilities of every cell's pitch given the visible cells.

        Parameters
        ----------
        visible : bool[4, T], or a list of N such masks

        Returns
        -------
        float32[N, 4, T, 129]
            Last axis: MIDI pitch 0..127, then rest. N = 1 for a single mask.
        """
        masks = np.stack(visible if isinstance(visible, list) else [visible])
        grid = encode_frame(chorale, self.network.vocabulary).repeated(len(masks))
        with torch.inference_mode():
            logits = self.network(grid, torch.from_numpy(masks))
        return self.network.vocabulary.pitch_log_probs(logits)

    def log_likelihood(self, chorale: Chorale, given: BoolArray) -> float:
        """Nats of the written cells' pitches, one cell at a time: by step, bass first in a step."""
        visible = checked_given(chorale, given).copy()
        pitch = np.where(chorale.pitch < 0, 128, chorale.pitch)
        total = 0.0
        for step in range(chorale.steps):
            for voice in (3, 0, 1, 2):
                if not visible[voice, step]:
                    row = self.pitch_log_probs(chorale, visible)[0, voice, step]
                    total += float(row[pitch[voice, step]])
                    visible[voice, step] = True
        return total


def _rotary(steps: int, size: int, device: torch.device) -> Tensor:
    """Angles (T, d/2) of rotary positions."""
    inverse = 1.0 / (1_000.0 ** (torch.arange(0, size, 2, device=device) / size))
    return torch.outer(torch.arange(steps, device=device), inverse)


def _rotated(x: Tensor, angles: Tensor) -> Tensor:  # (B, H, T, d)
    a, b = x.chunk(2, dim=-1)
    cos, sin = angles.cos(), angles.sin()
    return torch.cat((a * cos - b * sin, a * sin + b * cos), dim=-1)
