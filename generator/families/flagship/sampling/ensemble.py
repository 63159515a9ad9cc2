"""Networks that write as one; most often there is only one.

The logits of a cell are the mean of theirs, so a pitch is as likely as the geometric mean of its
probabilities: what one network alone finds likely is seldom drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from generator.families.flagship.network import Network
from generator.families.flagship.sampling.biases import Floats
from generator.families.flagship.sampling.kernel_weights import cell_weights
from generator.families.flagship.sampling.kernels import CellWeights
from generator.families.flagship.tokens import TokenGrid
from generator.music.grid.chorale import STEPS_PER_QUARTER


class Ensemble:
    """Some networks of one config, whose weights no longer change."""

    def __init__(self, networks: Sequence[Network]) -> None:
        self.networks = tuple(networks)
        self.vocabulary = self.networks[0].vocabulary

    @cached_property
    def weights(self) -> CellWeights:
        """The heads of all networks: each array has their number as its first axis."""
        parts = [cell_weights(network) for network in self.networks]
        pitch_of = parts[0].pitch_of
        stacked = CellWeights(*(np.stack(arrays) for arrays in zip(*parts, strict=True)))
        return stacked._replace(pitch_of=pitch_of)

    def cell_embeddings(
        self, grid: TokenGrid, given: Tensor, rows: Tensor, beats: Tensor
    ) -> Floats:
        """(M, R, 4, V, H): of the cells of R beats, each by its row and place, by each network."""
        embeddings = [
            network.to_cells(network.beat_embeddings(grid, given)[rows, beats])
            for network in self.networks
        ]
        shape = len(embeddings), len(rows), STEPS_PER_QUARTER, 4, -1
        cells: Floats = torch.stack(embeddings).view(shape).numpy()
        return cells
