"""The textbook: every chord, rule and number that the family knows. None of them is learnt.

The numbers are costs. They were set by hand, from what textbooks of harmony forbid (`MOST`), allow
in need (`MIDDLE`) or advise against (`LEAST`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from generator.music.grid.chorale import VOICE_RANGES, BoolArray
from generator.music.measures.voice_leading import PERFECT, VOICE_PAIRS

Ints = NDArray[np.int64]
Costs = NDArray[np.float64]
Chords = Mapping[str, tuple[tuple[int, ...], str]]

LEAST, MIDDLE, MOST = 0.3, 3.0, 9.0

# Chords by name: semitones above the tonic, from the root up; and the part in a progression: T
# (tonic), S (leads to the dominant), D (dominant), or the chord that a borrowed dominant needs.
MAJOR: Chords = {
    "I": ((0, 4, 7), "T"), "ii": ((2, 5, 9), "S"), "iii": ((4, 7, 11), "T"), "IV": ((5, 9, 0), "S"),
    "V": ((7, 11, 2), "D"), "vi": ((9, 0, 4), "T"), "vii": ((11, 2, 5), "D"),
    "ii7": ((2, 5, 9, 0), "S"), "V7": ((7, 11, 2, 5), "D"), "V/V": ((2, 6, 9), "V"),
    "V7/V": ((2, 6, 9, 0), "V"), "V/vi": ((4, 8, 11), "vi"), "V7/vi": ((4, 8, 11, 2), "vi"),
}  # fmt: skip
MINOR: Chords = {
    "i": ((0, 3, 7), "T"), "ii": ((2, 5, 8), "S"), "III": ((3, 7, 10), "T"), "iv": ((5, 8, 0), "S"),
    "V": ((7, 11, 2), "D"), "VI": ((8, 0, 3), "T"), "vii": ((11, 2, 5), "D"),
    "ii7": ((2, 5, 8, 0), "S"), "V7": ((7, 11, 2, 5), "D"), "V/V": ((2, 6, 9), "V"),
    "VII": ((10, 2, 5), "III"), "V7/III": ((10, 2, 5, 8), "III"), "v": ((7, 10, 2), "T"),
    "IV": ((5, 9, 0), "S"), "I": ((0, 4, 7), "T"),
}  # fmt: skip
SELDOM = {
    "iii": 1.5, "v": 1.5, "IV minor": 1.0, "I minor": 8.0, "vii": 0.5, "V/vi": 0.6, "VII": 0.4
}  # fmt: skip
# How phrases end, and what that costs more than the perfect cadence: half closes, the cadences of
# the dominant and of the relative key, the plagal and the deceptive cadence.
CADENCES = {
    ("V", "I"): 0.0, ("V7", "I"): 0.0, ("V", "i"): 0.0, ("V7", "i"): 0.0, ("I", "V"): 0.8,
    ("i", "V"): 0.8, ("IV", "V"): 0.8, ("iv", "V"): 0.8, ("ii", "V"): 1.0, ("V/V", "V"): 0.6,
    ("V7/V", "V"): 0.6, ("V/vi", "vi"): 0.6, ("V7/vi", "vi"): 0.6, ("VII", "III"): 0.5,
    ("V7/III", "III"): 0.5, ("IV", "I"): 2.0, ("iv", "I"): 2.0, ("iv", "i"): 2.0, ("V", "vi"): 3.0,
    ("V", "VI"): 3.0,
}  # fmt: skip
TEXTBOOK_RANGES = ((60, 79), (55, 74), (48, 69), (40, 62))
# By size of a move in semitones, up to an octave. A bass may leap by fourths, fifths and octaves.
LEAPS = np.array([0.0, 0, 0, 0.3, 0.5, 0.8, 3, 1.2, 2, 2, 5, 5, 2] + [6.0] * 116)
BASS_LEAPS = np.array([0.3, 0, 0, 0.2, 0.3, 0.2, 3, 0.3, 1.5, 2, 5, 5, 0.5] + [6.0] * 116)
# By the member of the chord in the bass, root first; and of a diminished chord.
INVERSIONS, DIMINISHED = np.array([0.0, 0.7, 4, 1.5]), np.array([2.0, 0, 3, 1])


class Textbook(NamedTuple):
    """All voicings of all chords of a key, and what can be said of each by itself."""

    pitch: Ints
    """int64[rows, 4]"""
    chord: Ints
    """int64[rows]"""
    cost: Costs
    """float64[rows]"""
    inverted: BoolArray
    """bool[rows]: the bass has not the root"""
    leading: BoolArray
    """bool[rows, 4]: the third of a dominant, which wants to rise"""
    seventh: BoolArray
    """bool[rows, 4]: it wants to fall"""
    names: tuple[str, ...]
    follows: Costs
    """float64[chords, chords]: of going from one to another"""
    closes: Costs
    """float64[chords, chords]: of ending a phrase so"""
    approach: Costs
    """float64[chords]: before the last two of a phrase"""
    last: Costs
    """float64[chords]: at the end of the piece"""


@lru_cache(maxsize=24)
def book_of(tonic: int, mode: str) -> Textbook:
    """The voicings of a key, by its tonic's pitch class."""
    chords = MAJOR if mode == "major" else MINOR
    names, parts = tuple(chords), []
    for index, (name, (notes, part)) in enumerate(chords.items()):
        classes = tuple((note + tonic) % 12 for note in notes)
        pitch, cost, inverted, leading, seventh = _voicings(classes, dominant=part not in "TS")
        cost = cost + SELDOM.get(f"{name} {mode}", SELDOM.get(name, 0.0))
        parts.append((pitch, np.full(len(pitch), index), cost, inverted, leading, seventh))
    pitch, chord, cost, inverted, leading, seventh = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )
    # A piece in minor may end in major, and no phrase inside it does.
    last = {"I": -SELDOM["I minor"] * (mode == "minor"), "i": 0.0}
    return Textbook(
        pitch,
        chord,
        cost,
        inverted,
        leading,
        seventh,
        names,
        follows=np.array([[_follows(chords, one, two) for two in names] for one in names]),
        closes=np.array([[CADENCES.get((one, two), MOST) for two in names] for one in names]),
        approach=np.array([0.0 if chords[name][1] == "S" else LEAST for name in names]),
        last=np.array([last.get(name, MOST) for name in names]),
    )


