"""The biaxial LSTM of Daniel Johnson ("hexahedria", 2015) as a composer.

It writes a piano roll: step after step, and within a step key after key from the lowest. Which
voice sings which key is found afterwards. `network` is the network, `sampling` how the roll is
written.

References
----------
D. Johnson, "Composing music with recurrent neural networks", 2015,
https://www.danieldjohnson.com/2015/08/03/composing-music-with-recurrent-neural-networks/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import numpy as np
from numpy.typing import NDArray

from generator.families.base import Family
from generator.families.biaxial.forms import BiaxialConfig, forms_of
from generator.families.biaxial.piano_roll import BEGINS, PLAYS, beat_bits, roll_of
from generator.families.biaxial.sampling import Drawing, RollTask, SamplerWeights, write_roll
from generator.families.fill_run import FillRun
from generator.families.likelihoods import JointLikelihood, Missing
from generator.families.settings import Setting, Values
from generator.families.tensor_forms import TensorForm, Tensors
from generator.music.grid.chorale import REST, BoolArray, Chorale
from generator.music.grid.voice_assignment import KEYS, assigned_voices, free_ranges


class Biaxial(Family):
    """The network along time and along notes as a composer."""

    name = "biaxial"
    Config = BiaxialConfig
    settings = {
        "temperature": Setting(1.0, 0.01, 100.0, "divides the log-odds of both choices of a key"),
        "adaptation": Setting(
            0.02, 0.0, 1.0, "how much likelier keys become with each step of fewer than two; 0: not"
        ),
    }
    config: BiaxialConfig

    def __init__(self, config: BiaxialConfig, tensors: Tensors) -> None:
        self.config = config
        self._tensors = tensors
        self.sampler = SamplerWeights.of(tensors)

    @classmethod
    def debug(cls) -> Self:
        config = BiaxialConfig(time_width=6, note_width=4)
        rng = np.random.default_rng(0)
        tensors = {
            name: rng.normal(0, 0.5, shape).astype(kind)
            for name, (kind, shape) in forms_of(config).items()
        }
        tensors["output.bias"] = np.array([-2.5, -1.0], np.float16)  # three or four keys a step
        return cls(config, tensors)

    @classmethod
    def tensors(cls, config: BiaxialConfig) -> Mapping[str, TensorForm]:
        return forms_of(config)

    @classmethod
    def from_tensors(cls, config: BiaxialConfig, tensors: Tensors) -> Self:
        return cls(config, tensors)

    def to_tensors(self) -> Tensors:
        return self._tensors

    @property
    def joint_likelihood(self) -> JointLikelihood | Missing:
        return Missing("it knows how probable keys of a piano are, and nothing of voices")

    def _fill(
        self, chorale: Chorale, given: BoolArray, *, seed: int, settings: Values, run: FillRun
    ) -> Chorale:
        roll, likeliest = self.drawn(chorale, given, seed=seed, settings=settings, run=run)
        run.check()
        piece = self._with_voices(chorale, given, roll)
        if (piece.pitch[~given] == REST).all():
            # A fill of rests is no fill: then each step has its likeliest key after all.
            piece = self._with_voices(chorale, given, _sounding(roll, likeliest))
        return piece

    def drawn(
        self, chorale: Chorale, given: BoolArray, *, seed: int, settings: Values, run: FillRun
    ) -> tuple[BoolArray, NDArray[np.intp]]:
        """The roll bool[T, N, 2] before it has voices, and the likeliest open key of each step."""
        drawing = Drawing(settings["temperature"], settings["adaptation"])
        rng = np.random.default_rng(seed)
        return write_roll(self.sampler, self.config, self._task(chorale, given), rng, drawing, run)

    def _task(self, chorale: Chorale, given: BoolArray) -> RollTask:
        lowest, keys = self.config.lowest, self.config.keys
        pitches = lowest + np.arange(keys)
        low, high = free_ranges(chorale.pitch, given)  # between the given voices of a step
        within = (low[..., None] <= pitches) & (pitches <= high[..., None])  # [4, T, N]
        return RollTask(
            fixed=roll_of(chorale, given, lowest, keys),
            open=np.array((~given[..., None] & within).any(axis=0)),
            beats=beat_bits(chorale.bar_phase()),
        )

    def _with_voices(self, chorale: Chorale, given: BoolArray, roll: BoolArray) -> Chorale:
        wide = np.zeros((len(roll), KEYS, 2), dtype=np.bool_)
        wide[:, self.config.lowest : self.config.lowest + self.config.keys] = roll
        pitch, onset = assigned_voices(
            wide[..., PLAYS],
            wide[..., BEGINS],
            pitch=chorale.pitch,
            onset=chorale.onset,
            given=given,
        )
        return chorale.with_voices(pitch, onset)


def _sounding(roll: BoolArray, likeliest: NDArray[np.intp]) -> BoolArray:
    """The roll with the likeliest key of each step that has open ones."""
    steps = np.flatnonzero(likeliest >= 0)
    sounding = roll.copy()
    sounding[steps, likeliest[steps], PLAYS] = True
    return sounding
