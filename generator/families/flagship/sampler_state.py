"""Pieces that are being written: their tokens, what is given in them, and how cells are drawn.

Every piece of a batch has random numbers of its own, so that a piece is the same alone and among
others.

Under a fermata voices hold: there the cells that are not given follow from the fermata's first
step. They are neither drawn nor shown to the network, or the chord could never change.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from generator.families.flagship.biases import BIASES
from generator.families.flagship.fast_encoder import encoder_of
from generator.families.flagship.kernel_weights import cells_of
from generator.families.flagship.network import Network
from generator.families.flagship.sampling_kernels import Ints, write_cells
from generator.families.flagship.tokens import FERMATA_ROW, METRE_ROW, Grid, Vocabulary
from generator.families.flagship.window import BACK, slots
from generator.music.grid.chorale import STEPS_PER_QUARTER, BoolArray

LONGEST = 16
"""Steps of the longest fermata under which voices hold, or a bar if that is longer.

Under longer ones Bach's voices move. The frame tells bars apart up to seven quarters.
"""


@dataclass(frozen=True)
class Heat:
    """Temperatures: of which pitch, and of whether a note begins, goes on or rests."""

    pitch: float
    rhythm: float


@dataclass
class Draft:
    """Tokens (B, 4, T) of some pieces; `given` cells are kept, the others are written."""

    network: Network
    grid: Grid
    given: Tensor
    shifts: list[int]
    seeds: list[int]
    lines: float
    """How much a voice's own line counts, where the network has tables of lines."""
    bias: float
    """How much `BIASES` count, where the network tells a note begun from one held."""
    tokens: Tensor = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = torch.where(self.given, self.grid.tokens, 0)
        self.cells, self.read = cells_of(self.network), encoder_of(self.network)
        allowed = self.network.vocabulary.allowed
        self.barred: BoolArray = ~torch.stack([allowed(shift) for shift in self.shifts]).numpy()
        batch, voices, steps = self.tokens.shape
        width = BACK + steps + 1
        self.offsets = torch.stack([slots(v, batch, width) for v in range(voices)]).numpy()
        self.generators = [torch.Generator().manual_seed(seed) for seed in self.seeds]
        self.beats = steps // STEPS_PER_QUARTER
        self.lengths = self.grid.real.sum(1).tolist()
        # Bach's voices rest together; left to itself, a cold sampler falls silent.
        self.may_rest: BoolArray = (self.given & (self.grid.tokens == 0)).any(1).numpy()
        pitches = self.network.vocabulary.pitches
        starts = (0, 1, 1 + pitches) if self.network.vocabulary.onsets else (0,)
        self.kinds: Ints = np.array(starts)
        self.biases = np.float32(self.bias) * BIASES
        fermata = fermatas(self.grid, self.network.vocabulary)
        self.ends = fermata & ~torch.nn.functional.pad(fermata[:, 1:], (0, 1))
        # A voice begins anew after a fermata, as Bach's do in all but 4 of 8,340 places.
        self.may_hold: BoolArray = ~torch.nn.functional.pad(self.ends[:, :-1], (1, 0)).numpy()
        self.holding = self._held(fermata)[:, None] & ~self.given
        place = torch.arange(steps).expand(batch, 4, steps)
        self.source = place.masked_fill(self.holding, 0).cummax(-1).values
        """Of each cell, the step whose note it goes on with; its own where it is not holding."""
        self.tokens = self.held_on(self.tokens)  # there may be nothing else to write
        free = ~(self.given | self.holding)
        self.open = free.view(batch, 4, self.beats, STEPS_PER_QUARTER).any(-1)

    def _held(self, fermata: Tensor) -> Tensor:
        """bool (B, T): steps under a fermata after its first, where no given soprano begins."""
        first = fermata & ~torch.nn.functional.pad(fermata[:, :-1], (1, 0))
        begins = self.given[:, 0] & self.network.vocabulary.begins(self.grid.tokens[:, 0])
        which = (first | fermata & begins).cumsum(1) * fermata  # 0: under none
        length = torch.zeros_like(which).scatter_add_(1, which, torch.ones_like(which))
        bar = self.grid.frame[:, METRE_ROW].repeat_interleave(STEPS_PER_QUARTER, 1)
        longest = (bar * STEPS_PER_QUARTER).clamp(min=LONGEST)
        short = length.gather(1, which) <= longest
        return fermata & short & ~first & ~begins

    def random(self, kinds: int, rows: Tensor | None = None) -> Tensor:
        """(B, kinds, N) uniform numbers; a piece draws as many as it would alone.

        Only `rows` (bool (B,), by default all) draw; the others get 0.
        """
        drawn = torch.zeros(len(self.seeds), kinds, self.beats)
        for row, (generator, beats) in enumerate(zip(self.generators, self.lengths, strict=True)):
            if rows is None or rows[row]:
                drawn[row, :, :beats] = torch.rand(kinds, beats, generator=generator)
        return drawn

    def write(
        self, block: Tensor, visible: Tensor, heat: Heat, *, within: tuple[int, int] | None = None
    ) -> None:
        """Write the cells of `block` (B, 4, T) anew, given the visible ones, step by step.

        `within` are the first and last beat, itself left out, of what the plans are made from.
        """
        batch, voices = block.shape[:2]
        block = block & ~self.holding
        places = block.view(batch, voices, self.beats, STEPS_PER_QUARTER)
        rows, beats = places.any(-1).any(1).nonzero(as_tuple=True)
        if not len(rows):
            return
        visible = visible & ~self.holding
        first, last = within or (0, self.beats)
        seen = self.read(
            self.grid.with_tokens(self.tokens).between(first, last),
            visible[..., first * STEPS_PER_QUARTER : last * STEPS_PER_QUARTER],
        )[rows, beats - first]
        plans = self.network.plan(seen).view(len(rows), STEPS_PER_QUARTER, voices, -1).numpy()
        noise = self.random(voices * STEPS_PER_QUARTER, block.flatten(1).any(1)).numpy()
        noise = noise.reshape(batch, voices, STEPS_PER_QUARTER, self.beats)
        page = page_of(self.tokens, visible, self.network)
        write_cells(
            self.cells,
            page,
            self.offsets,
            places[rows, :, beats].numpy(),
            torch.stack((rows, beats), 1).numpy(),
            plans,
            self.barred,
            self.may_rest,
            self.may_hold,
            noise,
            heat.pitch,
            heat.rhythm,
            self.lines,
            self.biases,
            self.kinds,
        )
        self.tokens = self.held_on(torch.from_numpy(page[0, :, :, BACK:-1].copy()))

    def held_on(self, tokens: Tensor) -> Tensor:
        """The same tokens (B, 4, T), with notes going on under fermatas."""
        going_on = self.network.vocabulary.pitch_of(tokens.gather(-1, self.source))
        return torch.where(self.holding, going_on, tokens)

    def at_source(self, cells: Tensor) -> Tensor:
        """bool (B, 4, T): cells that are true, or whose note goes on in one that is."""
        found = torch.zeros_like(cells, dtype=torch.uint8)
        return found.scatter_reduce_(-1, self.source, cells.to(torch.uint8), "amax").bool()


def fermatas(grid: Grid, vocabulary: Vocabulary) -> Tensor:
    """bool (B, T): steps under fermatas; none where the grid shows no fermatas."""
    if not vocabulary.onsets:
        return torch.zeros_like(grid.tokens[:, 0], dtype=torch.bool)
    bits = torch.arange(STEPS_PER_QUARTER)
    return (grid.frame[:, FERMATA_ROW, :, None] >> bits & 1).flatten(1).bool()


def page_of(tokens: Tensor, visible: Tensor, network: Network) -> Ints:
    """Tokens as they stand and as they are shown (2, B, 4, BACK + T + 1), under the windows."""
    shown = torch.where(visible, tokens, network.vocabulary.masked)
    both = torch.stack((tokens, shown))
    both = torch.nn.functional.pad(both, (BACK, 1), value=network.vocabulary.padding)
    page: Ints = both.numpy()
    return page
