"""Chord events and their two tokens: which chord, and how long and begun by whom.

An event begins wherever any voice begins a note or a rest. Its *chord* is the four pitches that
sound there, a rest as `REST`, moved to the common key: C major or A minor. Its *duration* is its
length in steps together with the set of voices that begin a note: a voice outside that set holds
its note over, so a held note and a repeated one are two different tokens.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from generator.music.grid.chorale import REST, BoolArray, Chorale
from generator.music.grid.keys import tonic_class

START, UNKNOWN, FIRST = 0, 1, 2
"""Tokens: before the first event, one that was not counted, and the first of those that were."""
LONGEST = 32
"""Steps of the longest duration token; the system's own limit of eight quarters."""
RELATIVE_MINOR = 9
_BITS = np.array([1, 2, 4, 8], dtype=np.int16)

IntArray = NDArray[np.int16]
TokenArray = NDArray[np.int64]


@dataclass(frozen=True)
class ChordEvents:
    """The E events of a chorale, at their own pitch.

    Attributes
    ----------
    pitch : int16[E, 4]
    begins : bool[E, 4]
        Voices that begin a note.
    steps : int16[E]
    """

    pitch: IntArray
    begins: BoolArray
    steps: IntArray


def chord_events(chorale: Chorale) -> ChordEvents:
    """A new event whenever any voice begins a note or a rest, and at the first step.

    Examples
    --------
    >>> c = Chorale(pitch=[[72, 72, 74, 74]] + [[60] * 4] * 3,
    ...             onset=[[1, 0, 1, 0]] + [[1, 0, 0, 0]] * 3)
    >>> events = chord_events(c)
    >>> events.pitch[:, 0].tolist(), events.steps.tolist(), events.begins[1].tolist()
    ([72, 74], [2, 2], [True, False, False, False])
    """
    rest = chorale.pitch == REST
    divided: BoolArray = np.logical_or.reduce(chorale.onset)
    divided[1:] |= (rest[:, 1:] & ~rest[:, :-1]).any(axis=0)
    divided[0] = True
    starts = np.flatnonzero(divided)
    steps = np.diff(np.append(starts, chorale.steps)).astype(np.int16)
    return ChordEvents(chorale.pitch[:, starts].T, chorale.onset[:, starts].T, steps)


def common_shift(key: str) -> int:
    """Semitones from a key to the common one of its mode: -6 to 5.

    Examples
    --------
    >>> common_shift("D major"), common_shift("G minor"), common_shift("F# major")
    (-2, 2, -6)
    """
    home = 0 if key.endswith("major") else RELATIVE_MINOR
    above = (tonic_class(key) - home) % 12
    return -above if above <= 6 else 12 - above


def moved(pitch: IntArray, semitones: int) -> IntArray:
    """The pitches moved, rests as they are."""
    return np.where(pitch == REST, REST, pitch + semitones).astype(np.int16)


class ChordVocabulary:
    """The chords and durations that have tokens of their own, in sorted order.

    Parameters
    ----------
    chords : int16[N, 4]
        In the common key.
    durations : int16[M, 2]
        Steps, and the voices that begin a note as a bit mask (1 is the soprano, 8 the bass).

    Raises
    ------
    ValueError
        If rows are not sorted or not unique, values cannot be, or no chord is without rests.
    """

    def __init__(self, chords: IntArray, durations: IntArray) -> None:
        _check_rows("chords", chords, [(REST, 127)] * 4)
        _check_rows("durations", durations, [(1, LONGEST), (0, 15)])
        if not (chords != REST).all(axis=1).any():
            raise ValueError("chords all have rests; a voice must be able to sing")
        self.chords = chords
        self.steps = durations[:, 0].astype(np.int64)
        self.begins: BoolArray = (durations[:, 1:] & _BITS) > 0  # [M, 4]
        self.durations = durations
        self._chord_tokens = _tokens(chords)
        self._duration_tokens = _tokens(durations)

    @classmethod
    def counted(cls, chorales: Sequence[Chorale], *, least: int) -> Self:
        """All durations, and the chords that occur at least so often."""
        chords: Counter[tuple[int, ...]] = Counter()
        durations: set[tuple[int, ...]] = set()
        for chorale in chorales:
            events = chord_events(chorale)
            chords.update(map(tuple, moved(events.pitch, common_shift(chorale.key)).tolist()))
            durations.update(map(tuple, duration_rows(events).tolist()))
        known = sorted(chord for chord, count in chords.items() if count >= least)
        return cls(
            np.array(known, dtype=np.int16).reshape(-1, 4),
            np.array(sorted(durations), dtype=np.int16).reshape(-1, 2),
        )

    def chord_token(self, chord: Sequence[int]) -> int:
        """The token of a chord in the common key, `UNKNOWN` if it has none of its own."""
        return self._chord_tokens.get(tuple(chord), UNKNOWN)

    def duration_token(self, steps: int, begins: BoolArray) -> int:
        """The token of a duration, `UNKNOWN` if it has none of its own."""
        row = min(steps, LONGEST), int(begins @ _BITS)
        return self._duration_tokens.get(row, UNKNOWN)

    def encoded(self, chorale: Chorale) -> TokenArray:
        """int64[2, 1 + E]: chord and duration tokens of the events, after `START`."""
        events = chord_events(chorale)
        chords = moved(events.pitch, common_shift(chorale.key)).tolist()
        tokens = [(START, START)] + [
            (self.chord_token(chord), self.duration_token(int(steps), begins))
            for chord, steps, begins in zip(chords, events.steps, events.begins, strict=True)
        ]
        return np.array(tokens, dtype=np.int64).T

    def unknown(self, chorales: Sequence[Chorale]) -> float:
        """The share of events whose chord has no token of its own."""
        chords = np.concatenate([self.encoded(chorale)[0, 1:] for chorale in chorales])
        return float((chords == UNKNOWN).mean())


def duration_rows(events: ChordEvents) -> IntArray:
    """int16[E, 2]: steps, at most `LONGEST`, and the voices that begin as a bit mask."""
    steps = np.minimum(events.steps, LONGEST)
    return np.stack([steps, events.begins @ _BITS], axis=1).astype(np.int16)


def _tokens(rows: IntArray) -> dict[tuple[int, ...], int]:
    return {tuple(row): FIRST + index for index, row in enumerate(rows.tolist())}


def _check_rows(name: str, rows: IntArray, bounds: Sequence[tuple[int, int]]) -> None:
    if rows.ndim != 2 or rows.shape[1] != len(bounds) or not len(rows):
        raise ValueError(f"{name} of shape {rows.shape}; a vocabulary has rows of {len(bounds)}")
    for column, (low, high) in zip(rows.T, bounds, strict=True):
        if (wrong := column[(column < low) | (column > high)]).size:
            raise ValueError(f"{name} hold {wrong[0]}; use values from {low} to {high}")
    listed = [tuple(row) for row in rows.tolist()]
    if listed != sorted(set(listed)):
        raise ValueError(f"{name} are not sorted, or one stands twice")
