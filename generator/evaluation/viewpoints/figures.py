"""Figures: short successions in a chorale, each as an integer, by kind.

Conventions
-----------
A *kind* of figure is read from one voice, from two, or from all. Equal integers of a kind mean the
same figure. They are 64-bit hashes of all that makes the figure up, so two figures can in principle
share one; among the hundred thousand figures of a kind that is rarer than once in a million times.
No figure depends on the key of a piece: pitches are counted from the note before, from the bass, or
from the tonic. The number at the end of a kind's name, before any letters of voices, says how many
notes, events, quarters or beats are in succession. An *event* is a step at which a voice begins a
note, a *quarter* the four steps from each quarter of the bar. A chord is the set of its pitch
classes above the bass.

Kinds
-----
lines       melody: move, length and place in the quarter; degrees: above the tonic, with the mode;
            moves; rhythm: length and place
quarters    quarter: what a voice does in a quarter; quarter_on: the same and the move into the
            next; two: the quarters of two voices and their interval; begins: which voices begin a
            note at which step, also placed in the bar; four: what all four do
pairs       intervals: of two voices, and whether each rises, falls or stays; moves: how far each
            goes; placed: the same at its place in the quarter
chords      chord: with the move of the bass; key_chord: with its degree and the mode; placed;
            spacing: intervals between neighbouring voices; moves: of all voices, also out of the
            chord before; directions: of all voices
beats       the same chords on beats alone; outer: soprano and bass, interval and moves;
            outer_degrees: above the tonic

References
----------
Conklin and Witten 1995, "Multiple viewpoint systems for music prediction", Journal of New Music
Research 24(1). Cavnar and Trenkle 1994, "N-gram-based text categorization".
"""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from generator.evaluation.viewpoints.viewpoints import (
    BASSES,
    IntArray,
    above_tonic,
    chords_at,
    event_steps,
)
from generator.music.grid.beats import on_beat
from generator.music.grid.chorale import REST, STEPS_PER_QUARTER, BoolArray, Chorale
from generator.music.grid.keys import tonic_class
from generator.music.grid.notes import note_table

Figures = dict[str, IntArray]
KindsOfVoices = dict[str, tuple[tuple[int, ...], IntArray]]
_MAX_LENGTH = 32  # steps; longer notes count as this
_MAX_MOVE = 13  # semitones; wider moves count as this
_SILENT = 99  # in place of an interval, where a voice rests
_PAIRS = tuple(combinations(range(4), 2))
_ALL = (0, 1, 2, 3)
_GOLDEN, _MULTIPLIER = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)


def figures_of(chorale: Chorale, written: BoolArray) -> Figures:
    """int64[figures] for every kind that a written voice takes part in, by name.

    Parameters
    ----------
    chorale : Chorale
    written : bool[4, T]
        A voice counts as written where any of its cells is.

    Examples
    --------
    >>> quarters = [[1, 0, 0, 0] * 3]
    >>> c = Chorale(pitch=[[72] * 4 + [74] * 4 + [76] * 4] * 4, onset=quarters * 4)
    >>> figures = figures_of(c, np.array([[True]] + [[False]] * 3))
    >>> figures["lines.moves_2_S"].shape, "lines.moves_2_A" in figures
    ((2,), False)
    """
    written_voices = np.asarray(written.any(axis=1))
    return {
        kind: figures
        for kind, (voices, figures) in _all_figures(chorale).items()
        if written_voices[list(voices)].any()
    }


@lru_cache(maxsize=512)
def distinct_figures(chorale: Chorale) -> Figures:
    """The figures of all voices, each once, by kind and in order."""
    return {kind: np.unique(figures) for kind, (_, figures) in _all_figures(chorale).items()}


@lru_cache(maxsize=4)
def _all_figures(chorale: Chorale) -> KindsOfVoices:
    """The voices that each kind is read from, and its figures."""
    return {
        **_lines(chorale),
        **_quarters(chorale),
        **_intervals(chorale),
        **_chords(chorale),
        **_beats(chorale),
    }


