"""How the machine listener reads a chorale: rows of symbols, each with what stood before it.

Conventions
-----------
A *view* reads a chorale as rows, one for each voice or set of voices that it reads. A row has one
symbol an event, and for each symbol its contexts, from the general to the special; symbols and
contexts are whole numbers, equal where what they stand for is equal. Nothing depends on the key
that a piece stands in: pitches are counted from the tonic, from the bass, or from the note before.

Views
-----
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
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from generator.music.corpus.excerpts import phrase_ends
from generator.music.grid.beats import on_beat
from generator.music.grid.chorale import REST, STEPS_PER_QUARTER, Chorale
from generator.music.grid.keys import tonic_class
from generator.music.grid.notes import note_table

IntArray = NDArray[np.int64]
_LONGEST = 32  # steps; longer notes count as this
_WIDEST = 13  # semitones; wider moves count as this
_MOVES = 2 * _WIDEST + 1
_SILENT = 12  # in place of a pitch class
_CHORDS = (1 << 12) * (_SILENT + 1)
_CADENCE = 4  # beats


@dataclass(frozen=True)
class Row:
    """int64[N] symbols, and int64[N] of every context."""

    symbols: IntArray
    contexts: tuple[IntArray, ...]


def melody(chorale: Chorale) -> list[Row]:
    phase = chorale.bar_phase() % STEPS_PER_QUARTER
    rows = []
    for voice in range(4):
        start, length, pitch = note_table(chorale, voice).T.astype(np.int64)
        move = np.diff(pitch, prepend=pitch[:1]).clip(-_WIDEST, _WIDEST) + _WIDEST
        parts = (move, length.clip(max=_LONGEST - 1), phase[start])
        rows.append(_in_order(*_joined(parts, (_MOVES, _LONGEST, STEPS_PER_QUARTER))))
    return rows


def degrees(chorale: Chorale) -> list[Row]:
    tonic, minor = tonic_class(chorale.key), chorale.mode == "minor"
    notes = [note_table(chorale, voice)[:, 2].astype(np.int64) for voice in range(4)]
    return [
        _in_order(*_joined(((pitch - tonic) % 12, np.full(len(pitch), minor)), (12, 2)))
        for pitch in notes
    ]


def intervals(chorale: Chorale) -> list[Row]:
    rows = []
    for one, two in combinations(range(4), 2):
        at = np.flatnonzero(chorale.onset[one] | chorale.onset[two])
        upper, lower = chorale.pitch[[one, two]][:, at].astype(np.int64)
        silent = (upper == REST) | (lower == REST)
        apart = np.where(silent, _SILENT, np.abs(upper - lower) % 12)
        up, down = (np.sign(np.diff(line, prepend=line[:1])) + 1 for line in (upper, lower))
        rows.append(_in_order(*_joined((apart, up, down), (_SILENT + 1, 3, 3))))
    return rows


def chords(chorale: Chorale) -> list[Row]:
    return [_in_order(_chords_at(chorale, _events(chorale)), _CHORDS)]


def harmony(chorale: Chorale) -> list[Row]:
    return [_in_order(_chords_at(chorale, np.flatnonzero(on_beat(chorale))), _CHORDS)]


def member(chorale: Chorale) -> list[Row]:
    at = _events(chorale)
    above = _above_tonic(chorale)[:, at]
    has = np.where(above == _SILENT, 0, 1 << above)
    minor = np.full(len(at), chorale.mode == "minor")
    rows = []
    for voice in range(4):
        others = [v for v in range(4) if v != voice]
        beside = np.bitwise_or.reduce(has[others], axis=0)
        # The bass hears the soprano, the others hear the bass.
        parts = (minor, above[0 if voice == 3 else 3], beside)
        sizes = (2, _SILENT + 1, 1 << 12)
        rows.append(Row(above[voice], (_joined(parts[:2], sizes[:2])[0], _joined(parts, sizes)[0])))
    return rows


def leading(chorale: Chorale) -> list[Row]:
    at = _events(chorale)
    pitch = chorale.pitch[:, at].astype(np.int64)
    moves = np.diff(pitch, prepend=pitch[:, :1]).clip(-_WIDEST, _WIDEST) + _WIDEST
    bass = _above_tonic(chorale)[3, at]
    symbols, _ = _joined(tuple(moves), (_MOVES,) * 4)
    return [Row(symbols, (_after(bass), _after(_chords_at(chorale, at))))]


def rhythm(chorale: Chorale) -> list[Row]:
    begins = (np.array([1, 2, 4, 8]) @ chorale.onset).astype(np.int64)
    place = chorale.bar_phase().astype(np.int64)
    parts = (place % STEPS_PER_QUARTER, _after(begins), _after(_after(begins)), place)
    sizes = (STEPS_PER_QUARTER, 17, 18, 1 << 12)
    contexts = tuple(_joined(parts[:n], sizes[:n])[0] for n in range(1, 5))
    return [Row(begins, contexts)]


def cadence(chorale: Chorale) -> list[Row]:
    on = np.flatnonzero(on_beat(chorale))
    at: list[int] = []
    left: list[int] = []
    for end in phrase_ends(chorale):
        last = int(np.searchsorted(on, end))
        first = max(0, last - _CADENCE)
        at += on[first:last].tolist()
        left += range(last - first, 0, -1)
    chord = _chords_at(chorale, np.array(at, dtype=np.intp))
    count = np.array(left, dtype=np.int64)
    before = np.where(count == _CADENCE, 0, _after(chord))
    return [Row(chord, (count, _joined((count, before), (_CADENCE + 1, _CHORDS + 1))[0]))]


# By name: the reader, and the voices of each of its rows.
_ONE = tuple((v,) for v in range(4))
_ALL = ((0, 1, 2, 3),)
VIEWS: dict[str, tuple[Callable[[Chorale], list[Row]], tuple[tuple[int, ...], ...]]] = {
    "melody": (melody, _ONE),
    "degrees": (degrees, _ONE),
    "intervals": (intervals, tuple(combinations(range(4), 2))),
    "chords": (chords, _ALL),
    "harmony": (harmony, _ALL),
    "member": (member, _ONE),
    "leading": (leading, _ALL),
    "rhythm": (rhythm, _ALL),
    "cadence": (cadence, _ALL),
}


def _events(chorale: Chorale) -> NDArray[np.intp]:
    """Steps at which a voice begins a note."""
    return np.flatnonzero(chorale.onset.any(axis=0))


def _above_tonic(chorale: Chorale) -> IntArray:
    """int64[4, T]: pitch classes above the tonic, `_SILENT` in rests."""
    above = (chorale.pitch.astype(np.int64) - tonic_class(chorale.key)) % 12
    return np.where(chorale.pitch == REST, _SILENT, above)


def _chords_at(chorale: Chorale, at: NDArray[np.intp]) -> IntArray:
    """int64[len(at)], below `_CHORDS`: pitch classes above the bass, the bass above the tonic."""
    pitch = chorale.pitch[:, at].astype(np.int64)
    # Above C where the bass rests.
    foundation = np.where(pitch[3] == REST, 0, pitch[3])
    classes = np.where(pitch == REST, 0, 1 << ((pitch - foundation) % 12))
    parts = (np.bitwise_or.reduce(classes, axis=0), _above_tonic(chorale)[3, at])
    return _joined(parts, (1 << 12, _SILENT + 1))[0]


def _joined(parts: Sequence[NDArray[np.generic]], sizes: Sequence[int]) -> tuple[IntArray, int]:
    """One number for several, each below its size; and the size of that number."""
    code = np.zeros(len(parts[0]), dtype=np.int64)
    for part, size in zip(parts, sizes, strict=True):
        code = code * size + part.astype(np.int64)
    return code, math.prod(sizes)


def _after(symbols: IntArray) -> IntArray:
    """What stands one place before, plus one; 0 at the beginning of the row."""
    return np.concatenate([[0], symbols[:-1] + 1]).astype(np.int64)[: len(symbols)]


def _in_order(symbols: IntArray, size: int) -> Row:
    """Symbols after one and after two others."""
    one = _after(symbols)
    return Row(symbols, (one, one * (size + 2) + _after(one)))
