"""Training data of the grid: encoded pieces, random crops of them, transposed and masked."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from generator.families.flagship_tokens import KEY_ROW, Grid, Vocabulary, encode_grid
from generator.music.corpus.jsb import load_jsb
from generator.music.corpus.splits import fold_split, tunes_split
from generator.music.corpus.works import load_corpus
from generator.music.grid.chorale import STEPS_PER_QUARTER, Chorale
from generator.training.masks import draw_mask

SHIFTS = (-5, 6)


@dataclass(frozen=True)
class Part:
    """Chorales of one part of a split, with their names in `works` of a checkpoint."""

    names: tuple[str, ...]
    chorales: tuple[Chorale, ...]

    def digest(self) -> str:
        """sha256 over names, pitches and onsets: the data hash of a checkpoint."""
        digest = hashlib.sha256()
        for name, chorale in zip(self.names, self.chorales, strict=True):
            digest.update(name.encode())
            digest.update(chorale.pitch.tobytes() + chorale.onset.tobytes())
        return digest.hexdigest()


def load_split(split: str, fold: int = 0) -> dict[str, Part]:
    """Parts train, valid and test of the split `jsb`, `tunes` or `folds` (of one fold).

    Raises
    ------
    ValueError
        If the split has another name.
    """
    if split == "jsb":
        return {
            part: Part(tuple(f"jsb/{part}/{i}" for i in range(len(chorales))), tuple(chorales))
            for part, chorales in load_jsb().items()
        }
    if split in ("tunes", "folds"):
        corpus = load_corpus()
        parts = tunes_split(corpus) if split == "tunes" else fold_split(corpus, fold)
        return {
            part: Part(names, tuple(corpus.works[name].chorale for name in names))
            for part, names in parts.items()
        }
    raise ValueError(f"unknown split {split!r}; use jsb, tunes or folds")


@dataclass(frozen=True)
class Batch:
    """What one step of training sees: a grid, and which cells are visible; padding is."""

    grid: Grid
    visible: Tensor

    def to(self, device: torch.device) -> Batch:
        return Batch(self.grid.to(device), self.visible.to(device))


Crop = tuple[NDArray[np.int64], NDArray[np.int64]]  # tokens (4, T), frame (K, N)


class Crops:
    """Random crops of encoded chorales; the longer a chorale, the more often it is met.

    `length` is in steps, whole beats. `transposed` is the share of crops that are moved by -5 to 6
    semitones.
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
        self.masks = masks  # of `draw_mask`
        self.vocabulary = vocabulary
        self.length = length
        self.transposed = transposed
        grids = [encode_grid(chorale, vocabulary) for chorale in chorales]
        self.tokens = [grid.tokens[0].numpy() for grid, _ in grids]
        self.frames = [grid.frame[0].numpy() for grid, _ in grids]
        self.starts = [
            _phrase_starts(chorale, layout.lead)
            for chorale, (_, layout) in zip(chorales, grids, strict=True)
        ]
        steps = np.array([tokens.shape[1] for tokens in self.tokens], dtype=np.float64)
        self.weights = steps / steps.sum()

    def batch(self, size: int, rng: np.random.Generator) -> Batch:
        """`size` crops, each transposed and masked at random."""
        picks = rng.choice(len(self.tokens), size=size, p=self.weights)
        crops = [self._crop(int(pick), rng) for pick in picks]
        return self._stack([self._shifted(*crop, rng) for crop in crops], rng)

    def fixed(self, rng: np.random.Generator) -> Batch:
        """One crop of every chorale, untransposed: for validation."""
        return self._stack([self._crop(i, rng) for i in range(len(self.tokens))], rng)

    def _crop(self, pick: int, rng: np.random.Generator) -> Crop:
        beats = self.tokens[pick].shape[1] // STEPS_PER_QUARTER
        length = self.length // STEPS_PER_QUARTER
        latest = max(0, beats - length)
        start = int(rng.integers(0, latest + 1))
        if rng.random() < 0.5:
            begins = self.starts[pick]
            start = int(rng.choice(begins[begins <= latest]))
        cells = slice(start * STEPS_PER_QUARTER, (start + length) * STEPS_PER_QUARTER)
        tokens = self.tokens[pick][:, cells].copy()
        if self.vocabulary.onsets:
            held = (tokens[:, 0] > 0) & (tokens[:, 0] <= self.vocabulary.pitches)
            tokens[held, 0] += self.vocabulary.pitches
        return tokens, self.frames[pick][:, start : start + length]

    def _shifted(
        self, tokens: NDArray[np.int64], frame: NDArray[np.int64], rng: np.random.Generator
    ) -> Crop:
        if rng.random() >= self.transposed:
            return tokens, frame
        shift = int(rng.integers(SHIFTS[0], SHIFTS[1] + 1))
        if self.vocabulary.onsets:
            frame = frame.copy()
            key = frame[KEY_ROW]
            frame[KEY_ROW] = (key % 12 + shift) % 12 + key // 12 * 12
        return self.vocabulary.transposed(tokens, shift), frame

    def _stack(self, crops: list[Crop], rng: np.random.Generator) -> Batch:
        padding = self.vocabulary.padding
        longest = max(tokens.shape[1] for tokens, _ in crops)
        beats = longest // STEPS_PER_QUARTER
        tokens = np.full((len(crops), 4, longest), padding)
        frame = np.zeros((len(crops), crops[0][1].shape[0], beats), dtype=np.int64)
        real = np.zeros((len(crops), beats), dtype=np.bool_)
        visible = np.ones((len(crops), 4, longest), dtype=np.bool_)
        for row, (cells, rows) in enumerate(crops):
            steps = cells.shape[1]
            tokens[row, :, :steps] = cells
            frame[row, :, : rows.shape[1]] = rows
            real[row, : rows.shape[1]] = True
            visible[row, :, :steps] = draw_mask(steps, rng, **self.masks)
        visible |= tokens == padding
        grid = Grid(torch.from_numpy(tokens), torch.from_numpy(frame), torch.from_numpy(real))
        return Batch(grid, torch.from_numpy(visible))


def _phrase_starts(chorale: Chorale, lead: int) -> NDArray[np.int64]:
    """Beats of the padded grid: the first, and every one in which a note follows a fermata."""
    ends = np.flatnonzero(chorale.fermata[:-1] & ~chorale.fermata[1:]) + 1 + lead
    return np.concatenate([[0], ends // STEPS_PER_QUARTER]).astype(np.int64)
