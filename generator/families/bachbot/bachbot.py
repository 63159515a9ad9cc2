"""BachBot (Liang 2016): an LSTM that reads chorales as text, as a composer.

It writes frame by frame, soprano first, and never sees what is given later; `search` says how it
tries several ways. The key decides by how much a chorale is transposed into the common key, and
metre and pickup are not read.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Self

import numpy as np
import torch

from generator.families.bachbot.network import (
    BachbotConfig,
    BachbotNetwork,
    BachbotReader,
    tensor_shapes,
)
from generator.families.bachbot.search import (
    BeamSearch,
    ForcedText,
    ParticleSearch,
    TextSearch,
    written_notes,
)
from generator.families.base import Family
from generator.families.fill_run import FillRun
from generator.families.likelihoods import JointLikelihood, Missing
from generator.families.settings import Setting, Values
from generator.families.tensor_forms import TensorForm, Tensors
from generator.music.grid.chorale import BoolArray, Chorale, repaired_onsets


class Bachbot(Family):
    """The network with its ways to search."""

    name = "bachbot"
    Config = BachbotConfig
    settings = {
        "temperature": Setting(0.8, 0.01, 100.0, "how freely notes are drawn"),
        "particles": Setting(
            32, 1, 256, "pieces written side by side; those that expect the given notes go on"
        ),
        "greedy": Setting(
            0, 0, 1, "1: no draws, the likeliest of so many pieces; with one it is as published"
        ),
    }
    config: BachbotConfig

    def __init__(self, network: BachbotNetwork) -> None:
        self.network = network.eval()
        self.config = network.config

    @classmethod
    def debug(cls) -> Self:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            return cls(BachbotNetwork(BachbotConfig(embedding=4, hidden=8, layers=1)))

    @classmethod
    def tensors(cls, config: BachbotConfig) -> Mapping[str, TensorForm]:
        return {name: ("float16", shape) for name, shape in tensor_shapes(config).items()}

    @classmethod
    def from_tensors(cls, config: BachbotConfig, tensors: Tensors) -> Self:
        network = BachbotNetwork(config)
        network.load_state_dict(
            {
                name: torch.from_numpy(np.asarray(values, np.float32))
                for name, values in tensors.items()
            }
        )
        return cls(network)

    def to_tensors(self) -> Tensors:
        return {
            name: values.cpu().numpy().astype(np.float16)
            for name, values in self.network.state_dict().items()
        }

    @property
    def joint_likelihood(self) -> JointLikelihood | Missing:
        return Missing("the family writes the soprano of a step first, and the scores the bass")

    @cached_property
    def reader(self) -> BachbotReader:
        return BachbotReader(self.network)

    def _fill(
        self, chorale: Chorale, given: BoolArray, *, seed: int, settings: Values, run: FillRun
    ) -> Chorale:
        vocabulary = self.config.vocabulary
        with torch.inference_mode():
            search = self._search(ForcedText.of(chorale, given, vocabulary), seed, settings)
            frames = search.write(run)
        pitch, onset = written_notes(frames, chorale, vocabulary)
        pitch = np.where(given, chorale.pitch, pitch)
        onset = np.where(given, chorale.onset, repaired_onsets(pitch, onset))
        return chorale.with_voices(pitch, onset)

    def _search(self, text: ForcedText, seed: int, settings: Values) -> TextSearch:
        width = int(settings["particles"])
        if settings["greedy"]:
            return BeamSearch(self.reader, text, width)
        return ParticleSearch(
            self.reader,
            text,
            width,
            temperature=float(settings["temperature"]),
            rng=np.random.default_rng(seed),
        )
