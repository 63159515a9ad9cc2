"""The key of a chorale from its notes and its key signature.

The signature alone cannot tell: it leaves the mode open, editors write Dorian and Mixolydian
signatures a flat or a sharp away from the key that is heard, and a few files have a wrong one. So
each key is scored by the correlation of its probe-tone profile with the durations of the twelve
pitch classes; it gains where the last bass note is its tonic and loses with every sharp or flat
between its signature and the written one. The best score is the key.

References
----------
C. L. Krumhansl, Cognitive Foundations of Musical Pitch, Oxford University Press, 1990.
"""

from __future__ import annotations

import numpy as np

from generator.music.grid.chorale import REST, PitchArray

# Krumhansl and Kessler's probe-tone ratings, tonic first.
_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
_FIFTHS = ("F", "C", "G", "D", "A", "E", "B")
_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
FINAL_BONUS = 0.25
SIGNATURE_COST = 0.05
FARTHEST_SIGNATURE = 3


def key_of(pitch: PitchArray, sharps: int) -> str:
    """The key that fits the notes, the last bass note and the key signature best.

    Parameters
    ----------
    pitch : int16[4, T]
    sharps : int
        Of the key signature; flats are negative.

    Examples
    --------
    >>> key_of(np.array([[74, 71], [67, 67], [62, 62], [55, 43]], dtype=np.int16), 1)
    'G major'
    """
    notes = pitch[pitch != REST]
    weight = np.bincount(notes % 12, minlength=12).astype(np.float64)
    bass = pitch[3][pitch[3] != REST]
    final = int(bass[-1]) % 12 if bass.size else -1
    scored = []
    for far in range(-FARTHEST_SIGNATURE, FARTHEST_SIGNATURE + 1):
        for mode, profile in (("major", _MAJOR), ("minor", _MINOR)):
            place = sharps + far + (0 if mode == "major" else 3)
            tonic = 7 * place % 12
            fit = float(np.corrcoef(weight, np.roll(profile, tonic))[0, 1])
            fit += FINAL_BONUS * (tonic == final) - SIGNATURE_COST * abs(far)
            scored.append((fit, f"{_name(place)} {mode}"))
    return max(scored)[1]


def _name(place: int) -> str:
    """The note `place` fifths above C: 1 is G, -2 is Bb, 6 is F#."""
    sharps, index = divmod(place + 1, 7)
    return _FIFTHS[index] + ("#" * sharps if sharps >= 0 else "b" * -sharps)


def tonic_class(key: str) -> int:
    """Pitch class 0..11 of a key's tonic.

    Examples
    --------
    >>> tonic_class("D minor"), tonic_class("Bb major")
    (2, 10)
    """
    tonic = key.split()[0]
    return (_LETTERS[tonic[0]] + {"": 0, "#": 1, "b": -1}[tonic[1:]]) % 12
