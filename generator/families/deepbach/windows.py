"""Training windows: some neighbouring cells of each voice with what lies around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from generator.families.deepbach.vocabulary import (
    encode,
    frame_rows,
    padded_piece,
    shifts_inside,
    transposed,
)
from generator.music.grid.chorale import Chorale

SHIFTS = (-6, 5)
"""A window is moved by at most so much: to all twelve keys, where the voices' ranges allow it."""
SIGNATURE_ROW = 2
SIGNATURES = 12


@dataclass(frozen=True)
class DeepBachBatch:
    """Windows, as `DeepBachNetwork.losses` takes them."""

    tokens: Tensor
    frame: Tensor
    targets: Tensor

    def to(self, device: torch.device) -> DeepBachBatch:
        return DeepBachBatch(self.tokens.to(device), self.frame.to(device), self.targets.to(device))


class DeepBachWindows:
    """Draws windows with `centres` neighbouring cells in the middle, anywhere in the works.

    Some of the centres may lie outside a work, whose first and last cells are thus drawn as often
    as all others.
    """

    def __init__(
        self, chorales: Sequence[Chorale], window: int, centres: int, *, bar: bool
    ) -> None:
        self.window, self.centres = window, centres
        self.edge = window + centres - 1
        self.lengths = np.array([chorale.steps for chorale in chorales])
        self.pieces = [
            padded_piece(encode(chorale), frame_rows(chorale, bar=bar), self.edge)
            for chorale in chorales
        ]
        starts = self.lengths + centres - 1
        self.weights = starts / starts.sum()

    def batch(self, size: int, rng: np.random.Generator) -> DeepBachBatch:
        """Windows of works drawn by length, each in one of the keys that fit the voices."""
        picks = rng.choice(len(self.pieces), size=size, p=self.weights)
        drawn = [self._window(int(pick), rng) for pick in picks]
        moved = [self._in_another_key(tokens, frame, rng) for tokens, frame, _ in drawn]
        return self._stacked(
            [(*pair, real) for pair, (_, _, real) in zip(moved, drawn, strict=True)]
        )

    def fixed(self, each: int, rng: np.random.Generator) -> DeepBachBatch:
        """`each` windows of every work, in its own key: for validation."""
        return self._stacked(
            [self._window(work, rng) for work in range(len(self.pieces)) for _ in range(each)]
        )

    def _window(
        self, work: int, rng: np.random.Generator
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
        start = int(rng.integers(0, self.lengths[work] + self.centres - 1))
        tokens, frame = self.pieces[work]
        cut = slice(start, start + 2 * self.window + self.centres)
        places = np.arange(start, start + self.centres) - (self.centres - 1)
        return tokens[:, cut], frame[:, cut], (places >= 0) & (places < self.lengths[work])

    def _in_another_key(
        self, tokens: NDArray[np.int64], frame: NDArray[np.int64], rng: np.random.Generator
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        semitones = int(rng.choice(np.array(shifts_inside(tokens, *SHIFTS))))
        moved = frame.copy()
        row = frame[SIGNATURE_ROW]
        moved[SIGNATURE_ROW] = np.where(row < SIGNATURES, (row + semitones) % SIGNATURES, row)
        return transposed(tokens, semitones), moved

    def _stacked(
        self,
        drawn: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]],
    ) -> DeepBachBatch:
        tokens = np.stack([each for each, _, _ in drawn])
        middle = tokens[..., self.window : self.window + self.centres]
        real = np.stack([each for _, _, each in drawn])
        return DeepBachBatch(
            torch.from_numpy(tokens),
            torch.from_numpy(np.stack([each for _, each, _ in drawn])),
            torch.from_numpy(np.where(real[:, None], middle, -1)),
        )