def _voicings(
    classes: tuple[int, ...], *, dominant: bool
) -> tuple[Ints, Costs, BoolArray, BoolArray, BoolArray]:
    """All voicings of a chord that textbooks allow: complete, close enough and uncrossed."""
    members = [
        [pitch for pitch in range(low, high + 1) if pitch % 12 in classes]
        for low, high in VOICE_RANGES
    ]
    pitch = np.stack(np.meshgrid(*members, indexing="ij"), axis=-1).reshape(-1, 4)
    apart = -np.diff(pitch, axis=1)  # S - A, A - T, T - B
    pitch = pitch[((apart >= 0) & (apart <= (12, 12, 24))).all(axis=1)]
    doubled = np.stack([(pitch % 12 == each).sum(axis=1) for each in classes], axis=1)
    kept = (doubled[:, [0, 1, 3][: len(classes) - 1]] > 0).all(axis=1)  # the fifth may be missing
    pitch, doubled = pitch[kept], doubled[kept]
    inversion = np.array([classes.index(each) for each in (pitch[:, 3] % 12).tolist()])
    diminished = (classes[2] - classes[0]) % 12 == 6
    third = pitch % 12 == classes[1]
    seventh = pitch % 12 == (classes[3] if len(classes) > 3 else -1)
    cost = (DIMINISHED if diminished else INVERSIONS)[inversion]
    cost += 0.8 * (doubled[:, 2] == 0) + 0.4 * (doubled[:, 2] > 1)
    cost += (third.sum(axis=1) > 1) * (MOST if dominant else 1.0)
    cost += MOST * (seventh.sum(axis=1) > 1) + 0.4 * seventh.any(axis=1)
    cost += LEAST * (np.diff(pitch, axis=1) == 0).sum(axis=1)
    low, high = np.array(TEXTBOOK_RANGES).T
    cost += (np.maximum(low - pitch, 0) + np.maximum(pitch - high, 0)).sum(axis=1)
    cost += 0.04 * np.abs(pitch - (low + high) / 2).sum(axis=1)
    return pitch, cost, inversion > 0, third & dominant, seventh


def _follows(chords: Chords, one: str, two: str) -> float:
    """What it costs to go from one chord to another."""
    (notes, before), (next_notes, after) = chords[one], chords[two]
    if one == two:
        return 0.8
    if before not in "TSD":  # a dominant of another chord
        return 0.0 if two.startswith(before) or notes[0] == next_notes[0] else MIDDLE
    if before == "D" and after == "S":
        return MIDDLE
    falls_by_fifth = (notes[0] - next_notes[0]) % 12 == 7
    return {"ST": 1.0, "DD": LEAST}.get(before + after, 0.0 if falls_by_fifth else LEAST)


def moves(one: Ints, two: Ints) -> Costs:
    """float64[k1, k2]: of the size of the moves from each voicing [k1, 4] to each [k2, 4]."""
    size = np.minimum(np.abs(two[None] - one[:, None]), len(LEAPS) - 1)
    cost: Costs = LEAPS[size[..., :3]].sum(axis=-1) + BASS_LEAPS[size[..., 3]]
    cost += 0.03 * size.sum(axis=-1)
    return cost


def tendencies(one: Ints, two: Ints, leading: BoolArray, seventh: BoolArray) -> Costs:
    """float64[k1, k2]: of leading tones that do not rise and sevenths that do not fall.

    Parameters
    ----------
    one, two : int64[k1, 4], int64[k2, 4]
    leading, seventh : bool[k1, 4]
    """
    move = two[None] - one[:, None]
    stray = leading[:, None] & ((move < 0) | (move > 1))
    stray = stray | seventh[:, None] & ((move < -2) | (move > 0))
    cost: Costs = MIDDLE * stray.sum(axis=-1)
    return cost


def together(one: Ints, two: Ints) -> Costs:
    """float64[k1, k2]: of voices that move together.

    Parallel and hidden fifths and octaves, a voice that passes where its neighbour just was, and
    all four voices in one direction.
    """
    move = two[None] - one[:, None]
    direction = np.sign(move)
    cost: Costs = 1.0 * (np.abs(direction.sum(axis=-1)) == 4)
    for high, low in VOICE_PAIRS.tolist():
        first, second = (np.abs(each[:, high] - each[:, low]) % 12 for each in (one, two))
        alike = (direction[..., high] == direction[..., low]) & (direction[..., high] != 0)
        perfect = np.isin(second, PERFECT)[None] & alike
        cost += 1.5 * MOST * (perfect & (first[:, None] == second[None]))
        if (high, low) == (0, 3):  # hidden ones count between the outer voices
            cost += 4 * LEAST * (perfect & (np.abs(move[..., 0]) > 2))
        if low == high + 1:
            above = two[None, :, low] > one[:, None, high]
            cost += 1.5 * (above | (two[None, :, high] < one[:, None, low]))
    return cost
