"""Melodies for the tests of phrase ends."""

from __future__ import annotations

import numpy as np

from generator.music.grid.chorale import REST, Chorale

TWINKLE = ("FFccddc2", "BBAAGGF2", "ccBBAAG2", "ccBBAAG2", "FFccddc2", "BBAAGGF2")
PITCHES = (60, 62, 64, 65, 67, 69, 70, 72, 74, 76, 77, 79, 81, 82)
NAMES = dict(zip("CDEFGABcdefgab", PITCHES, strict=True))


def melody(*words: str, key: str = "F major", **frame) -> Chorale:
    """Quarters by their names (B is B flat), 2 after a half, - for a quarter's rest."""
    pitch: list[int] = []
    onset: list[bool] = []
    for letter in "".join(words):
        if letter == "2":
            pitch += [pitch[-1]] * 4
            onset += [False] * 4
        else:
            number = NAMES.get(letter, REST)
            pitch += [number] * 4
            onset += [number != REST, False, False, False]
    rests = [[REST] * len(pitch)] * 3
    silent = [[False] * len(pitch)] * 3
    return Chorale(
        pitch=np.array([pitch, *rests]), onset=np.array([onset, *silent]), key=key, **frame
    )
