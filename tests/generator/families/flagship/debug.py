"""Small networks of the flagship and a piece for them."""

from __future__ import annotations

import numpy as np
import torch

from generator.families.flagship.flagship import Flagship
from generator.families.flagship.network import FlagshipConfig, Network
from generator.music.grid.chorale import REST, Chorale, repaired_onsets

TINY = {"width": 16, "layers": 2, "heads": 2, "hidden": 16, "token": 4, "cell": 8}


def make(steps: int = 24, seed: int = 0, **frame) -> Chorale:
    rng = np.random.default_rng(seed)
    low = np.array([[62], [57], [50], [40]])
    pitch = low + rng.integers(0, 10, size=(4, steps))
    pitch[:, 3] = REST
    onset = repaired_onsets(pitch, rng.random((4, steps)) < 0.3)
    fermata = np.zeros(steps, dtype=bool)
    fermata[-4:] = True
    frame = {"key": "Eb minor", "anacrusis": 4, **frame}
    return Chorale(pitch=pitch, onset=onset, fermata=fermata, **frame)


def debug(onsets: bool, members: int = 1, **config) -> Flagship:
    torch.manual_seed(1)
    settings = FlagshipConfig(**TINY, onsets=onsets, **config)
    return Flagship.cross_fitted([Flagship(Network(settings)) for _ in range(members)])
