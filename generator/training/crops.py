"""Random crops: a stretch of a chorale, and by how many semitones it is transposed.

Conventions
-----------
Lengths and places are in beats of four steps. All random numbers come from the generator that is
passed in, in a fixed number and order, so that a run can be repeated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SHIFTS = (-5, 6)


@dataclass(frozen=True)
class Crop:
    """Beats `start` up to `stop` of one chorale."""

    chorale: int
    start: int
    stop: int


class CropSampler:
    """Draws crops; a longer chorale is drawn more often.

    Half the crops begin with a phrase, if one begins early enough, and the others anywhere.

    Parameters
    ----------
    beats : int for each chorale
    phrases : int[P] for each chorale
        Beats in which its phrases begin, among them the first.
    length : int
        Beats of a crop; a shorter chorale is taken whole.
    """

    def __init__(
        self, beats: Sequence[int], phrases: Sequence[NDArray[np.int64]], length: int
    ) -> None:
        self.beats = beats
        self.phrases = phrases
        self.length = length
        lengths = np.array(beats, dtype=np.float64)
        self.weights = lengths / lengths.sum()

    def draw(self, size: int, rng: np.random.Generator) -> list[Crop]:
        """Crops of `size` chorales, drawn by their lengths."""
        picks = rng.choice(len(self.beats), size=size, p=self.weights)
        return [self.crop(int(pick), rng) for pick in picks]

    def crop(self, chorale: int, rng: np.random.Generator) -> Crop:
        """A crop of this chorale."""
        latest = max(0, self.beats[chorale] - self.length)
        start = int(rng.integers(0, latest + 1))
        if rng.random() < 0.5:
            begins = self.phrases[chorale]
            start = int(rng.choice(begins[begins <= latest]))
        return Crop(chorale, start, min(start + self.length, self.beats[chorale]))


def draw_shift(share: float, rng: np.random.Generator) -> int:
    """Semitones to transpose by: within `SHIFTS` for a `share` of the crops, 0 for the others."""
    if rng.random() >= share:
        return 0
    return int(rng.integers(SHIFTS[0], SHIFTS[1] + 1))
