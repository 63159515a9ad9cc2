"""Viewpoints: a chorale read as sequences of symbols, each symbol with what came before it.

Conventions
-----------
A *viewpoint* reads a chorale as one sequence for each voice, or each set of voices, that it is
about. A sequence has one symbol per event, and for each symbol its contexts, from the general to
the specific. Symbols and contexts are integers; equal integers mean the same thing. Nothing depends
on the key of a piece: pitches are counted from the tonic, from the bass, or from the note before.

Viewpoints
----------
melody      each voice: move in semitones, length, place in the beat; after the two before it
degrees     each voice: pitch class above the tonic, mode; after the two before it
intervals   each pair of voices, at each event: interval mod 12 and what each voice does (up, down,
            stays); after the two before it
chords      all voices, at each event: pitch classes above the bass, bass above the tonic; after the
            two before it
harmony     the same on beats alone
member      each voice, at each event: its pitch class above the tonic; in what the other three have
leading     all voices, at each event: the move of each; out of the chord before
rhythm      all voices, at each step: which begin a note; at the place in the bar, after the two
            steps before
cadence     all voices, on the last four beats of each phrase: chord; by the beats left, after the
            chord before

References
----------
Conklin and Witten 1995, "Multiple viewpoint systems for music prediction", Journal of New Music
Research 24(1).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from generator.music.grid.beats import on_beat
from generator.music.grid.chorale import REST, STEPS_PER_QUARTER, Chorale
from generator.music.grid.keys import tonic_class
from generator.music.grid.notes import note_table
from generator.music.grid.phrases import phrase_ends

IntArray = NDArray[np.int64]
_MAX_LENGTH = 32  # steps; longer notes count as this
_MAX_MOVE = 13  # semitones; wider moves count as this
_MOVES = 2 * _MAX_MOVE + 1
_SILENT = 12  # in place of a pitch class
BASSES = _SILENT + 1  # degrees of a bass, and its rests
_CHORDS = (1 << 12) * BASSES
_CADENCE = 4  # beats


@dataclass(frozen=True)
class SymbolSequence:
    """int64[N] symbols, and int64[N] for each of their contexts."""

    symbols: IntArray
    contexts: tuple[IntArray, ...]


@dataclass(frozen=True)
class Viewpoint:
    """A reading of a chorale, and the voices that each of its sequences is about."""

    read: Callable[[Chorale], list[SymbolSequence]]
    voices: tuple[tuple[int, ...], ...]


def melody(chorale: Chorale) -> list[SymbolSequence]:
    phase = chorale.bar_phase() % STEPS_PER_QUARTER
    sequences = []
    for voice in range(4):
        start, length, pitch = note_table(chorale, voice).T.astype(np.int64)
        move = np.diff(pitch, prepend=pitch[:1]).clip(-_MAX_MOVE, _MAX_MOVE) + _MAX_MOVE
        parts = (move, length.clip(max=_MAX_LENGTH - 1), phase[start])
        sequences.append(_after_two(*_combined(parts, (_MOVES, _MAX_LENGTH, STEPS_PER_QUARTER))))
    return sequences


def degrees(chorale: Chorale) -> list[SymbolSequence]:
    tonic, minor = tonic_class(chorale.key), chorale.mode == "minor"
    notes = [note_table(chorale, voice)[:, 2].astype(np.int64) for voice in range(4)]
    return [
        _after_two(*_combined(((pitch - tonic) % 12, np.full(len(pitch), minor)), (12, 2)))
        for pitch in notes
    ]


def intervals(chorale: Chorale) -> list[SymbolSequence]:
    sequences = []
    for one, two in combinations(range(4), 2):
        at = np.flatnonzero(chorale.onset[one] | chorale.onset[two])
        upper, lower = chorale.pitch[[one, two]][:, at].astype(np.int64)
        silent = (upper == REST) | (lower == REST)
        interval = np.where(silent, _SILENT, np.abs(upper - lower) % 12)
        motions = (np.sign(np.diff(line, prepend=line[:1])) + 1 for line in (upper, lower))
        sequences.append(_after_two(*_combined((interval, *motions), (_SILENT + 1, 3, 3))))
    return sequences


def chords(chorale: Chorale) -> list[SymbolSequence]:
    return [_after_two(chords_at(chorale, event_steps(chorale)), _CHORDS)]


def harmony(chorale: Chorale) -> list[SymbolSequence]:
    return [_after_two(chords_at(chorale, np.flatnonzero(on_beat(chorale))), _CHORDS)]


def member(chorale: Chorale) -> list[SymbolSequence]:
    at = event_steps(chorale)
    above = above_tonic(chorale)[:, at]
    classes = np.where(above == _SILENT, 0, 1 << above)
    minor = np.full(len(at), chorale.mode == "minor")
    sequences = []
    for voice in range(4):
        others = [v for v in range(4) if v != voice]
        chord = np.bitwise_or.reduce(classes[others], axis=0)
        # The bass is read against the soprano, the other voices against the bass.
        parts = (minor, above[0 if voice == 3 else 3], chord)
        sizes = (2, _SILENT + 1, 1 << 12)
        contexts = (_combined(parts[:2], sizes[:2])[0], _combined(parts, sizes)[0])
        sequences.append(SymbolSequence(above[voice], contexts))
    return sequences


def leading(chorale: Chorale) -> list[SymbolSequence]:
    at = event_steps(chorale)
    pitch = chorale.pitch[:, at].astype(np.int64)
    moves = np.diff(pitch, prepend=pitch[:, :1]).clip(-_MAX_MOVE, _MAX_MOVE) + _MAX_MOVE
    bass = above_tonic(chorale)[3, at]
    symbols, _ = _combined(tuple(moves), (_MOVES,) * 4)
    return [SymbolSequence(symbols, (_previous(bass), _previous(chords_at(chorale, at))))]


def rhythm(chorale: Chorale) -> list[SymbolSequence]:
    begins = (np.array([1, 2, 4, 8]) @ chorale.onset).astype(np.int64)
    place = chorale.bar_phase().astype(np.int64)
    parts = (place % STEPS_PER_QUARTER, _previous(begins), _previous(_previous(begins)), place)
    sizes = (STEPS_PER_QUARTER, 17, 18, 1 << 12)
    contexts = tuple(_combined(parts[:n], sizes[:n])[0] for n in range(1, 5))
    return [SymbolSequence(begins, contexts)]


def cadence(chorale: Chorale) -> list[SymbolSequence]:
    beats = np.flatnonzero(on_beat(chorale))
    at: list[int] = []
    left: list[int] = []
    for end in phrase_ends(chorale):
        last = int(np.searchsorted(beats, end))
        first = max(0, last - _CADENCE)
        at += beats[first:last].tolist()
        left += range(last - first, 0, -1)
    chord = chords_at(chorale, np.array(at, dtype=np.intp))
    count = np.array(left, dtype=np.int64)
    before = np.where(count == _CADENCE, 0, _previous(chord))
    contexts = (count, _combined((count, before), (_CADENCE + 1, _CHORDS + 1))[0])
    return [SymbolSequence(chord, contexts)]


_EACH_VOICE = tuple((voice,) for voice in range(4))
_EACH_PAIR = tuple(combinations(range(4), 2))
_ALL_VOICES = ((0, 1, 2, 3),)
VIEWPOINTS: dict[str, Viewpoint] = {
    "melody": Viewpoint(melody, _EACH_VOICE),
    "degrees": Viewpoint(degrees, _EACH_VOICE),
    "intervals": Viewpoint(intervals, _EACH_PAIR),
    "chords": Viewpoint(chords, _ALL_VOICES),
    "harmony": Viewpoint(harmony, _ALL_VOICES),
    "member": Viewpoint(member, _EACH_VOICE),
    "leading": Viewpoint(leading, _ALL_VOICES),
    "rhythm": Viewpoint(rhythm, _ALL_VOICES),
    "cadence": Viewpoint(cadence, _ALL_VOICES),
}


def event_steps(chorale: Chorale) -> NDArray[np.intp]:
    """Steps at which a voice begins a note."""
    return np.flatnonzero(chorale.onset.any(axis=0))


def above_tonic(chorale: Chorale) -> IntArray:
    """int64[4, T]: pitch classes above the tonic, `_SILENT` in rests."""
    above = (chorale.pitch.astype(np.int64) - tonic_class(chorale.key)) % 12
    return np.where(chorale.pitch == REST, _SILENT, above)


def chords_at(chorale: Chorale, at: NDArray[np.intp]) -> IntArray:
    """int64[len(at)], below `_CHORDS`: pitch classes above the bass, the bass above the tonic."""
    pitch = chorale.pitch[:, at].astype(np.int64)
    # Where the bass rests, pitch classes are counted above C.
    foundation = np.where(pitch[3] == REST, 0, pitch[3])
    classes = np.where(pitch == REST, 0, 1 << ((pitch - foundation) % 12))
    parts = (np.bitwise_or.reduce(classes, axis=0), above_tonic(chorale)[3, at])
    return _combined(parts, (1 << 12, BASSES))[0]


def _combined(parts: Sequence[NDArray[np.generic]], sizes: Sequence[int]) -> tuple[IntArray, int]:
    """One integer for several, each below its size, and the size of the result."""
    code = np.zeros(len(parts[0]), dtype=np.int64)
    for part, size in zip(parts, sizes, strict=True):
        code = code * size + part.astype(np.int64)
    return code, math.prod(sizes)


def _previous(symbols: IntArray) -> IntArray:
    """The symbol one place before, plus one; 0 at the beginning of the sequence."""
    return np.concatenate([[0], symbols[:-1] + 1]).astype(np.int64)[: len(symbols)]


def _after_two(symbols: IntArray, size: int) -> SymbolSequence:
    """Symbols in the context of the one before, and of the two before."""
    one = _previous(symbols)
    return SymbolSequence(symbols, (one, one * (size + 2) + _previous(one)))
