"""Families that put notes into a chorale which no chorale may have; `FORGED` says what is found."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from tests.generator.families.hostile import BASS, Changed


class Forger(Changed):
    """Puts `pitches` into a chorale behind its back, where no check of its own sees them."""

    pitches: ClassVar[object]

    def change(self, piece, given):
        object.__setattr__(piece, "pitch", self.forged(piece.pitch))
        return piece

    def forged(self, pitch: np.ndarray) -> object:
        written = pitch.astype(np.float64)
        written[BASS] = self.pitches
        return written


class NotANumber(Forger):
    name = "nan"
    pitches = np.nan


class Infinite(Forger):
    name = "infinite"
    pitches = np.inf


class Fractional(Forger):
    name = "fractional"
    pitches = 60.5


class FractionalObjects(Forger):
    name = "objects"
    pitches = 60.5

    def forged(self, pitch):
        return super().forged(pitch).astype(object)


class OutOfRange(Forger):
    name = "out-of-range"
    pitches = 128


class Overflowing(Forger):
    """65,596 is 60 to a cast."""

    name = "overflowing"
    pitches = 2**16 + 60


class LowestInteger(Forger):
    """Has no absolute value, and is 0 to a cast."""

    name = "lowest"

    def forged(self, pitch):
        lowest = pitch.astype(np.int64)
        lowest[BASS] = np.iinfo(np.int64).min
        return lowest


class Vector(Forger):
    name = "vector"

    def forged(self, pitch):
        return pitch.ravel()


class Nothing(Forger):
    name = "nothing"

    def forged(self, pitch):
        return None


FORGED = {
    NotANumber: "returned no chorale: pitch nan; a pitch is a whole number",
    Infinite: "returned no chorale: pitch inf; a pitch is 0..127",
    Fractional: "returned no chorale: pitch 60.5; a pitch is a whole number",
    FractionalObjects: "returned no chorale: pitches of type object",
    OutOfRange: "returned no chorale: pitch 128 in voice B at step 0",
    Overflowing: "returned no chorale: pitch 65596.0; a pitch is 0..127",
    LowestInteger: "returned no chorale: pitch -9223372036854775808; a pitch is 0..127",
    Vector: "returned no chorale: tuple index out of range",
    Nothing: "returned no chorale: 'NoneType' object has no attribute 'shape'",
}
