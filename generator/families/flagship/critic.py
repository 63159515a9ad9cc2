"""The critic: what figures say for Bach, and what they say for the network.

Each figure of a piece has a value, and the score of a piece is the sum of its figures' values.
Trained on pairs with the same given voices, the difference of two scores estimates the log of how
much likelier Bach is to have written the one than the network, beside how likely the network is to
have written it. So pieces drawn in proportion to the network's probability, times the exponential
of the score, come nearer to Bach (`sampling.gibbs.critic_sweeps`).

References
----------
Deng et al. 2020, "Residual energy-based models for text generation". Log-ratios of smoothed counts,
the first of the readings that make a value, are those of naive Bayes: Ng and Jordan 2002, "On
discriminative versus generative classifiers".
"""

from __future__ import annotations

from collections.abc import Iterator

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
from generator.families.flagship.tokens import KEY_ROW, KEYS, PHASE_ROW, TokenGrid, Vocabulary
from generator.families.tensor_forms import TensorForm, Tensors
from generator.music.grid.chorale import STEPS_PER_QUARTER

Floats = NDArray[np.float32]
FORMS: dict[str, TensorForm] = {
    "values": ("int8", (len(KINDS), CODES)),
    "scales": ("float32", (len(KINDS),)),
}
MOST = 127  # of an int8


class Critic:
    """Values of figures, each a small whole number times the scale of its kind."""

    def __init__(self, values: NDArray[np.int8], scales: Floats) -> None:
        self.values, self.scales = values, scales
        self.table = (values * scales[:, None]).astype(np.float32).reshape(-1)

    @classmethod
    def from_table(cls, table: Floats) -> Critic:
        """Of values (kinds, `CODES`), rounded."""
        scales = np.maximum(np.abs(table).max(axis=1), 1e-9) / MOST
        return cls(np.rint(table / scales[:, None]).astype(np.int8), scales.astype(np.float32))

    @classmethod
    def from_tensors(cls, tensors: Tensors) -> Critic:
        return cls(tensors["values"], tensors["scales"])

    def to_tensors(self) -> Tensors:
        return {"values": self.values, "scales": self.scales}

    def scores(self, grid: TokenGrid, vocabulary: Vocabulary) -> Floats:
        """(B, N): the sum of the values of each quarter's figures."""
        batch, _, length = grid.tokens.shape
        scores = np.zeros((batch, length // STEPS_PER_QUARTER), np.float32)
        for row, (codes, steps) in enumerate(figures_of(grid, vocabulary)):
            np.add.at(scores[row], steps // STEPS_PER_QUARTER, self.table[codes])
        return scores


def figures_of(grid: TokenGrid, vocabulary: Vocabulary) -> Iterator[tuple[Ints, Ints]]:
    """The codes and steps of each piece's figures."""
    tokens = grid.tokens.numpy()
    pitch_of = vocabulary.pitch_of(torch.arange(vocabulary.padding + 1)).numpy()
    frame = grid.frame.numpy()
    # A piece is read the same alone and among longer ones.
    lengths = STEPS_PER_QUARTER * grid.real.sum(1).numpy()
    for row, length in enumerate(lengths.tolist()):
        size = MOST_FIGURES * length
        codes, steps = np.empty(size, np.int64), np.empty(size, np.int64)
        count = read_figures(
            np.ascontiguousarray(tokens[row, :, :length]),
            pitch_of,
            vocabulary.padding,
            frame[row, PHASE_ROW] // STEPS_PER_QUARTER,
            bool(frame[row, KEY_ROW, 0] >= KEYS // 2),
            codes,
            steps,
        )
        yield codes[:count], steps[:count]
