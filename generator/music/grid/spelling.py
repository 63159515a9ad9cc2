"""Names of notes and keys: signatures, spelling, and a key where a file names none.

Conventions
-----------
A note name has a place on the line of fifths: F = -1, C = 0, G = 1 ... B = 5, F# = 6. A signature
is its number of sharps; flats count below 0. The signature of a major key is the place of its
tonic; that of a minor key is 3 less.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

_LETTERS = "FCGDAEB"
_LETTER_PITCH = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SIGNS = {-3: "bbb", -2: "bb", -1: "b", 0: "", 1: "#", 2: "##", 3: "###"}
# Place of the tonic above the signature, and the mode of the grid, for every mode that files name.
MODES: dict[str, tuple[int, str]] = {
    "major": (0, "major"),
    "ionian": (0, "major"),
    "lydian": (-1, "major"),
    "mixolydian": (1, "major"),
    "minor": (3, "minor"),
    "aeolian": (3, "minor"),
    "dorian": (2, "minor"),
    "phrygian": (4, "minor"),
    "locrian": (5, "minor"),
}
FINAL_BONUS = 0.2
# Krumhansl and Kessler's probe-tone ratings, tonic first.
_PROFILES: dict[str, tuple[float, ...]] = {
    "major": (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    "minor": (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
}


def signature(key: str) -> int:
    """Sharps (above 0) or flats (below 0) of a key of the grid.

    Examples
    --------
    >>> signature("G major"), signature("C minor")
    (1, -3)
    """
    tonic, mode = key.split()
    place = _LETTERS.index(tonic[0]) - 1 + 7 * {"": 0, "#": 1, "b": -1}[tonic[1:]]
    return place - MODES[mode][0]


def key_name(sharps: int, mode: str) -> str:
    """The key of a signature and a mode; church modes become the nearer of major and minor.

    Raises
    ------
    ValueError
        If the mode is unknown or the tonic would need a double sign.

    Examples
    --------
    >>> key_name(1, "major"), key_name(0, "dorian")
    ('G major', 'D minor')
    """
    if mode not in MODES:
        raise ValueError(f"unknown mode {mode!r}; use one of {', '.join(sorted(MODES))}")
    above, of_grid = MODES[mode]
    letter, alter = _named(sharps + above)
    if abs(alter) > 1:
        raise ValueError(f"a signature of {sharps} sharps in {mode}; use -7 (flats) to 7 (sharps)")
    return f"{letter}{_SIGNS[alter]} {of_grid}"


def spelled(pitch: int, sharps: int) -> tuple[str, int, int]:
    """Letter, alteration and octave of a MIDI number under a signature.

    The twelve names lie from two places below the signature to nine above it: in C major
    B flat, and all else in sharps up to D sharp, as dominants of related keys ask for.

    Examples
    --------
    >>> spelled(70, 0), spelled(66, 0), spelled(68, -3)
    (('B', -1, 4), ('F', 1, 4), ('A', -1, 4))
    """
    lowest = sharps - 2
    letter, alter = _named(lowest + (7 * pitch - lowest) % 12)
    return letter, alter, (pitch - alter) // 12 - 1


def midi_number(letter: str, alter: int, octave: int) -> int:
    """The MIDI number of a name.

    Examples
    --------
    >>> midi_number("C", 0, 4), midi_number("B", 1, 3)
    (60, 60)
    """
    return _LETTER_PITCH[letter] + alter + 12 * (octave + 1)


def note_name(pitch: int, sharps: int = 0) -> str:
    """A name for people.

    Examples
    --------
    >>> note_name(60), note_name(70, -2)
    ('C4', 'Bb4')
    """
    letter, alter, octave = spelled(pitch, sharps)
    return f"{letter}{_SIGNS[alter]}{octave}"


def estimated_key(
    pitches: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    sharps: int | None = None,
    final: int | None = None,
) -> str:
    """The key whose probe-tone profile correlates best with the pitch classes.

    A key whose tonic is the last note counts for more, as at the end of a bass or of a melody.

    Parameters
    ----------
    pitches : int[n]
        MIDI numbers.
    weights : float[n], optional
        Durations; all 1 where left out.
    sharps : int, optional
        A known signature: only its major and its minor key compete.
    final : int, optional
        The last note, where it speaks for the key.

    References
    ----------
    C. L. Krumhansl, Cognitive Foundations of Musical Pitch, Oxford University Press, 1990.

    Examples
    --------
    >>> estimated_key([60, 62, 64, 65, 67, 69, 71, 72], [4, 1, 2, 1, 2, 1, 1, 4])
    'C major'
    """
    classes = np.asarray(pitches, dtype=np.int64) % 12
    counts = np.bincount(classes, weights=weights, minlength=12).astype(np.float64)
    scored = [
        (_agreement(counts, place, mode, final), key_name(place, mode))
        for place in (range(-5, 7) if sharps is None else (sharps,))
        for mode in _PROFILES
    ]
    return max(scored, key=lambda entry: entry[0])[1]


def _agreement(counts: NDArray[np.float64], sharps: int, mode: str, final: int | None) -> float:
    tonic = 7 * (sharps + MODES[mode][0]) % 12
    profile = np.roll(_PROFILES[mode], tonic)
    bonus = FINAL_BONUS if final is not None and final % 12 == tonic else 0.0
    # Twelve notes of equal weight say nothing about the key: no correlation.
    spread = counts.std() * profile.std() * len(counts)
    return float(counts @ (profile - profile.mean()) / spread if spread else 0.0) + bonus


def _named(place: int) -> tuple[str, int]:
    return _LETTERS[(place + 1) % 7], (place + 1) // 7
