"""Training examples: eight bars of a chorale as a piano roll, in any key that fits the keyboard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from generator.families.biaxial.forms import BiaxialConfig
from generator.families.biaxial.piano_roll import PLAYS, beat_bits, key_inputs, roll_of
from generator.music.grid.chorale import BoolArray, Chorale
from generator.training.crops import SHIFTS


@dataclass(frozen=True)
class SegmentBatch:
    """Segments of chorales; the end of a shorter one is padding."""

    inputs: Tensor  # float32 (B, T, N, 79)
    roll: Tensor  # float32 (B, T, N, 2)
    real: Tensor  # float32 (B, T), 0 in padding

    def to(self, device: torch.device) -> SegmentBatch:
        return SegmentBatch(self.inputs.to(device), self.roll.to(device), self.real.to(device))


class SegmentSampler:
    """Segments that begin with a bar; a longer chorale is drawn more often.

    Parameters
    ----------
    chorales : sequence of Chorale
    config : BiaxialConfig
    length : steps of a segment
    """

    def __init__(self, chorales: Sequence[Chorale], config: BiaxialConfig, length: int) -> None:
        self.config = config
        self.length = length
        self.rolls = [
            roll_of(each, np.ones(each.pitch.shape, dtype=np.bool_), config.lowest, config.keys)
            for each in chorales
        ]
        self.phases = [each.bar_phase() for each in chorales]
        lengths = np.array([each.steps for each in chorales], dtype=np.float64)
        self.weights = lengths / lengths.sum()

    def batch(self, size: int, rng: np.random.Generator) -> SegmentBatch:
        """`size` segments, each in a key drawn from those that fit."""
        picks = rng.choice(len(self.rolls), size=size, p=self.weights)
        segments = []
        for pick in picks.tolist():
            phase = self.phases[pick]
            bars = np.union1d([0], np.flatnonzero(phase == 0))
            latest = max(0, len(phase) - self.length)
            start = int(rng.choice(bars[bars <= latest]))
            seen = self.rolls[pick][max(0, start - 1) : start + self.length]
            fitting = fitting_shifts(seen)
            segments.append((pick, start, int(rng.choice(fitting))))
        return self._stacked(segments)

    def fixed(self) -> SegmentBatch:
        """The beginning of each chorale in its own key: for validation."""
        return self._stacked([(index, 0, 0) for index in range(len(self.rolls))])

    def _stacked(self, segments: Sequence[tuple[int, int, int]]) -> SegmentBatch:
        keys = self.config.keys
        roll = np.zeros((len(segments), self.length, keys, 2), dtype=np.bool_)
        previous = np.zeros_like(roll)
        phase = np.zeros((len(segments), self.length), dtype=np.int16)
        real = np.zeros((len(segments), self.length), dtype=np.float32)
        for row, (pick, start, shift) in enumerate(segments):
            whole = self.rolls[pick]
            steps = min(self.length, len(whole) - start)
            moved = np.roll(whole[max(0, start - 1) : start + steps], shift, axis=1)
            roll[row, :steps] = moved[-steps:]
            if start:
                previous[row, :steps] = moved[:-1]
            else:
                previous[row, 1:steps] = moved[:-1]
            phase[row, :steps] = self.phases[pick][start : start + steps]
            real[row, :steps] = 1
        inputs = np.stack(
            [
                key_inputs(before, beat_bits(beats), self.config.lowest)
                for before, beats in zip(previous, phase, strict=True)
            ]
        )
        return SegmentBatch(
            torch.from_numpy(inputs),
            torch.from_numpy(roll.astype(np.float32)),
            torch.from_numpy(real),
        )


def fitting_shifts(roll: BoolArray) -> list[int]:
    """The semitones, of those between `SHIFTS`, that move every note of a roll to a key.

    Examples
    --------
    >>> roll = np.zeros((1, 5, 2), dtype=bool)
    >>> roll[0, 1:4, 0] = True
    >>> fitting_shifts(roll)
    [-1, 0, 1]
    """
    used = np.flatnonzero(roll[..., PLAYS].any(axis=0))
    if not len(used):
        return [0]
    below, above = int(used[0]), roll.shape[1] - 1 - int(used[-1])
    return list(range(max(SHIFTS[0], -below), min(SHIFTS[1], above) + 1))
