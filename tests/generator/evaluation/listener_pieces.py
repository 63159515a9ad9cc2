"""The fixed pieces that pin the machine listener; run as a program, this module writes them.

The file holds machine pieces alone, so that neither the corpus nor a newly trained composer can
change what the listener makes of them. One side of each pair is the Markov chain as it is, the
other the same chain at a high temperature; a few more of the cool pieces train the model. Another
chain would write other pieces, so the file stays as it is.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from generator.evaluation.discriminator.discriminator import ExcerptPair
from generator.evaluation.viewpoints.surprisal import SurprisalModel
from generator.families.markov.markov import Markov
from generator.music.grid.chorale import Chorale
from generator.music.grid.empty_chorale import empty_chorale
from generator.registry import CHECKPOINTS

FILE = Path(__file__).parent / "pieces/listener.npz"
KEYS = ("G major", "D minor", "A major", "E minor")
READ, PAIRS, BARS = 10, 20, 3
COOL, HOT = 0.8, 1.6


def frame(index: int) -> Chorale:
    return empty_chorale(KEYS[index % len(KEYS)], bars=BARS)


def make() -> None:
    markov = Markov.load(CHECKPOINTS / "markov.safetensors")
    temperatures = [COOL] * (READ + PAIRS) + [HOT] * PAIRS
    pieces = [
        markov.fill(
            frame(index),
            np.zeros((4, frame(index).steps)),
            seed=index,
            settings={"temperature": temperature},
        )
        for index, temperature in enumerate(temperatures)
    ]
    np.savez_compressed(
        FILE,
        pitch=np.array([piece.pitch for piece in pieces], dtype=np.int8),
        onset=np.array([piece.onset for piece in pieces]),
    )


def load() -> dict[str, list[ExcerptPair]]:
    """Pairs by family, with a model of the first pieces; the cool piece takes Bach's place."""
    with np.load(FILE) as file:
        pieces = [
            frame(index).with_voices(pitch.astype(np.int16), onset)
            for index, (pitch, onset) in enumerate(zip(file["pitch"], file["onset"], strict=True))
        ]
    written = np.ones(4, dtype=bool)
    model = SurprisalModel(pieces[:READ])
    cool, hot = pieces[READ : READ + PAIRS], pieces[READ + PAIRS :]
    return {
        f"tune {index}": [ExcerptPair(one, other, written, model)]
        for index, (one, other) in enumerate(zip(cool, hot, strict=True))
    }


if __name__ == "__main__":
    make()
