"""The critic: what figures say for Bach, and what they say for the network.

Each figure of a piece has a value, and the score of a piece is the sum of its figures' values.
Trained on pairs with the same given voices, the difference of two scores estimates the log of how
much likelier Bach is to have written the one than the network, beside how likely the network is to
have written it. So pieces drawn in proportion to the network's probability, times the exponential
of the score, come nearer to Bach (`sampling.gibbs.critic_sweeps`).

*Corrections* are added to these values: of folded codes, one table for beats with a given cell and
one for open beats, where all is written (`critic_corrections`).

References
----------
Deng et al. 2020, "Residual energy-based models for text generation". Log-ratios of smoothed counts,
the first of the readings that make a value, are those of naive Bayes: Ng and Jordan 2002, "On
discriminative versus generative classifiers".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from generator.families.flagship.sampling.critic_figures import (
    CODES,
    KINDS,
    MOST_FIGURES,
    Ints,
    read_figures,
)
from generator.families.flagship.sampling.longer_figures import (
    LONGER_KINDS,
    MOST_LONGER_FIGURES,
    read_longer_figures,
)
from generator.families.flagship.tokens import KEY_ROW, KEYS, PHASE_ROW, TokenGrid, Vocabulary
from generator.families.tensor_forms import TensorForm, Tensors
from generator.music.grid.chorale import STEPS_PER_QUARTER, BoolArray

Floats = NDArray[np.float32]
GUIDED, OPEN = range(2)
FOLDED = 1 << 15
"""Codes of a kind in corrections: figures whose codes are equal modulo this share a value."""
FORMS: dict[str, TensorForm] = {
    "values": ("int8", (len(KINDS), CODES)),
    "scales": ("float32", (len(KINDS),)),
}
ALL_KINDS = (*KINDS, *LONGER_KINDS)
CORRECTIONS: dict[str, TensorForm] = {
    "corrections": ("int8", (2, len(ALL_KINDS), FOLDED)),
    "correction_scales": ("float32", (2, len(ALL_KINDS))),
}
MOST = 127  # of an int8


@dataclass(frozen=True)
class Corrections:
    """Values (2, K, FOLDED) of folded figures, each a small whole number times its kind's scale."""

    values: NDArray[np.int8]
    scales: Floats  # (2, K)

    @classmethod
    def from_table(cls, table: Floats) -> Corrections:
        return cls(*_rounded(table))

    @cached_property
    def table(self) -> Floats:
        """(2 * K * FOLDED,)"""
        return (self.values * self.scales[..., None]).astype(np.float32).reshape(-1)