def _lines(chorale: Chorale) -> KindsOfVoices:
    kinds: KindsOfVoices = {}
    phase = chorale.bar_phase().astype(np.int64) % STEPS_PER_QUARTER
    tonic, minor = tonic_class(chorale.key), chorale.mode == "minor"
    for voice, letter in enumerate("SATB"):
        start, length, pitch = note_table(chorale, voice).T.astype(np.int64)
        move = _moves(pitch)
        melody = _hashed(move, length.clip(max=_MAX_LENGTH), phase[start])
        degree = _hashed((pitch - tonic) % 12, np.full(len(pitch), minor))
        for n in (1, 2, 3):
            kinds[f"lines.melody_{n}_{letter}"] = (voice,), _succession(melody, n)
            kinds[f"lines.degrees_{n}_{letter}"] = (voice,), _succession(degree, n)
            kinds[f"lines.moves_{n + 1}_{letter}"] = (voice,), _succession(move, n + 1)
        kinds[f"lines.rhythm_3_{letter}"] = (voice,), _succession(_hashed(length, phase[start]), 3)
    return kinds


def _quarters(chorale: Chorale) -> KindsOfVoices:
    place = chorale.bar_phase().astype(np.int64)
    start = np.flatnonzero(place % STEPS_PER_QUARTER == 0)
    start = start[start + STEPS_PER_QUARTER <= chorale.steps]
    steps = start + np.arange(STEPS_PER_QUARTER)[:, None]  # [4, quarters]
    pitch = chorale.pitch.astype(np.int64)
    after = np.where(
        start + STEPS_PER_QUARTER < chorale.steps,
        pitch[:, np.minimum(start + STEPS_PER_QUARTER, chorale.steps - 1)],
        REST,
    )
    kinds: KindsOfVoices = {}
    quarters = []
    for voice, letter in enumerate("SATB"):
        notes = pitch[voice][steps]
        above = np.where(notes == REST, _SILENT, notes - notes[0])
        begins = chorale.onset[voice][steps]
        quarter = _hashed(*above[1:], *begins)
        going_on = _hashed(
            quarter, np.where(after[voice] == REST, _SILENT, after[voice] - notes[0])
        )
        kinds[f"quarters.quarter_1_{letter}"] = (voice,), quarter
        kinds[f"quarters.quarter_on_1_{letter}"] = (voice,), going_on
        kinds[f"quarters.quarter_on_2_{letter}"] = (voice,), _succession(going_on, 2)
        quarters.append(quarter)
    for one, two in _PAIRS:
        interval = (pitch[one][start] - pitch[two][start]) % 12
        figure = _hashed(quarters[one], quarters[two], interval)
        kinds[f"quarters.two_1_{_letters(one, two)}"] = (one, two), figure
    begins = _hashed(*(chorale.onset[voice][row] for voice in _ALL for row in steps))
    kinds["quarters.begins_1"] = _ALL, begins
    kinds["quarters.begins_2"] = _ALL, _succession(begins, 2)
    kinds["quarters.begins_placed_1"] = _ALL, _hashed(begins, place[start])
    kinds["quarters.four_1"] = _ALL, _hashed(*quarters)
    return kinds


def _intervals(chorale: Chorale) -> KindsOfVoices:
    kinds: KindsOfVoices = {}
    phase = chorale.bar_phase().astype(np.int64) % STEPS_PER_QUARTER
    for one, two in _PAIRS:
        at = np.flatnonzero(chorale.onset[one] | chorale.onset[two])
        upper, lower = chorale.pitch[[one, two]][:, at].astype(np.int64)
        interval = (upper - lower) % 12
        interval[(upper == REST) | (lower == REST)] = _SILENT
        moves = _moves(upper), _moves(lower)
        direction = _hashed(interval, *(np.sign(move) for move in moves))
        moved = _hashed(interval, *moves)
        placed = _hashed(moved, phase[at], *chorale.onset[[one, two]][:, at])
        letters, voices = _letters(one, two), (one, two)
        for n in (1, 2, 3):
            kinds[f"pairs.intervals_{n}_{letters}"] = voices, _succession(direction, n)
        for n in (1, 2):
            kinds[f"pairs.moves_{n}_{letters}"] = voices, _succession(moved, n)
        kinds[f"pairs.placed_1_{letters}"] = voices, placed
    return kinds


