"""DeepBach: a network for each voice, and pseudo-Gibbs sampling around what is given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import numpy as np
import torch

from generator.families.base import Family
from generator.families.deepbach.network import DeepBachConfig, DeepBachNetwork
from generator.families.deepbach.sampling import redraw_all
from generator.families.deepbach.vocabulary import (
    decode,
    encode,
    frame_rows,
    sorted_pitches,
    writable,
)
from generator.families.fill_run import FillRun
from generator.families.network_tensors import loaded, network_forms, network_tensors
from generator.families.settings import Setting, Values
from generator.families.tensor_forms import TensorForm, Tensors
from generator.music.grid.chorale import BoolArray, Chorale, repaired_onsets


class DeepBach(Family):
    """Every cell has a distribution given all others, so any cells can be given."""

    name = "deepbach"
    Config = DeepBachConfig
    settings = {
        "temperature": Setting(
            1.0, 0.01, 100.0, "temperature after cooling; it starts 1.1 times as high"
        ),
        "visits": Setting(20, 1, 1000, "how often each written cell is drawn again"),
    }
    config: DeepBachConfig

    def __init__(self, network: DeepBachNetwork) -> None:
        self.network = network.eval()
        self.config = network.config

    @classmethod
    def debug(cls) -> Self:
        torch.manual_seed(0)
        tiny = DeepBachConfig(embedding=2, hidden=4, layers=1, window=2, blocks=1)
        return cls(DeepBachNetwork(tiny))

    @classmethod
    def tensors(cls, config: DeepBachConfig) -> Mapping[str, TensorForm]:
        return network_forms(lambda: DeepBachNetwork(config))

    @classmethod
    def from_tensors(cls, config: DeepBachConfig, tensors: Tensors) -> Self:
        expected, found = sorted_pitches(), tensors["vocabulary"]
        if (wrong := np.flatnonzero(found != expected)).size:
            place = int(wrong[0])
            raise ValueError(
                f"its vocabulary has pitch {found[place]} in place {place}, where ours has "
                f"{expected[place]}; train it on the ranges of this version"
            )
        return cls(loaded(DeepBachNetwork(config), tensors))

    def to_tensors(self) -> Tensors:
        return network_tensors(self.network)

    def _fill(
        self, chorale: Chorale, given: BoolArray, *, seed: int, settings: Values, run: FillRun
    ) -> Chorale:
        tokens = redraw_all(
            self.network,
            encode(chorale),
            frame_rows(chorale, bar=self.config.bar),
            given,
            writable(chorale, given),
            visits=int(settings["visits"]),
            temperature=float(settings["temperature"]),
            rng=np.random.default_rng(seed),
            run=run,
        )
        pitch, onset = decode(tokens)
        pitch = np.where(given, chorale.pitch, pitch)
        onset = np.where(given, chorale.onset, repaired_onsets(pitch, onset))
        return chorale.with_voices(pitch, onset)
