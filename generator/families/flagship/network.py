"""The flagship's network: beats through a transformer, cells through a small net beside it.

One position of the transformer is one beat: four steps of four voices, sixteen cells, each a token
or masked. It sees every visible cell and makes a plan of each beat. Two readings of a plan:

marginal    every hidden cell given all visible cells, and nothing of the other hidden ones;
sequential  hidden cells one after the other, by step, bass, soprano, alto, tenor in a step, each
            given the plan and the cells around it that stand by then (`flagship_window`). So a
            beat's cells are drawn together, each knowing what it sounds against.

Legend: B batch, V = 4 voices, T steps, N = T / 4 beats, D width, H width of a cell, C classes.

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

from generator.families.flagship.interval_head import Relations
from generator.families.flagship.melodic_head import Course, Lines, course
from generator.families.flagship.tokens import Grid, Vocabulary
from generator.families.flagship.window import SLOTS, slot_voices, window
from generator.music.grid.chorale import STEPS_PER_QUARTER

Rotary = tuple[Tensor, Tensor]


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
    """False: pitches and the step index only, as the published split has them."""
    causal: bool = False
    """True: a beat's plan sees the beats before it and nothing else; for joint likelihoods."""
    lines: bool = False
    """True: a pitch is scored by the intervals of its own voice as well (`flagship_lines`)."""
    transpositions: int = 0
    """Likelihoods are means over readings up to so many semitones higher and lower. A network that
    is not told the key guesses it from the pitches, and errs less when it is asked in several."""

    def __post_init__(self) -> None:
        if self.width % self.heads or (self.width // self.heads) % 2:
            raise ValueError(f"width {self.width} does not split into {self.heads} even heads")
        if self.lines and not self.onsets:
            raise ValueError("lines of a network that knows no onsets; use lines = false")
        if not 0 <= self.transpositions < 12:
            raise ValueError(f"transpositions {self.transpositions}; use 0 to 11 semitones")
        if self.transpositions and self.onsets:
            raise ValueError(
                f"transpositions {self.transpositions} of a network that is told the key; use 0"
            )


class Dropout(nn.Module):
    """Dropout with eight decisions from one random number: nine times as fast on a CPU."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.lost = round(256 * share)

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or not self.lost:
            return x
        draws = torch.empty(-(-x.numel() // 8), dtype=torch.int64, device=x.device)
        bytes_ = draws.random_(-(2**63), None).view(torch.uint8)[: x.numel()]
        kept: Tensor = x * (bytes_ >= self.lost).view_as(x) * (256 / (256 - self.lost))
        return kept


class Norm(nn.Module):
    """Root mean square norm; a quarter of the time of PyTorch's own on a CPU, for short pieces."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        mean = x.square().mean(-1, keepdim=True)
        scaled: Tensor = x * (mean + torch.finfo(x.dtype).eps).rsqrt() * self.weight
        return scaled


class Block(nn.Module):
    """Local convolution, rotary attention, gated feed-forward; each a pre-norm residual."""

    def __init__(self, config: FlagshipConfig) -> None:
        super().__init__()
        d = config.width
        self.heads, self.causal = config.heads, config.causal
        self.norms = nn.ModuleList(Norm(d) for _ in range(3))
        self.reach = (config.kernel - 1, 0) if config.causal else (config.kernel // 2,) * 2
        self.near = nn.Conv1d(d, d, config.kernel, groups=d)
        self.qkv = nn.Linear(d, 3 * d, bias=False)
        self.out = nn.Linear(d, d, bias=False)
        self.up = nn.Linear(d, 2 * config.hidden, bias=False)
        self.down = nn.Linear(config.hidden, d, bias=False)
        self.drop = Dropout(config.dropout)

    def forward(self, x: Tensor, rotary: Rotary, real: Tensor) -> Tensor:  # x (B, N, D)
        x = x + self.drop(self._nearby(self.norms[0](x) * real[:, :, None]))
        x = x + self.drop(self.out(self._attend(self.norms[1](x), rotary, real)))
        gate, value = self.up(self.norms[2](x)).chunk(2, dim=-1)
        y: Tensor = x + self.drop(self.down(F.silu(gate) * value))
        return y

    def _nearby(self, x: Tensor) -> Tensor:
        """The convolution by beats, as shifted products: many times as fast for short pieces."""
        wide = F.pad(x, (0, 0, *self.reach))
        taps = self.near.weight[:, 0].unbind(-1)
        y = cast(Tensor, self.near.bias)
        for index, tap in enumerate(taps):
            y = torch.addcmul(y, wide[:, index : index + x.shape[1]], tap)
        return y

    def _attend(self, x: Tensor, rotary: Rotary, real: Tensor) -> Tensor:
        b, n, d = x.shape
        turned, v = self.qkv(x).view(b, n, 3, self.heads, -1).permute(2, 0, 3, 1, 4).split((2, 1))
        q, k = _rotated(turned, rotary)  # (B, h, N, d)
        mask = real[:, None, None, :]
        if self.causal:
            mask = mask & torch.ones(n, n, dtype=torch.bool, device=x.device).tril()
        y = F.scaled_dot_product_attention(q, k, v[0], attn_mask=mask)
        return y.transpose(1, 2).reshape(b, n, d)


class Network(nn.Module):
    """Plans of beats, and the two readings of them."""

    def __init__(self, config: FlagshipConfig) -> None:
        super().__init__()
        self.config = config
        self.vocabulary = Vocabulary(onsets=config.onsets)
        d, h, e, classes = config.width, config.cell, config.token, self.vocabulary.classes
        self.tokens = nn.ModuleList(nn.Embedding(classes + 2, e) for _ in range(4))
        around = self.vocabulary.pitches + 2
        self.before = nn.ModuleList(nn.Embedding(around, e) for _ in range(4))
        self.after = nn.ModuleList(nn.Embedding(around, e) for _ in range(4))
        self.frame = nn.ModuleList(
            nn.Embedding(size, d) for size in Vocabulary.frame_sizes(config.onsets)
        )
        self.inward = nn.Linear(4 * (STEPS_PER_QUARTER + 2) * e, d)
        self.start = nn.Parameter(torch.zeros(d))
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = Norm(d)
        self.plan = nn.Linear(d, STEPS_PER_QUARTER * 4 * h)
        self.blind = nn.Parameter(torch.zeros(4, h))
        self.beside = nn.Embedding(4 * (classes + 2), e)
        self.look = nn.ModuleList(nn.Linear(SLOTS * e, h, bias=False) for _ in range(4))
        self.deepen = nn.ModuleList(nn.Linear(h, h) for _ in range(4))
        self.say = nn.ModuleList(nn.Linear(h, classes) for _ in range(4))
        pitches = self.vocabulary.pitches
        self.relations = nn.ModuleList(Relations(v, pitches, h) for v in range(4))
        self.lines = nn.ModuleList(Lines(pitches, h) for _ in range(4 if config.lines else 0))
        self.drop = Dropout(config.dropout)
        # False: without these tables, which are 0 before they are trained
        self.related, self.lined = True, config.lines

    def forward(self, grid: Grid, visible: Tensor) -> Tensor:
        """Marginal logits (B, V, T, C) of all cells; hidden cells' tokens are never looked at."""
        plans = self.plans(grid, visible)
        shown = torch.where(visible, grid.tokens, self.vocabulary.masked)
        batch, _, steps = visible.shape
        every = torch.arange(batch * steps, device=visible.device)
        at = every // steps, every % steps
        logits = []
        for v in range(4):
            around = window(v, shown, visible, at, self.vocabulary)
            line = course(v, shown, visible, at, self.vocabulary)
            said = self._say(v, plans[:, :, v].flatten(0, 1) + self.blind[v], around, line)
            logits.append(said.view(batch, steps, -1))
        return torch.stack(logits, 1)

    def plans(self, grid: Grid, visible: Tensor) -> Tensor:
        """What the visible cells say of every cell: (B, T, V, H)."""
        beats = self.beats(grid, visible)
        plans: Tensor = self.plan(beats).view(len(beats), beats.shape[1] * STEPS_PER_QUARTER, 4, -1)
        return plans

    def beats(self, grid: Grid, visible: Tensor) -> Tensor:
        """What the visible cells say of every beat: (B, N, D); `plan` makes plans of it."""
        shown = torch.where(visible, grid.tokens, self.vocabulary.masked)
        before, after = self.vocabulary.neighbours(grid.tokens, visible)
        if self.config.causal:  # what comes after a beat is the next beat's to know
            after = torch.full_like(after, self.vocabulary.pitches + 1)
        b, _, n = before.shape
        parts = []
        for v in range(4):
            cells = self.tokens[v](shown[:, v]).view(b, n, -1)
            parts += [cells, self.before[v](before[:, v]), self.after[v](after[:, v])]
        x = self.inward(self.drop(torch.cat(parts, dim=-1)))  # (B, N, D)
        if self.config.causal:
            x = torch.cat((self.start.expand(b, 1, -1), x[:, :-1]), dim=1)
        for index, embed in enumerate(self.frame):
            x = x + embed(grid.frame[:, index])
        rotary = rotary_of(n, self.config.width // self.config.heads, x.device)
        for block in self.blocks:
            x = block(x, rotary, grid.real)
        y: Tensor = self.norm(x)
        return y

    def next_logits(
        self, voice: int, plans: Tensor, tokens: Tensor, visible: Tensor, at: tuple[Tensor, Tensor]
    ) -> Tensor:
        """Sequential logits (n, C) of one voice's cells at (rows, steps), each (n,)."""
        around = window(voice, tokens, visible, at, self.vocabulary)
        x = plans[at[0], at[1], voice] + self._look(voice, around)
        return self._say(voice, x, around, course(voice, tokens, visible, at, self.vocabulary))

    def losses(self, grid: Grid, visible: Tensor) -> tuple[Tensor, Tensor]:
        """-log p of the hidden cells: marginal and sequential, each (B, V, T), 0 where visible.

        A causal network has the sequential reading alone; its marginal one is 0.
        """
        shown = torch.ones_like(visible) if self.config.causal else visible
        voices, rows, steps = (~visible).transpose(0, 1).nonzero(as_tuple=True)
        # All cells at once: taking them voice by voice makes four gradients of all plans.
        places = (rows * visible.shape[2] + steps) * 4 + voices
        plans = self.plans(grid, shown).flatten(0, 2).index_select(0, places)
        masked = torch.where(visible, grid.tokens, self.vocabulary.masked)
        sizes = voices.bincount(minlength=4).tolist()
        readings = 1 if self.config.causal else 2
        parts = []
        for voice, (plan, row, step) in enumerate(
            zip(*(torch.split(each, sizes) for each in (plans, rows, steps)), strict=True)
        ):
            around = window(voice, grid.tokens, visible, (row, step), self.vocabulary)
            line = course(voice, grid.tokens, visible, (row, step), self.vocabulary)
            x = plan + self._look(voice, around)
            if readings == 2:
                seen = window(voice, masked, visible, (row, step), self.vocabulary)
                x = torch.cat((plan + self.blind[voice], x))
                around = torch.cat((seen, around))
                line = course(voice, masked, visible, (row, step), self.vocabulary).joined(line)
            own = grid.tokens[row, voice, step].repeat(readings)
            logits = self._say(voice, x, around, line).float()
            losses = F.cross_entropy(logits, own, reduction="none")
            parts.append(losses.view(readings, -1))
        both = torch.zeros(2, *visible.shape, device=visible.device)
        both[2 - readings :, rows, voices, steps] = torch.cat(parts, dim=1)
        return both[0], both[1]

    def _look(self, voice: int, around: Tensor) -> Tensor:
        if self.training:
            lost = torch.rand(around.shape, device=around.device) < self.config.dropout / 2
            around = torch.where(lost, self.vocabulary.masked, around)
        kinds = slot_voices(voice).to(around.device) * (self.vocabulary.classes + 2)
        look: Tensor = self.look[voice](self.beside(around + kinds).flatten(-2))
        return look

    def _say(self, voice: int, x: Tensor, around: Tensor, line: Course) -> Tensor:  # -> (n, C)
        x = self.drop(F.gelu(x))
        x = x + F.gelu(self.deepen[voice](x))
        logits: Tensor = self.say[voice](x)
        if self.lined:
            logits = logits + self.lines[voice](x, line)
        if not self.related:
            return logits
        related = self.relations[voice](x, self.vocabulary.pitch_of(around))
        times = (self.vocabulary.classes - 1) // self.vocabulary.pitches
        return logits + F.pad(related.repeat(1, times), (1, 0))


def rotary_of(beats: int, size: int, device: torch.device) -> Rotary:
    """Cosines and sines (N, d/2) of rotary positions."""
    inverse = 1.0 / (1_000.0 ** (torch.arange(0, size, 2, device=device) / size))
    angles = torch.outer(torch.arange(beats, device=device), inverse)
    return angles.cos(), angles.sin()


def _rotated(x: Tensor, rotary: Rotary) -> Tensor:  # (B, h, N, d)
    a, b = x.chunk(2, dim=-1)
    cos, sin = rotary
    return torch.cat((a * cos - b * sin, a * sin + b * cos), dim=-1)
