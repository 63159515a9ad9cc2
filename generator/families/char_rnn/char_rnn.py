"""char_rnn: an LSTM that writes a chorale as text, one character for each key that sounds.

The text says which keys sound in each step and which are struck again; it says neither who sings
them nor where the bar lines are. A fill goes through the text from left to right. Characters of
given keys are forced, all others are drawn at a temperature from those that may stand there. Then
the keys are given to voices by the rule of `generator.music.grid.voice_assignment`.

It needs no torch: a step of the network is four products of a matrix and a vector.

References
----------
A. Karpathy 2015, "The unreasonable effectiveness of recurrent neural networks" (char-rnn); carykh
2017, "I'll be Bach" (a character for each key, a space for time).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from generator.families.base import Family
from generator.families.char_rnn.cell import CharCell
from generator.families.char_rnn.decoding import given_steps, write_keys
from generator.families.char_rnn.texts import NEWLINE, SIZE, characters, tag_steps
from generator.families.fill_run import FillRun
from generator.families.settings import Setting, Values
from generator.families.tensor_forms import TensorForm, Tensors
from generator.families.tied_notes import clamp_tied_notes
from generator.music.formats.piano_text.key_text import CHARACTERS, tag_of
from generator.music.grid.chorale import BoolArray, Chorale, repaired_onsets
from generator.music.grid.voice_assignment import assigned_voices

MAX_UNITS, MAX_LAYERS = 1024, 4
CHARACTER_CODES: NDArray[np.int16] = np.array([ord(sign) for sign in CHARACTERS], dtype=np.int16)


@dataclass(frozen=True)
class CharRnnConfig:
    """The size of the network; it travels inside the checkpoint."""

    units: int = 256
    layers: int = 2

    def __post_init__(self) -> None:
        for name, most in (("units", MAX_UNITS), ("layers", MAX_LAYERS)):
            value = getattr(self, name)
            if type(value) is not int or not 1 <= value <= most:
                raise ValueError(f"{name} = {value!r}; use a whole number from 1 to {most}")


class CharRnn(Family):
    """A recurrent network over characters as a composer."""

    name = "char_rnn"
    Config = CharRnnConfig
    settings = {
        "temperature": Setting(1.0, 0.01, 100.0, "how freely characters are drawn"),
        "prefix": Setting(1, 0, 1, "1: a tag tells it composer, key and metre; 0: nothing does"),
        "prefix_bars": Setting(0, 0, 64, "bars after which the tag is repeated; 0: never"),
    }

    def __init__(self, config: CharRnnConfig, tensors: Tensors) -> None:
        self.config = config
        self._tensors = tensors
        self.cell = CharCell(config.layers, tensors)

    @classmethod
    def debug(cls) -> Self:
        rng = np.random.default_rng(0)
        config = CharRnnConfig(units=8, layers=2)
        tensors: Tensors = {
            name: rng.normal(0, 1, shape).astype(np.float16)
            for name, (kind, shape) in cls.tensors(config).items()
            if kind == "float16"
        }
        return cls(config, {**tensors, "characters": CHARACTER_CODES})

    @classmethod
    def tensors(cls, config: CharRnnConfig) -> Mapping[str, TensorForm]:
        gates = 4 * config.units
        forms: dict[str, TensorForm] = {
            "characters": ("int16", (SIZE,)),
            "head.bias": ("float16", (SIZE,)),
            "head.weight": ("float16", (SIZE, config.units)),
        }
        for layer in range(config.layers):
            inputs = config.units if layer else SIZE
            forms[f"lstm.weight_ih_l{layer}"] = ("float16", (gates, inputs))
            forms[f"lstm.weight_hh_l{layer}"] = ("float16", (gates, config.units))
            forms[f"lstm.bias_ih_l{layer}"] = ("float16", (gates,))
            forms[f"lstm.bias_hh_l{layer}"] = ("float16", (gates,))
        return forms

    @classmethod
    def from_tensors(cls, config: CharRnnConfig, tensors: Tensors) -> Self:
        theirs = tensors["characters"]
        if not np.array_equal(theirs, CHARACTER_CODES):
            place = int(np.argmax(theirs != CHARACTER_CODES))
            raise ValueError(
                f"its vocabulary has character {theirs[place]} in place {place}, ours has "
                f"{CHARACTER_CODES[place]}; train it on texts of this version"
            )
        return cls(config, tensors)

    def to_tensors(self) -> Tensors:
        return dict(self._tensors)

    def _fill(
        self, chorale: Chorale, given: BoolArray, *, seed: int, settings: Values, run: FillRun
    ) -> Chorale:
        clamped, mask = clamp_tied_notes(chorale, given)
        sounding, struck = write_keys(
            self.cell,
            given_steps(clamped, mask),
            _forced(clamped, settings),
            rng=np.random.default_rng(seed),
            temperature=float(settings["temperature"]),
            run=run,
        )
        pitch, onset = assigned_voices(
            sounding, struck, pitch=clamped.pitch, onset=clamped.onset, given=mask
        )
        onset = np.where(mask, clamped.onset, repaired_onsets(pitch, onset))
        return chorale.with_voices(pitch, onset)


def _forced(chorale: Chorale, settings: Values) -> dict[int, list[int]]:
    """Characters before a step that are fed without being written: the new line, and tags."""
    forced: dict[int, list[int]] = {0: [NEWLINE]}
    if settings["prefix"]:
        for step in [0, *tag_steps(chorale, 0, int(settings["prefix_bars"]))]:
            forced.setdefault(step, []).extend(characters(tag_of(chorale, step)).tolist())
    return forced
