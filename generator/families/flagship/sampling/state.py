"""The pieces of a batch while they are written: their tokens, what is given, how cells are drawn.

Each piece has random numbers of its own, so it comes out the same alone and among others.

Under a fermata voices hold: a written cell there follows from the fermata's first step. Such cells
are neither drawn nor shown to the network; otherwise the chord could never change. Once the chords
stand, fermatas can be released: then voices may move under them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from generator.families.flagship.sampling.biases import BIASES, Floats, Ints
from generator.families.flagship.sampling.ensemble import Ensemble
from generator.families.flagship.sampling.kernels import draw_cells
from generator.families.flagship.tokens import FERMATA_ROW, METRE_ROW, TokenGrid, Vocabulary
from generator.families.flagship.window import BACK, padded_tokens, slot_offsets
from generator.music.grid.chorale import STEPS_PER_QUARTER, BoolArray

MAX_FERMATA = 16
"""Voices hold under fermatas of up to so many steps, or up to a bar if that is longer.

Under longer ones Bach's voices move. The frame tells bars apart up to seven quarters.
"""


@dataclass(frozen=True)
class Temperatures:
    """Of a cell's pitch, and of whether a note begins, goes on or rests."""

    pitch: float
    rhythm: float


@dataclass(frozen=True)
class Reading:
    """What the networks make of `given` cells, for those of a `block` (both bool (B, 4, T))."""

    block: Tensor
    given: Tensor
    cells: BoolArray  # (R, V, 4), those to draw in each of R beats
    places: Ints  # (R, 2), the row and place of each beat
    embeddings: Floats  # (M, R, 4, V, H)