class Critic:
    """Values of figures, each a small whole number times the scale of its kind."""

    def __init__(
        self,
        values: NDArray[np.int8],
        scales: Floats,
        corrections: Corrections | None = None,
    ) -> None:
        self.values, self.scales, self.corrections = values, scales, corrections
        self.table = (values * scales[:, None]).astype(np.float32).reshape(-1)

    @classmethod
    def from_table(cls, table: Floats) -> Critic:
        """Of values (kinds, `CODES`), rounded."""
        return cls(*_rounded(table))

    @classmethod
    def from_tensors(cls, tensors: Tensors) -> Critic:
        corrections = None
        if CORRECTIONS.keys() <= tensors.keys():
            corrections = Corrections(tensors["corrections"], tensors["correction_scales"])
        return cls(tensors["values"], tensors["scales"], corrections)

    def to_tensors(self) -> Tensors:
        tensors: dict[str, NDArray[Any]] = {"values": self.values, "scales": self.scales}
        if self.corrections:
            tensors["corrections"] = self.corrections.values
            tensors["correction_scales"] = self.corrections.scales
        return tensors

    def with_corrections(self, corrections: Corrections) -> Critic:
        return Critic(self.values, self.scales, corrections)

    def scores(self, grid: TokenGrid, vocabulary: Vocabulary, open_beats: BoolArray) -> Floats:
        """(B, N): the sum of the values of each quarter's figures.

        `open_beats` (B, N) are those in which nothing is given.
        """
        batch, _, length = grid.tokens.shape
        scores = np.zeros((batch, length // STEPS_PER_QUARTER), np.float32)
        read = all_figures_of if self.corrections else figures_of
        for row, (codes, steps) in enumerate(read(grid, vocabulary)):
            beats = steps // STEPS_PER_QUARTER
            first = codes < len(self.table)
            np.add.at(scores[row], beats[first], self.table[codes[first]])
            if self.corrections:
                places = folded(codes, open_beats[row, beats])
                np.add.at(scores[row], beats, self.corrections.table[places])
        return scores


def folded(codes: Ints, is_open: BoolArray) -> Ints:
    """Places in the table of corrections; `is_open` says of each figure whether its beat is."""
    kinds, within = np.divmod(codes, CODES)
    tables = np.where(is_open, OPEN, GUIDED)
    places: Ints = (tables * len(ALL_KINDS) + kinds) * FOLDED + within % FOLDED
    return places


def _rounded(table: Floats) -> tuple[NDArray[np.int8], Floats]:
    """Values as whole numbers up to `MOST`, and the scales (...) by which they are multiplied."""
    scales = np.maximum(np.abs(table).max(axis=-1), 1e-9) / MOST
    return np.rint(table / scales[..., None]).astype(np.int8), scales.astype(np.float32)


def figures_of(grid: TokenGrid, vocabulary: Vocabulary) -> Iterator[tuple[Ints, Ints]]:
    """The codes and steps of each piece's figures of `KINDS`."""
    for piece in _pieces(grid, vocabulary):
        yield piece.figures()


def all_figures_of(grid: TokenGrid, vocabulary: Vocabulary) -> Iterator[tuple[Ints, Ints]]:
    """The codes and steps of each piece's figures of `ALL_KINDS`."""
    for piece in _pieces(grid, vocabulary):
        (codes, steps), (longer_codes, longer_steps) = piece.figures(), piece.longer_figures()
        yield np.concatenate([codes, longer_codes]), np.concatenate([steps, longer_steps])


@dataclass(frozen=True)
class _Piece:
    """What figures are read from; read alone, a piece has those that it has among longer ones."""

    tokens: Ints  # (V, T)
    pitch_of: Ints
    padding: int
    bar_quarters: Ints
    minor: bool

    def figures(self) -> tuple[Ints, Ints]:
        codes, steps = self._room(MOST_FIGURES)
        count = read_figures(
            self.tokens, self.pitch_of, self.padding, self.bar_quarters, self.minor, codes, steps
        )
        return codes[:count], steps[:count]

    def longer_figures(self) -> tuple[Ints, Ints]:
        codes, steps = self._room(MOST_LONGER_FIGURES)
        count = read_longer_figures(
            self.tokens, self.pitch_of, self.padding, self.minor, codes, steps
        )
        return codes[:count], steps[:count]

    def _room(self, of_a_step: int) -> tuple[Ints, Ints]:
        size = of_a_step * self.tokens.shape[1]
        return np.empty(size, np.int64), np.empty(size, np.int64)


def _pieces(grid: TokenGrid, vocabulary: Vocabulary) -> Iterator[_Piece]:
    tokens, frame = grid.tokens.numpy(), grid.frame.numpy()
    pitch_of = vocabulary.pitch_of(torch.arange(vocabulary.padding + 1)).numpy()
    lengths = STEPS_PER_QUARTER * grid.real.sum(1).numpy()
    for row, length in enumerate(lengths.tolist()):
        yield _Piece(
            np.ascontiguousarray(tokens[row, :, :length]),
            pitch_of,
            vocabulary.padding,
            frame[row, PHASE_ROW] // STEPS_PER_QUARTER,
            bool(frame[row, KEY_ROW, 0] >= KEYS // 2),
        )
