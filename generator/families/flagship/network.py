"""The flagship's network: a transformer over beats, and a small head for each cell.

One position of the transformer is one beat: four steps of four voices, sixteen cells, each a token
or masked. It sees every given cell and makes an embedding of each beat, from which every cell of
the beat gets its own. A cell's embedding is read in two ways:

marginal    a cell given all given cells, and nothing about the other written ones;
sequential  written cells one after the other, by step, and bass, soprano, alto, tenor in a step;
            each sees its embedding and its `window` of the cells that stand by then. So the cells
            of a beat are drawn together, and each knows what it sounds against.

Legend: B batch, V = 4 voices, T steps, N = T / 4 beats, D width, H width of a cell, C classes of a
cell, S slots of a window, n cells.

References
----------
Uria, Murray, Larochelle 2014, "A deep and tractable density estimator" (orderless training);
Huang et al. 2017, "Counterpoint by convolution" (masked chorales, annealed Gibbs);
Su et al. 2021, "RoFormer" (rotary positions); Dosovitskiy et al. 2021, "An image is worth 16x16
words" (patches as tokens).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from generator.families.flagship.interval_head import IntervalHead
from generator.families.flagship.melodic_head import MelodicContext, MelodicHead, melodic_context
from generator.families.flagship.tokens import TokenGrid, Vocabulary
from generator.families.flagship.window import SLOTS, slot_voices, window
from generator.music.grid.chorale import STEPS_PER_QUARTER

Rotary = tuple[Tensor, Tensor]
MAX_SIZES = {
    "width": 4096, "layers": 64, "heads": 64, "hidden": 16384, "token": 4096, "cell": 4096,
    "kernel": 64,
}  # fmt: skip
"""Far above any use: a checkpoint from anywhere says how large a network to build."""


@dataclass(frozen=True)
class FlagshipConfig:
    """Sizes and inputs of the network; travels inside the checkpoint."""

    width: int = 256
    layers: int = 5
    heads: int = 4
    hidden: int = 512
    token: int = 24
    cell: int = 192
    kernel: int = 5
    dropout: float = 0.15
    onsets: bool = True
    """False: the network sees pitches and the step index only, as in the published split."""
    causal: bool = False
    """True: a beat's embedding sees only the beats before it; for joint likelihoods."""
    melodic_head: bool = False
    """True: a pitch is also scored by the intervals of its own voice (`melodic_head`)."""
    transpositions: int = 0
    """Likelihoods are means over transpositions by up to so many semitones. A network that is not
    told the key must guess it from the pitches, and errs less if it is asked in several keys."""
    critic: bool = False
    """True: a `critic.Critic` takes part in writing."""
    minds_counterpoint: bool = False
    """True: repair removes faults of counterpoint in every fill (`counterpoint_faults`)."""
    released_fermatas: float = 0.0
    """The share of fermatas under which written voices may move."""
    corrections: bool = False
    """True: the critic has `critic.Corrections`."""
    open_heat: float = 1.0
    """A factor on the temperature of pitches in beats where nothing is given."""

    def __post_init__(self) -> None:
        for name, most in MAX_SIZES.items():
            size = getattr(self, name)
            if type(size) is not int or not 1 <= size <= most:
                raise ValueError(f"{name} {size!r}; use a whole number from 1 to {most}")
        self._check_writing()
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout = {self.dropout}; it must be from 0 to below 1")
        if self.width % self.heads or (self.width // self.heads) % 2:
            raise ValueError(f"width {self.width} does not split into {self.heads} even heads")
        if self.melodic_head and not self.onsets:
            raise ValueError("a melodic head needs onsets; use melodic_head = false")
        if type(self.transpositions) is not int or not 0 <= self.transpositions < 12:
            raise ValueError(f"transpositions {self.transpositions}; use 0 to 11 semitones")
        if self.transpositions and self.onsets:
            raise ValueError(
                f"transpositions {self.transpositions}, but the network is told the key; use 0"
            )

    def _check_writing(self) -> None:
        if self.critic and not self.onsets:
            raise ValueError("a critic needs onsets; use critic = false")
        if self.corrections and not self.critic:
            raise ValueError("corrections are a critic's; use critic = true")
        if not 0.1 <= self.open_heat <= 10:
            raise ValueError(f"open_heat {self.open_heat}; it must be from 0.1 to 10")
        if not 0 <= self.released_fermatas <= 1:
            raise ValueError(f"released_fermatas {self.released_fermatas}; it must be from 0 to 1")


class Dropout(nn.Module):
    """Dropout with eight decisions from one random number: 2 to 4 times as fast on one core."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.dropped = round(256 * share)  # of 256

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or not self.dropped:
            return x
        draws = torch.empty(-(-x.numel() // 8), dtype=torch.int64, device=x.device)
        bytes_ = draws.random_(-(2**63), None).view(torch.uint8)[: x.numel()]
        y: Tensor = x * (bytes_ >= self.dropped).view_as(x) * (256 / (256 - self.dropped))
        return y


class Block(nn.Module):
    """Local convolution, rotary attention and a gated feed-forward, each a pre-norm residual."""

    def __init__(self, config: FlagshipConfig) -> None:
        super().__init__()
        d = config.width
        self.heads, self.causal = config.heads, config.causal
        self.norms = nn.ModuleList(nn.RMSNorm(d) for _ in range(3))
        self.reach = (config.kernel - 1, 0) if config.causal else (config.kernel // 2,) * 2
        self.convolution = nn.Conv1d(d, d, config.kernel, groups=d)
        self.qkv = nn.Linear(d, 3 * d, bias=False)
        self.out = nn.Linear(d, d, bias=False)
        self.up = nn.Linear(d, 2 * config.hidden, bias=False)
        self.down = nn.Linear(config.hidden, d, bias=False)
        self.dropout = Dropout(config.dropout)

    def forward(self, x: Tensor, rotary: Rotary, real: Tensor) -> Tensor:  # x (B, N, D)
        x = x + self.dropout(self._convolve(self.norms[0](x) * real[:, :, None]))
        x = x + self.dropout(self.out(self._attend(self.norms[1](x), rotary, real)))
        gate, value = self.up(self.norms[2](x)).chunk(2, dim=-1)
        y: Tensor = x + self.dropout(self.down(F.silu(gate) * value))
        return y

    def _convolve(self, x: Tensor) -> Tensor:
        """The convolution, as shifted products: three times as fast for sixteen beats."""
        padded = F.pad(x, (0, 0, *self.reach))
        taps = self.convolution.weight[:, 0].unbind(-1)
        y = cast(Tensor, self.convolution.bias)
        for index, tap in enumerate(taps):
            y = torch.addcmul(y, padded[:, index : index + x.shape[1]], tap)
        return y

    def _attend(self, x: Tensor, rotary: Rotary, real: Tensor) -> Tensor:
        b, n, d = x.shape
        parts = self.qkv(x).view(b, n, 3, self.heads, -1).permute(2, 0, 3, 1, 4)  # (3, B, h, N, d)
        qk, v = parts.split((2, 1))
        q, k = _rotated(qk, rotary)
        mask = real[:, None, None, :]
        if self.causal:
            mask = mask & torch.ones(n, n, dtype=torch.bool, device=x.device).tril()
        y = F.scaled_dot_product_attention(q, k, v[0], attn_mask=mask)
        return y.transpose(1, 2).reshape(b, n, d)


class Network(nn.Module):
    """Embeddings of beats and cells, and the two ways to read them."""

    def __init__(self, config: FlagshipConfig) -> None:
        super().__init__()
        self.config = config
        self.vocabulary = Vocabulary(onsets=config.onsets)
        d, h, e, classes = config.width, config.cell, config.token, self.vocabulary.classes
        pitches = self.vocabulary.pitches
        self.token_embedding = nn.ModuleList(nn.Embedding(classes + 2, e) for _ in range(4))
        self.previous_embedding = nn.ModuleList(nn.Embedding(pitches + 2, e) for _ in range(4))
        self.next_embedding = nn.ModuleList(nn.Embedding(pitches + 2, e) for _ in range(4))
        self.frame_embedding = nn.ModuleList(
            nn.Embedding(size, d) for size in Vocabulary.frame_sizes(config.onsets)
        )
        self.beat_input = nn.Linear(4 * (STEPS_PER_QUARTER + 2) * e, d)
        self.start = nn.Parameter(torch.zeros(d))
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = nn.RMSNorm(d)
        self.to_cells = nn.Linear(d, STEPS_PER_QUARTER * 4 * h)
        self.marginal_bias = nn.Parameter(torch.zeros(4, h))
        self.context_embedding = nn.Embedding(4 * (classes + 2), e)
        self.local_context = nn.ModuleList(nn.Linear(SLOTS * e, h, bias=False) for _ in range(4))
        self.residual_mlp = nn.ModuleList(nn.Linear(h, h) for _ in range(4))
        self.head = nn.ModuleList(nn.Linear(h, classes) for _ in range(4))
        self.interval_head = nn.ModuleList(IntervalHead(v, pitches, h) for v in range(4))
        self.melodic_head = nn.ModuleList(
            MelodicHead(pitches, h) for _ in range(4 if config.melodic_head else 0)
        )
        self.dropout = Dropout(config.dropout)
        # Training switches them on one after the other; untrained, they add 0.
        self.use_interval_head, self.use_melodic_head = True, config.melodic_head

    def forward(self, grid: TokenGrid, given: Tensor) -> Tensor:
        """Marginal logits (B, V, T, C) of all cells; tokens that are not given are never read."""
        embeddings = self.cell_embeddings(grid, given)
        masked = torch.where(given, grid.tokens, self.vocabulary.masked)
        batch, _, steps = given.shape
        cells = torch.arange(batch * steps, device=given.device)
        at = cells // steps, cells % steps
        logits = []
        for v in range(4):
            around = window(v, masked, given, at, self.vocabulary)
            line = melodic_context(v, masked, given, at, self.vocabulary)
            x = embeddings[:, :, v].flatten(0, 1) + self.marginal_bias[v]
            logits.append(self._logits(v, x, around, line).view(batch, steps, -1))
        return torch.stack(logits, 1)

    def cell_embeddings(self, grid: TokenGrid, given: Tensor) -> Tensor:
        """What the given cells say about every cell: (B, T, V, H)."""
        beats = self.beat_embeddings(grid, given)
        steps = beats.shape[1] * STEPS_PER_QUARTER
        cells: Tensor = self.to_cells(beats).view(len(beats), steps, 4, -1)
        return cells

    def beat_embeddings(self, grid: TokenGrid, given: Tensor) -> Tensor:
        """What the given cells say about every beat: (B, N, D)."""
        masked = torch.where(given, grid.tokens, self.vocabulary.masked)
        before, after = self.vocabulary.neighbours(grid.tokens, given)  # (B, V, N)
        if self.config.causal:  # only the next beat may know what comes after this one
            after = torch.full_like(after, self.vocabulary.pitches + 1)
        b, _, n = before.shape
        parts = []
        for v in range(4):
            cells = self.token_embedding[v](masked[:, v]).view(b, n, -1)
            previous = self.previous_embedding[v](before[:, v])
            parts += [cells, previous, self.next_embedding[v](after[:, v])]
        x = self.beat_input(self.dropout(torch.cat(parts, dim=-1)))  # (B, N, D)
        if self.config.causal:
            x = torch.cat((self.start.expand(b, 1, -1), x[:, :-1]), dim=1)
        for index, embed in enumerate(self.frame_embedding):
            x = x + embed(grid.frame[:, index])
        rotary = rotary_of(n, self.config.width // self.config.heads, x.device)
        for block in self.blocks:
            x = block(x, rotary, grid.real)
        y: Tensor = self.norm(x)
        return y

    def sequential_logits(
        self,
        voice: int,
        embeddings: Tensor,
        tokens: Tensor,
        given: Tensor,
        at: tuple[Tensor, Tensor],
    ) -> Tensor:
        """Sequential logits (n, C) of the cells of one voice at (rows, steps), each (n,)."""
        around = window(voice, tokens, given, at, self.vocabulary)
        line = melodic_context(voice, tokens, given, at, self.vocabulary)
        x = embeddings[at[0], at[1], voice] + self._local_context(voice, around)
        return self._logits(voice, x, around, line)

    def losses(self, grid: TokenGrid, given: Tensor) -> tuple[Tensor, Tensor]:
        """-log p of the written cells, marginal and sequential: each (B, V, T), 0 where given.

        A causal network has the sequential reading alone; its marginal losses are 0.
        """
        known = torch.ones_like(given) if self.config.causal else given
        voices, rows, steps = (~given).transpose(0, 1).nonzero(as_tuple=True)
        # One gather for all cells: one for each voice would make four gradients of all embeddings.
        places = (rows * given.shape[2] + steps) * 4 + voices
        cells = self.cell_embeddings(grid, known).flatten(0, 2).index_select(0, places)
        masked = torch.where(given, grid.tokens, self.vocabulary.masked)
        sizes = voices.bincount(minlength=4).tolist()
        readings = 1 if self.config.causal else 2
        parts = []
        for voice, (cell, row, step) in enumerate(
            zip(*(torch.split(each, sizes) for each in (cells, rows, steps)), strict=True)
        ):
            at = row, step
            around = window(voice, grid.tokens, given, at, self.vocabulary)
            line = melodic_context(voice, grid.tokens, given, at, self.vocabulary)
            x = cell + self._local_context(voice, around)
            if readings == 2:
                x = torch.cat((cell + self.marginal_bias[voice], x))
                around = torch.cat((window(voice, masked, given, at, self.vocabulary), around))
                line = melodic_context(voice, masked, given, at, self.vocabulary).joined(line)
            target = grid.tokens[row, voice, step].repeat(readings)
            logits = self._logits(voice, x, around, line).float()
            losses = F.cross_entropy(logits, target, reduction="none")
            parts.append(losses.view(readings, -1))
        nats = torch.zeros(2, *given.shape, device=given.device)
        nats[2 - readings :, rows, voices, steps] = torch.cat(parts, dim=1)
        return nats[0], nats[1]

    def _local_context(self, voice: int, around: Tensor) -> Tensor:  # (n, S) -> (n, H)
        if self.training:
            dropped = torch.rand(around.shape, device=around.device) < self.config.dropout / 2
            around = torch.where(dropped, self.vocabulary.masked, around)
        kinds = slot_voices(voice).to(around.device) * (self.vocabulary.classes + 2)
        context: Tensor = self.local_context[voice](
            self.context_embedding(around + kinds).flatten(-2)
        )
        return context

    def _logits(self, voice: int, x: Tensor, around: Tensor, line: MelodicContext) -> Tensor:
        """Logits (n, C) of cells `x` (n, H)."""
        x = self.dropout(F.gelu(x))
        x = x + F.gelu(self.residual_mlp[voice](x))
        logits: Tensor = self.head[voice](x)
        if self.use_melodic_head:
            logits = logits + self.melodic_head[voice](x, line)
        if not self.use_interval_head:
            return logits
        scores = self.interval_head[voice](x, self.vocabulary.pitch_of(around))  # (n, P)
        times = (self.vocabulary.classes - 1) // self.vocabulary.pitches
        return logits + F.pad(scores.repeat(1, times), (1, 0))


def rotary_of(beats: int, size: int, device: torch.device) -> Rotary:
    """Cosines and sines of rotary positions, each (N, d/2)."""
    inverse = 1.0 / (1_000.0 ** (torch.arange(0, size, 2, device=device) / size))
    angles = torch.outer(torch.arange(beats, device=device), inverse)
    return angles.cos(), angles.sin()


def _rotated(x: Tensor, rotary: Rotary) -> Tensor:  # (B, h, N, d)
    a, b = x.chunk(2, dim=-1)
    cos, sin = rotary
    return torch.cat((a * cos - b * sin, a * sin + b * cos), dim=-1)
