"""Hand-made bars: lines given by the quarter, or as notes with their lengths."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from generator.music.corpus.excerpts import excerpts_of
from generator.music.corpus.works import Corpus
from generator.music.grid.chorale import REST, Chorale

ALL = [True] * 4
ATB = [False, True, True, True]
STANDING = {"soprano": 79, "alto": 67, "tenor": 60, "bass": 48}

Notes = Sequence[tuple[int, int]]  # pitch and length in steps


def quarters(*pitches: int) -> Notes:
    return [(pitch, 4) for pitch in pitches]


def eighths(*pitches: int) -> Notes:
    return [(pitch, 2) for pitch in pitches]


def bars(**frame) -> Chorale:
    """Voices by name as notes; those left out hold one note, or rest if they are None."""
    lines = {name: frame.pop(name) for name in STANDING if name in frame}
    steps = sum(length for _, length in next(line for line in lines.values() if line))
    pitch = np.full((4, steps), REST)
    onset = np.zeros((4, steps), dtype=bool)
    for voice, (name, held) in enumerate(STANDING.items()):
        start = 0
        for note, length in lines.get(name, [(held, steps)]) or ():
            pitch[voice, start : start + length] = note
            onset[voice, start] = note != REST
            start += length
    return Chorale(pitch=pitch, onset=onset, **frame)


def fermata(steps: int, *spans: tuple[int, int]) -> np.ndarray:
    marks = np.zeros(steps, dtype=bool)
    for start, stop in spans:
        marks[start:stop] = True
    return marks


def places(found: np.ndarray) -> list:
    """Where something was found: [voice or pair, step], or steps."""
    return np.argwhere(found).squeeze(axis=-1 if found.ndim == 1 else ()).tolist()


def first_excerpts(corpus: Corpus) -> list[Chorale]:
    """Of each work that has one, the excerpt that composers are scored on."""
    chorales = [work.chorale for work in corpus.works.values()]
    return [chorale.slice(*spans[0]) for chorale in chorales if (spans := excerpts_of(chorale))]