def _chords(chorale: Chorale) -> KindsOfVoices:
    at = event_steps(chorale)
    pitch = chorale.pitch[:, at].astype(np.int64)
    phase = chorale.bar_phase().astype(np.int64)[at] % STEPS_PER_QUARTER
    kinds = _chord_kinds(chorale, at, "chords")
    classes = _classes(chorale, at)
    moves = np.array([_moves(line) for line in pitch])
    gaps = (_interval(upper, lower) for upper, lower in pairwise(pitch))
    before = np.concatenate([[0], classes[:-1]])[: len(classes)]
    kinds["chords.placed_1"] = _ALL, _hashed(classes, phase)
    kinds["chords.spacing_1"] = _ALL, _hashed(*gaps)
    kinds["chords.moves_1"] = _ALL, _hashed(*moves)
    kinds["chords.moves_out_1"] = _ALL, _hashed(*moves, before)
    kinds["chords.directions_2"] = _ALL, _succession(_hashed(*np.sign(moves)), 2)
    return kinds


def _beats(chorale: Chorale) -> KindsOfVoices:
    at = np.flatnonzero(on_beat(chorale))
    kinds = _chord_kinds(chorale, at, "beats")
    soprano, _, _, bass = chorale.pitch[:, at].astype(np.int64)
    outer = _hashed((soprano - bass) % 12, _moves(soprano), np.diff(bass, prepend=bass[:1]) % 12)
    above = above_tonic(chorale)[:, at]
    degrees = _hashed(above[0], above[3], np.full(len(at), chorale.mode == "minor"))
    for n in (1, 2):
        kinds[f"beats.outer_{n}"] = (0, 3), _succession(outer, n)
        kinds[f"beats.outer_degrees_{n}"] = (0, 3), _succession(degrees, n)
    return kinds


def _chord_kinds(chorale: Chorale, at: NDArray[np.intp], group: str) -> KindsOfVoices:
    kinds: KindsOfVoices = {}
    bass = chorale.pitch[3, at].astype(np.int64)
    chord = _hashed(_classes(chorale, at), np.diff(bass, prepend=bass[:1]) % 12)
    in_key = _hashed(chords_at(chorale, at), np.full(len(at), chorale.mode == "minor"))
    for n in (1, 2, 3):
        kinds[f"{group}.chord_{n}"] = _ALL, _succession(chord, n)
        kinds[f"{group}.key_chord_{n}"] = _ALL, _succession(in_key, n)
    return kinds


def _classes(chorale: Chorale, at: NDArray[np.intp]) -> IntArray:
    """int64[len(at)]: the pitch classes above the bass, whatever its degree."""
    classes: IntArray = chords_at(chorale, at) // BASSES
    return classes


def _moves(pitch: IntArray) -> IntArray:
    """int64[N]: from the note before; 0 for the first."""
    return np.diff(pitch, prepend=pitch[:1]).clip(-_MAX_MOVE, _MAX_MOVE)


def _interval(upper: IntArray, lower: IntArray) -> IntArray:
    return np.where((upper == REST) | (lower == REST), _SILENT, upper - lower)


def _letters(one: int, two: int) -> str:
    return "SATB"[one] + "SATB"[two]


def _succession(symbols: IntArray, n: int) -> IntArray:
    """int64[max(N - n + 1, 0)]: n symbols in succession as one."""
    count = max(len(symbols) - n + 1, 0)
    return _hashed(*(symbols[first : first + count] for first in range(n)))


def _hashed(*parts: ArrayLike) -> IntArray:
    """int64[N]: one integer for the parts of each of N figures, in their order."""
    code = np.zeros(np.shape(parts[0]), dtype=np.uint64)
    for part in parts:
        value = np.asarray(part).astype(np.int64).astype(np.uint64)
        code ^= value + _GOLDEN + (code << np.uint64(6)) + (code >> np.uint64(2))
        code *= _MULTIPLIER
        code ^= code >> np.uint64(29)
    return code.astype(np.int64)
