"""Training batches of the flagship: random crops of encoded chorales, transposed and masked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from generator.families.flagship.tokens import KEY_ROW, TokenGrid, Vocabulary, encode_grid
from generator.music.grid.chorale import STEPS_PER_QUARTER, Chorale
from generator.training.crops import Crop, CropSampler, draw_shift
from generator.training.masks import draw_mask

Arrays = tuple[NDArray[np.int64], NDArray[np.int64]]  # tokens (4, T), frame (K, N)


@dataclass(frozen=True)
class Batch:
    """The examples of one training step; padding counts as given."""

    grid: TokenGrid
    given: Tensor  # bool (B, 4, T)

    def to(self, device: torch.device) -> Batch:
        return Batch(self.grid.to(device), self.given.to(device))


class BatchSampler:
    """Random crops of encoded chorales.

    `length` is in steps and must be whole beats. `transposed` is the share of crops that are moved
    by -5 to 6 semitones; `masks` are the settings of `draw_mask`.
    """

    def __init__(
        self,
        chorales: Sequence[Chorale],
        vocabulary: Vocabulary,
        length: int,
        *,
        transposed: float = 1.0,
        **masks: Any,
    ) -> None:
        if length % STEPS_PER_QUARTER:
            raise ValueError(f"crops of {length} steps; they must be whole beats of 4")
        self.masks = masks
        self.vocabulary = vocabulary
        self.transposed = transposed
        grids = [encode_grid(chorale, vocabulary) for chorale in chorales]
        self.tokens = [grid.tokens[0].numpy() for grid, _ in grids]
        self.frames = [grid.frame[0].numpy() for grid, _ in grids]
        self.crops = CropSampler(
            [frame.shape[1] for frame in self.frames],
            [
                _phrase_starts(chorale, layout.lead)
                for chorale, (_, layout) in zip(chorales, grids, strict=True)
            ],
            length // STEPS_PER_QUARTER,
        )

    def batch(self, size: int, rng: np.random.Generator) -> Batch:
        """`size` crops, each transposed and masked at random."""
        crops = [self._cut(crop) for crop in self.crops.draw(size, rng)]
        moved = [self._transposed(*arrays, draw_shift(self.transposed, rng)) for arrays in crops]
        return self._stack(moved, rng)

    def fixed(self, rng: np.random.Generator) -> Batch:
        """One crop of every chorale, untransposed: for validation."""
        crops = [self.crops.crop(index, rng) for index in range(len(self.tokens))]
        return self._stack([self._cut(crop) for crop in crops], rng)

    def _cut(self, crop: Crop) -> Arrays:
        cells = slice(crop.start * STEPS_PER_QUARTER, crop.stop * STEPS_PER_QUARTER)
        tokens = self.tokens[crop.chorale][:, cells].copy()
        if self.vocabulary.onsets:
            held = (tokens[:, 0] > 0) & (tokens[:, 0] <= self.vocabulary.pitches)
            tokens[held, 0] += self.vocabulary.pitches
        return tokens, self.frames[crop.chorale][:, crop.start : crop.stop]

    def _transposed(
        self, tokens: NDArray[np.int64], frame: NDArray[np.int64], shift: int
    ) -> Arrays:
        if shift and self.vocabulary.onsets:
            frame = frame.copy()
            key = frame[KEY_ROW]
            frame[KEY_ROW] = (key % 12 + shift) % 12 + key // 12 * 12
        return self.vocabulary.transposed(tokens, shift), frame

    def _stack(self, crops: list[Arrays], rng: np.random.Generator) -> Batch:
        padding = self.vocabulary.padding
        longest = max(tokens.shape[1] for tokens, _ in crops)
        beats = longest // STEPS_PER_QUARTER
        tokens = np.full((len(crops), 4, longest), padding)
        frame = np.zeros((len(crops), crops[0][1].shape[0], beats), dtype=np.int64)
        real = np.zeros((len(crops), beats), dtype=np.bool_)
        given = np.ones((len(crops), 4, longest), dtype=np.bool_)
        for row, (cells, rows) in enumerate(crops):
            steps = cells.shape[1]
            tokens[row, :, :steps] = cells
            frame[row, :, : rows.shape[1]] = rows
            real[row, : rows.shape[1]] = True
            given[row, :, :steps] = draw_mask(steps, rng, **self.masks)
        given |= tokens == padding
        grid = TokenGrid(torch.from_numpy(tokens), torch.from_numpy(frame), torch.from_numpy(real))
        return Batch(grid, torch.from_numpy(given))


def _phrase_starts(chorale: Chorale, lead: int) -> NDArray[np.int64]:
    """The first beat of the padded grid, and each beat in which a note follows a fermata."""
    ends = np.flatnonzero(chorale.fermata[:-1] & ~chorale.fermata[1:]) + 1 + lead
    return np.concatenate([[0], ends // STEPS_PER_QUARTER]).astype(np.int64)
