"""Chorales as integer notes: each note that begins is one symbol, and has one number.

A symbol is (voice, pitch, wait): `wait` counts the steps since the note before it in the piece, 0
within a chord. Notes come in the order of steps, and within a step as `TIME_ORDER`: bass, soprano,
alto, tenor. A note lasts until the next of its voice, so none can hang; a rest is a note of pitch
`REST`. A repeated note is a symbol again and a held note is none, so the two never mix. Bar lines,
fermatas and the end of a piece are no symbols.

All is in a common key, C major or A minor. Numbers: `PAD` fills short rows, `START` stands before
the first note of a piece, and the notes follow in the order of the table.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from generator.families.likelihoods import TIME_ORDER
from generator.music.grid.chorale import (
    REST,
    VOICE_NAMES,
    VOICE_RANGES,
    BoolArray,
    Chorale,
    repaired_onsets,
)
from generator.music.grid.keys import tonic_class

PAD, START, FIRST = 0, 1, 2
TURN = tuple(TIME_ORDER.index(voice) for voice in range(4))
"""The place of each voice within a step."""
SHIFTS = range(-6, 6)
FAR = 1000  # weighs a semitone against a step where a symbol is missing


class NoteToken(NamedTuple):
    """A note that begins, or a rest: pitches are those of the chorale, or of the common key."""

    voice: int
    pitch: int
    wait: int


def common_key_shift(key: str) -> int:
    """Semitones, -6 to 5, from a key to C major or A minor.

    Examples
    --------
    >>> common_key_shift("G major"), common_key_shift("C minor"), common_key_shift("F major")
    (5, -3, -5)
    """
    home = 9 if key.endswith("minor") else 0
    return (home - tonic_class(key) + 6) % 12 - 6


def in_key(pitch: int, shift: int) -> int:
    """A pitch moved by so many semitones; a rest stays one."""
    return pitch if pitch == REST else pitch + shift


def begins(pitch: NDArray[np.int16], onset: BoolArray) -> BoolArray:
    """bool[4, T]: where a note or a rest begins."""
    first = np.ones(pitch.shape, dtype=np.bool_)
    first[:, 1:] = pitch[:, :-1] != REST
    starts: BoolArray = onset | ((pitch == REST) & first)
    return starts


def notes_of(chorale: Chorale) -> list[NoteToken]:
    """All notes and rests of a chorale in their order, in its own key.

    Examples
    --------
    >>> c = Chorale(pitch=[[72, 72], [67, 69], [64, 64], [48, 48]],
    ...             onset=[[1, 1], [1, 1], [1, 0], [1, 0]])
    >>> [tuple(note) for note in notes_of(c)]
    [(3, 48, 0), (0, 72, 0), (1, 67, 0), (2, 64, 0), (0, 72, 1), (1, 69, 0)]
    """
    starts = begins(chorale.pitch, chorale.onset)[list(TIME_ORDER)]
    notes, before = [], 0
    for step, turn in np.argwhere(starts.T).tolist():
        voice = TIME_ORDER[turn]
        notes.append(NoteToken(voice, int(chorale.pitch[voice, step]), step - before))
        before = step
    return notes


def in_common_key(chorale: Chorale) -> list[NoteToken]:
    """`notes_of`, moved to the common key."""
    shift = common_key_shift(chorale.key)
    return [note._replace(pitch=in_key(note.pitch, shift)) for note in notes_of(chorale)]


def voices_of(notes: Iterable[NoteToken], steps: int) -> tuple[NDArray[np.int16], BoolArray]:
    """The pitches and onsets, [4, T], of notes in their order; a voice rests before its first.

    Notes after the last step are left out.
    """
    pitch = np.full((4, steps), REST, dtype=np.int16)
    onset = np.zeros((4, steps), dtype=np.bool_)
    step = 0
    for note in notes:
        step += note.wait
        if step >= steps:
            break
        pitch[note.voice, step:] = note.pitch
        onset[note.voice, step] = True
    return pitch, repaired_onsets(pitch, onset)


def counted_notes(chorales: Sequence[Chorale]) -> NDArray[np.int16]:
    """int16[N, 3]: all symbols of these chorales, sorted: the rows of a `NoteTable`."""
    rows = sorted({note for chorale in chorales for note in in_common_key(chorale)})
    return np.array(rows, dtype=np.int16).reshape(-1, 3)


class NoteTable:
    """The symbols that a network knows, by number.

    Parameters
    ----------
    rows : int16[N, 3]
        (voice, pitch, wait), sorted, each once.

    Raises
    ------
    ValueError
        If a row is no symbol, the rows are not in order, or a voice has no pitch in its range in
        some key.
    """

    def __init__(self, rows: NDArray[np.int16]) -> None:
        self.rows = np.asarray(rows, dtype=np.int16)
        self.voice, self.pitch, self.wait = self.rows.astype(np.intp).T
        self._check()
        self.offset = self.wait * 4 + np.array(TURN)[self.voice]
        """Cells from the first of the step of the note before."""
        self.singable = {shift: self._singable(shift) for shift in SHIFTS}
        """By the shift to the common key: whether a written voice may sing the symbol."""
        for shift, able in self.singable.items():
            for voice, name in enumerate(VOICE_NAMES):
                if not (able & (self.voice == voice)).any():
                    raise ValueError(f"no note for the {name} in the key {shift} semitones off")
        self._numbers = {NoteToken(*row): number for number, row in enumerate(self.rows.tolist())}
        self.nearest = lru_cache(maxsize=65536)(self._nearest)
        """The number of the symbol that is most like a note: its voice, then pitch, then wait."""

    def __len__(self) -> int:
        return len(self.rows)

    def known(self, notes: Iterable[NoteToken]) -> BoolArray:
        """bool[n]: which notes of the common key are symbols of the table."""
        return np.array([note in self._numbers for note in notes], dtype=np.bool_)

    def numbers(self, notes: Iterable[NoteToken]) -> list[int]:
        """The number of each note of the common key, or of the nearest symbol; from `FIRST`."""
        return [FIRST + self.nearest(note) for note in notes]

    def _nearest(self, note: NoteToken) -> int:
        known = self._numbers.get(note)
        if known is not None:
            return known
        far = np.abs(self.pitch - note.pitch) * FAR + np.abs(self.wait - note.wait)
        return int(np.where(self.voice == note.voice, far, np.iinfo(np.int64).max).argmin())

    def _singable(self, shift: int) -> BoolArray:
        low, high = np.array(VOICE_RANGES)[self.voice].T
        own = self.pitch - shift
        able: BoolArray = (self.pitch != REST) & (low <= own) & (own <= high)
        return able

    def _check(self) -> None:
        for name, values, low, high in (
            ("voice", self.voice, 0, 3),
            ("pitch", self.pitch, REST, 127 + max(SHIFTS)),
            ("wait", self.wait, 0, 32767),
        ):
            if (wrong := values[(values < low) | (values > high)]).size:
                raise ValueError(f"a note of {name} {wrong[0]}; use {low} to {high}")
        rows = self.rows.tolist()
        if any(one >= two for one, two in pairwise(rows)):
            raise ValueError("the notes of a table are not sorted, or one stands there twice")