@dataclass
class SamplerState:
    """Tokens (B, 4, T) of some pieces; `given` cells stay, all others are written.

    `kept` cells, the given ones among them, are not rewritten for now.
    """

    ensemble: Ensemble
    grid: TokenGrid
    given: Tensor  # bool (B, 4, T)
    shifts: list[int]
    seeds: list[int]
    melodic_weight: float
    """How much the melodic head counts, where the networks have one."""
    bias: float
    """How much `BIASES` count, where the networks tell a note begun from one held."""
    open_heat: float = 1.0
    """A factor on the temperature of pitches in `open_beats`."""
    tokens: Tensor = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = torch.where(self.given, self.grid.tokens, 0)
        vocabulary = self.ensemble.vocabulary
        allowed = [vocabulary.allowed(shift) for shift in self.shifts]
        self.forbidden: BoolArray = ~torch.stack(allowed).numpy()  # (B, 4, C)
        batch, voices, steps = self.tokens.shape
        width = BACK + steps + 1
        offsets = [slot_offsets(voice, batch, width) for voice in range(voices)]
        self.offsets = torch.stack(offsets).numpy()
        self.generators = [torch.Generator().manual_seed(seed) for seed in self.seeds]
        self.beats = steps // STEPS_PER_QUARTER
        real = self.given & (self.grid.tokens != vocabulary.padding)
        guided = real.any(1).view(batch, -1, STEPS_PER_QUARTER).any(-1)
        self.open_beats: BoolArray = ~guided.numpy()  # (B, N), those in which nothing is given
        self.lengths = self.grid.real.sum(1).tolist()
        # Bach's voices rest together; left to itself, a cold sampler falls silent.
        self.may_rest: BoolArray = (self.given & (self.grid.tokens == 0)).any(1).numpy()
        starts = (0, 1, 1 + vocabulary.pitches) if vocabulary.onsets else (0,)
        self.class_starts: Ints = np.array(starts)
        self.biases = np.float32(self.bias) * BIASES
        self.fermata = frame_fermatas(self.grid, vocabulary)
        self.fermata_starts = self.fermata & ~F.pad(self.fermata[:, :-1], (1, 0))
        self.phrase_ends = self.fermata & ~F.pad(self.fermata[:, 1:], (0, 1))
        # A voice begins a new note after a fermata, as Bach's do in all but 4 of 8,340 places.
        self.may_hold: BoolArray = ~F.pad(self.phrase_ends[:, :-1], (1, 0)).numpy()
        self._hold(self._held()[:, None] & ~self.given)
        self.tokens = self.extend_fermatas(self.tokens)  # there may be nothing else to write
        self.keep(torch.zeros_like(self.given))

    def _hold(self, cells: Tensor) -> None:
        self.held = cells
        place = torch.arange(cells.shape[-1]).expand_as(cells)
        self.source = place.masked_fill(cells, 0).cummax(-1).values
        """The step whose note a cell continues; its own unless it is held under a fermata."""

    def release_fermatas(self, share: float) -> None:
        """From now on, voices may move under this share of the fermatas, drawn for each."""
        place = torch.arange(self.fermata.shape[1]).expand_as(self.fermata)
        start = place.masked_fill(~self.fermata_starts, 0).cummax(-1).values
        drawn = self.uniforms(1)[:, 0].repeat_interleave(STEPS_PER_QUARTER, 1) < share
        self._hold(self.held & ~drawn.gather(1, start)[:, None])
        self.keep(self.kept)

    def keep(self, cells: Tensor) -> None:
        """From now on, rewrite these `cells` (bool (B, 4, T)) as little as the given ones."""
        self.kept = self.given | cells
        written = ~(self.kept | self.held)
        self.written_beats = written.view(*written.shape[:2], -1, STEPS_PER_QUARTER).any(-1)

    def _held(self) -> Tensor:
        """bool (B, T): steps under a fermata after its first, where no given soprano begins."""
        fermata, first = self.fermata, self.fermata_starts
        begins = self.given[:, 0] & self.ensemble.vocabulary.begins(self.grid.tokens[:, 0])
        number = (first | fermata & begins).cumsum(1) * fermata  # 0: under none
        length = torch.zeros_like(number).scatter_add_(1, number, torch.ones_like(number))
        bar = self.grid.frame[:, METRE_ROW].repeat_interleave(STEPS_PER_QUARTER, 1)
        longest = (bar * STEPS_PER_QUARTER).clamp(min=MAX_FERMATA)
        short = length.gather(1, number) <= longest
        return fermata & short & ~first & ~begins

    def uniforms(self, kinds: int, rows: Tensor | None = None) -> Tensor:
        """Uniform numbers (B, kinds, N); a piece draws as many as it would alone.

        Only `rows` (bool (B,), by default all) draw; the others get 0.
        """
        drawn = torch.zeros(len(self.seeds), kinds, self.beats)
        for row, (generator, beats) in enumerate(zip(self.generators, self.lengths, strict=True)):
            if rows is None or rows[row]:
                drawn[row, :, :beats] = torch.rand(kinds, beats, generator=generator)
        return drawn

    def write(
        self,
        block: Tensor,
        given: Tensor,
        temperatures: Temperatures,
        *,
        within: tuple[int, int] | None = None,
        forbidden: BoolArray | None = None,
    ) -> None:
        """Write the cells of `block` anew, step by step; `given` are those to condition on.

        Both are bool (B, 4, T). The networks see the beats from `within[0]` up to `within[1]`,
        by default all. `forbidden` (B, 4, C) are classes that may not be used, by default those
        outside the voices' ranges.
        """
        if reading := self._read(block, given, within or (0, self.beats)):
            forbidden = self.forbidden if forbidden is None else forbidden
            self.tokens = self._drawn(reading, temperatures, forbidden)

    def drafts(self, block: Tensor, temperatures: Temperatures, count: int) -> Tensor:
        """(count, B, 4, T): several writings of the cells of `block`, given all others."""
        reading = self._read(block, ~block, (0, self.beats))
        if reading is None:
            return self.tokens.expand(count, -1, -1, -1)
        drafts = [self._drawn(reading, temperatures, self.forbidden) for _ in range(count)]
        return torch.stack(drafts)

    def _read(self, block: Tensor, given: Tensor, within: tuple[int, int]) -> Reading | None:
        """What the networks make of the `given` cells; None if there is nothing to draw."""
        batch, voices = block.shape[:2]
        block = block & ~self.held
        cells = block.view(batch, voices, self.beats, STEPS_PER_QUARTER)
        rows, beats = cells.any(-1).any(1).nonzero(as_tuple=True)
        if not len(rows):
            return None
        given = given & ~self.held
        first, last = within
        embeddings = self.ensemble.cell_embeddings(
            self.grid.with_tokens(self.tokens).between(first, last),
            given[..., first * STEPS_PER_QUARTER : last * STEPS_PER_QUARTER],
            rows,
            beats - first,
        )
        places = torch.stack((rows, beats), 1).numpy()
        return Reading(block, given, cells[rows, :, beats].numpy(), places, embeddings)

    def _drawn(self, reading: Reading, temperatures: Temperatures, forbidden: BoolArray) -> Tensor:
        """The tokens (B, 4, T) with the cells drawn that were read."""
        batch, voices = self.tokens.shape[:2]
        drawing = reading.block.flatten(1).any(1)
        uniforms = self.uniforms(voices * STEPS_PER_QUARTER, drawing).numpy()
        is_open = self.open_beats[tuple(reading.places.T)]
        padded = padded_tokens(self.tokens, reading.given, self.ensemble.vocabulary).numpy()
        draw_cells(
            self.ensemble.weights,
            padded,
            self.offsets,
            reading.cells,
            reading.places,
            reading.embeddings,
            forbidden,
            self.may_rest,
            self.may_hold,
            uniforms.reshape(batch, voices, STEPS_PER_QUARTER, self.beats),
            temperatures.pitch * np.where(is_open, self.open_heat, 1.0),
            temperatures.rhythm,
            self.melodic_weight,
            self.biases,
            self.class_starts,
        )
        return self.extend_fermatas(torch.from_numpy(padded[0, :, :, BACK:-1].copy()))

    def extend_fermatas(self, tokens: Tensor) -> Tensor:
        """The same tokens (B, 4, T), with notes held on under fermatas."""
        sources = self.ensemble.vocabulary.pitch_of(tokens.gather(-1, self.source))
        return torch.where(self.held, sources, tokens)

    def propagate_to_onset(self, cells: Tensor) -> Tensor:
        """bool (B, 4, T): cells that are true, or whose note is held on into one that is."""
        onsets = torch.zeros_like(cells, dtype=torch.uint8)
        return onsets.scatter_reduce_(-1, self.source, cells.to(torch.uint8), "amax").bool()


def frame_fermatas(grid: TokenGrid, vocabulary: Vocabulary) -> Tensor:
    """bool (B, T): steps under fermatas; none where the grid shows no fermatas."""
    if not vocabulary.onsets:
        return torch.zeros_like(grid.tokens[:, 0], dtype=torch.bool)
    bits = torch.arange(STEPS_PER_QUARTER)
    return (grid.frame[:, FERMATA_ROW, :, None] >> bits & 1).flatten(1).bool()
