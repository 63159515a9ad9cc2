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

from generator.families.flagship_tokens import Grid, Vocabulary, encode_frame
from generator.music.chorale import Chorale
from generator.music.corpus import load_corpus
from generator.music.jsb import load_jsb
from generator.music.splits import tunes_split
from generator.training.masks import draw_mask

KEY_ROW = 2  # of the frame, in `Vocabulary.frame_sizes(onsets=True)`
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


def load_split(split: str) -> dict[str, Part]:
    """Parts train, valid and test of the split `jsb` or `tunes`.

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
    if split == "tunes":
        corpus = load_corpus()
        return {
            part: Part(names, tuple(corpus.works[name].chorale for name in names))
            for part, names in tunes_split(corpus).items()
        }
    raise ValueError(f"unknown split {split!r}; use jsb or tunes")


@dataclass(frozen=True)
class Batch:
    """What one step of training sees: a grid, which cells are visible, which steps are real."""

    grid: Grid
    visible: Tensor

    def to(self, device: torch.device) -> Batch:
        return Batch(self.grid.to(device), self.visible.to(device))


class Crops:
    """Random crops of encoded chorales; the longer a chorale, the more often it is met."""

    def __init__(
        self, chorales: Sequence[Chorale], vocabulary: Vocabulary, length: int, **masks: Any
    ) -> None:
        self.masks = masks  # of `draw_mask`
        self.vocabulary = vocabulary
        self.length = length
        grids = [encode_frame(chorale, vocabulary) for chorale in chorales]
        self.tokens = [grid.tokens[0].numpy() for grid in grids]
        self.frames = [grid.frame[0].numpy() for grid in grids]
        self.starts = [_phrase_starts(chorale) for chorale in chorales]
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

    def _crop(
        self, pick: int, rng: np.random.Generator
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        steps = self.tokens[pick].shape[1]
        latest = max(0, steps - self.length)
        start = int(rng.integers(0, latest + 1))
        if rng.random() < 0.5:
            begins = self.starts[pick]
            start = int(rng.choice(begins[begins <= latest]))
        tokens = self.tokens[pick][:, start : start + self.length].copy()
        if self.vocabulary.onsets:
            held = (tokens[:, 0] > 0) & (tokens[:, 0] <= self.vocabulary.pitches)
            tokens[held, 0] += self.vocabulary.pitches
        return tokens, self.frames[pick][:, start : start + self.length]

    def _shifted(
        self, tokens: NDArray[np.int64], frame: NDArray[np.int64], rng: np.random.Generator
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        shift = int(rng.integers(SHIFTS[0], SHIFTS[1] + 1))
        tokens = np.where(tokens > 0, tokens + shift, 0)
        if self.vocabulary.onsets:
            frame = frame.copy()
            key = frame[KEY_ROW]
            frame[KEY_ROW] = (key % 12 + shift) % 12 + key // 12 * 12
        return tokens, frame

    def _stack(
        self, crops: list[tuple[NDArray[np.int64], NDArray[np.int64]]], rng: np.random.Generator
    ) -> Batch:
        longest = max(tokens.shape[1] for tokens, _ in crops)
        tokens = np.zeros((len(crops), 4, longest), dtype=np.int64)
        frame = np.zeros((len(crops), crops[0][1].shape[0], longest), dtype=np.int64)
        real = np.zeros((len(crops), longest), dtype=np.bool_)
        visible = np.ones((len(crops), 4, longest), dtype=np.bool_)
        for row, (cells, rows) in enumerate(crops):
            steps = cells.shape[1]
            tokens[row, :, :steps] = cells
            frame[row, :, :steps] = rows
            real[row, :steps] = True
            visible[row, :, :steps] = draw_mask(steps, rng, **self.masks)
        grid = Grid(torch.from_numpy(tokens), torch.from_numpy(frame), torch.from_numpy(real))
        return Batch(grid, torch.from_numpy(visible))


def _phrase_starts(chorale: Chorale) -> NDArray[np.int64]:
    """Step 0 and every step after a fermata."""
    ends = np.flatnonzero(chorale.fermata[:-1] & ~chorale.fermata[1:]) + 1
    return np.concatenate([[0], ends]).astype(np.int64)
