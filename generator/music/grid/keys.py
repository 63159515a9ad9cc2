"""The key of a piece, estimated from its notes.

A key signature alone does not settle the key: it leaves the mode open, editors write Dorian and
Mixolydian signatures a flat or a sharp away from the key that is heard, and a few files have a
wrong one. Both estimates correlate the durations of the twelve pitch classes with the probe-tone
profile of each key. `key_of` is for the works of the corpus: a key gains if the last bass note is
its tonic, and loses for every sharp or flat between its signature and the written one.
`estimated_key` is for files from outside, which may have no signature, or one voice alone.

References
----------
C. L. Krumhansl, Cognitive Foundations of Musical Pitch, Oxford University Press, 1990.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from generator.music.grid.chorale import REST, PitchArray
from generator.music.grid.spelling import MODES, key_name, midi_number, tonic_name

# Krumhansl and Kessler's probe-tone ratings, tonic first.
_PROFILES: dict[str, tuple[float, ...]] = {
    "major": (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    "minor": (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
}
KEY_OF_FINAL_BONUS = 0.25
KEY_OF_SIGNATURE_COST = 0.05
KEY_OF_MAX_DISTANCE = 3
ESTIMATED_KEY_FINAL_BONUS = 0.2


def key_of(pitch: PitchArray, sharps: int) -> str:
    """The key that best fits the notes, the last bass note and the key signature.

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
    for distance in range(-KEY_OF_MAX_DISTANCE, KEY_OF_MAX_DISTANCE + 1):
        for mode in _PROFILES:
            place = sharps + distance + MODES[mode][0]
            tonic = 7 * place % 12
            fit = _profile_fit(weight, tonic, mode)
            fit += KEY_OF_FINAL_BONUS * (tonic == final) - KEY_OF_SIGNATURE_COST * abs(distance)
            scored.append((fit, f"{tonic_name(place)} {mode}"))
    return max(scored)[1]


def estimated_key(
    pitches: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    sharps: int | None = None,
    final: int | None = None,
) -> str:
    """The key whose profile correlates best with the pitch classes.

    A key gains if its tonic is the last note, as at the end of a bass or of a melody.

    Parameters
    ----------
    pitches : int[n]
        MIDI numbers.
    weights : float[n], optional
        Durations; all 1 if left out.
    sharps : int, optional
        A known signature: only its major and its minor key compete.
    final : int, optional
        The last note, if it says something about the key.

    Examples
    --------
    >>> estimated_key([60, 62, 64, 65, 67, 69, 71, 72], [4, 1, 2, 1, 2, 1, 1, 4])
    'C major'
    """
    signatures = range(-5, 7) if sharps is None else (sharps,)
    keys = [key_name(place, mode) for place in signatures for mode in _PROFILES]
    fits = key_fits(keys, pitches, weights, final=final)
    return max(fits, key=lambda key: fits[key])


def key_fits(
    keys: Iterable[str],
    pitches: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    final: int | None = None,
) -> dict[str, float]:
    """How well each key fits the notes: the correlation, -1..1, and more if it ends on the tonic.

    The arguments are those of `estimated_key`.

    Examples
    --------
    >>> fits = key_fits(["C major", "A minor"], [69, 71, 72, 68, 69], final=69)
    >>> fits["A minor"] > fits["C major"]
    True
    """
    classes = np.asarray(pitches, dtype=np.int64) % 12
    counts = np.bincount(classes, weights=weights, minlength=12).astype(np.float64)
    fits = {}
    for key in keys:
        tonic = tonic_class(key)
        fits[key] = _profile_fit(counts, tonic, key.split()[1])
        if final is not None and final % 12 == tonic:
            fits[key] += ESTIMATED_KEY_FINAL_BONUS
    return fits


def tonic_class(key: str) -> int:
    """Pitch class 0..11 of a key's tonic.

    Examples
    --------
    >>> tonic_class("D minor"), tonic_class("Bb major")
    (2, 10)
    """
    tonic = key.split()[0]
    return midi_number(tonic[0], {"": 0, "#": 1, "b": -1}[tonic[1:]], -1) % 12


def _profile_fit(counts: NDArray[np.float64], tonic: int, mode: str) -> float:
    """Correlation of the pitch classes with the profile of a key."""
    profile = np.roll(_PROFILES[mode], tonic)
    # Twelve notes of equal weight say nothing about the key: no correlation.
    spread = counts.std() * profile.std() * len(counts)
    return float(counts @ (profile - profile.mean()) / spread if spread else 0.0)
