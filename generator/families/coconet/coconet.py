"""Coconet: a convolutional network that draws blocks of cells again and again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from generator.families.base import Family
from generator.families.coconet.network import CoconetConfig, CoconetNetwork
from generator.families.coconet.rolls import HIGH, LOW, REST_ROW, pitch_rows
from generator.families.coconet.sampling import draw_in_blocks
from generator.families.fill_run import FillRun
from generator.families.likelihoods import COLUMNS, REST_COLUMN, CellDistributions
from generator.families.network_tensors import loaded, network_forms, network_tensors
from generator.families.settings import Setting, Values
from generator.families.tensor_forms import TensorForm, Tensors
from generator.music.grid.chorale import REST, BoolArray, Chorale, repaired_onsets

IMPROBABLE = -30.0
"""Log-probability of a pitch that no voice uses."""


class Coconet(Family):
    """Trained on cells missing in any number and place, it can be given any cells."""

    name = "coconet"
    Config = CoconetConfig
    settings = {
        "temperature": Setting(0.99, 0.01, 100.0, "how freely pitches and onsets are drawn"),
        "effort": Setting(1.0, 0.0, 100.0, "Gibbs steps, as a multiple of the composer's own"),
    }
    config: CoconetConfig

    def __init__(self, network: CoconetNetwork) -> None:
        self.network = network.eval()
        self.config = network.config

    @classmethod
    def debug(cls) -> Self:
        torch.manual_seed(0)
        network = CoconetNetwork(CoconetConfig(filters=4, blocks=1, steps=8))
        with torch.no_grad():
            network.last.weight.mul_(8)  # untrained, it would find all pitches equally likely
        return cls(network)

    @classmethod
    def tensors(cls, config: CoconetConfig) -> Mapping[str, TensorForm]:
        return network_forms(lambda: CoconetNetwork(config))

    @classmethod
    def from_tensors(cls, config: CoconetConfig, tensors: Tensors) -> Self:
        expected, found = [LOW, HIGH], tensors["pitches"].tolist()
        if found != expected:
            raise ValueError(f"its rolls have pitches {found}, ours {expected}; train it again")
        return cls(loaded(CoconetNetwork(config), tensors))

    def to_tensors(self) -> Tensors:
        return network_tensors(self.network)

    def _fill(
        self, chorale: Chorale, given: BoolArray, *, seed: int, settings: Values, run: FillRun
    ) -> Chorale:
        rows, onset = draw_in_blocks(
            self.network,
            pitch_rows(chorale),
            chorale.onset,
            given,
            effort=float(settings["effort"]),
            temperature=float(settings["temperature"]),
            rng=np.random.default_rng(seed),
            run=run,
        )
        written = np.where(rows == REST_ROW, REST, rows + LOW)
        pitch = np.where(given, chorale.pitch, written)
        onset = np.where(given, chorale.onset, repaired_onsets(pitch, onset))
        return chorale.with_voices(pitch, onset)

    def cell_distributions(self, chorale: Chorale, given: BoolArray) -> CellDistributions:
        """Of every cell in one shot, given those that are given."""
        cells = (pitch_rows(chorale), chorale.onset, given)
        with torch.inference_mode():
            pitch, begins = self.network(
                *(torch.from_numpy(np.array(each))[None] for each in cells)
            )
            told = pitch[0].log_softmax(dim=-1), torch.nn.functional.logsigmoid(begins[0])
        return CellDistributions(
            _by_midi(told[0][..., :REST_ROW], told[0][..., REST_ROW:]),
            _by_midi(told[1], torch.full_like(told[1][..., :1], IMPROBABLE)),
        )


def _by_midi(rows: Tensor, rest: Tensor) -> NDArray[np.float32]:
    """float32[4, T, 129]: what is told of the rows of the rolls, and of a rest."""
    table = torch.full((*rows.shape[:-1], COLUMNS), IMPROBABLE)
    table[..., LOW : HIGH + 1] = rows
    table[..., REST_COLUMN:] = rest
    by_midi: NDArray[np.float32] = table.numpy()
    return by_midi
