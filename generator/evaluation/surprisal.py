"""How surprising a piece is to somebody who has heard Bach's other chorales.

Conventions
-----------
A *view* reads a chorale as rows of symbols, one row for each voice or pair of voices that it reads.
Each view has an n-gram model of order 3 with Witten and Bell's back-off, learnt from training
works. A surprisal is -log p in nats of a symbol after the two before it.

Views
-----
melody      each voice: (move in semitones, length in steps, class of the beat)
degrees     each voice: (pitch class above the tonic, mode)
intervals   each pair of voices, at each event: (interval mod 12, what each does: up, down, stays)
chords      all voices, at each event: pitch classes above the bass, the bass above the tonic
rhythm      all voices, at each step of the beat: which voices begin a note
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from generator.music.chorale import REST, STEPS_PER_QUARTER, Chorale
from generator.music.style import note_table, tonic_class

Symbol = Hashable
Rows = list[list[Symbol]]
ORDER = 3
_START = "start"

FloatArray = NDArray[np.float64]


class NGram:
    """Symbols after their two predecessors, backed off to one and to none."""

    def __init__(self, rows: Iterable[Sequence[Symbol]]) -> None:
        self._counts: list[defaultdict[tuple[Symbol, ...], Counter[Symbol]]] = [
            defaultdict(Counter) for _ in range(ORDER)
        ]
        for row in rows:
            padded = [_START] * (ORDER - 1) + list(row)
            for at in range(ORDER - 1, len(padded)):
                for length, table in enumerate(self._counts):
                    table[tuple(padded[at - length : at])][padded[at]] += 1
        self._sums = [{c: (n.total(), len(n)) for c, n in table.items()} for table in self._counts]
        self._floor = 1.0 / (1 + len(self._counts[0].get((), ())))

    def surprisals(self, row: Sequence[Symbol]) -> FloatArray:
        """float[len(row)]: -log p of each symbol."""
        padded = [_START] * (ORDER - 1) + list(row)
        return -np.log([self._chance(padded, at) for at in range(ORDER - 1, len(padded))])

    def _chance(self, padded: list[Symbol], at: int) -> float:
        chance = self._floor
        for length in range(ORDER):
            context = tuple(padded[at - length : at])
            if context not in self._sums[length]:
                break
            seen, different = self._sums[length][context]
            share = self._counts[length][context][padded[at]] if seen else 0
            chance = (share + different * chance) / (seen + different)
        return chance


def melody(chorale: Chorale) -> Rows:
    """(move, length, class of the beat) of the notes of each voice."""
    phase = chorale.bar_phase() % STEPS_PER_QUARTER
    rows: Rows = []
    for voice in range(4):
        start, length, pitch = note_table(chorale, voice).T
        moves = np.diff(pitch, prepend=pitch[:1]).clip(-13, 13)
        rows.append(list(zip(moves.tolist(), length.tolist(), phase[start].tolist(), strict=True)))
    return rows


def degrees(chorale: Chorale) -> Rows:
    """(pitch class above the tonic, mode) of the notes of each voice."""
    tonic, mode = tonic_class(chorale.key), chorale.mode
    return [
        [(int(p - tonic) % 12, mode) for p in note_table(chorale, voice)[:, 2]]
        for voice in range(4)
    ]


def intervals(chorale: Chorale) -> Rows:
    """(interval, motion, motion) at the events of each pair of voices."""
    rows: Rows = []
    for one, two in combinations(range(4), 2):
        at = np.flatnonzero(chorale.onset[one] | chorale.onset[two])
        upper = chorale.pitch[one, at].astype(np.int32)
        lower = chorale.pitch[two, at].astype(np.int32)
        apart = np.where((upper == REST) | (lower == REST), REST, np.abs(upper - lower) % 12)
        up, down = (np.sign(np.diff(line, prepend=line[:1])) for line in (upper, lower))
        rows.append(list(zip(apart.tolist(), up.tolist(), down.tolist(), strict=True)))
    return rows


def chords(chorale: Chorale) -> Rows:
    """Pitch classes above the bass, and the bass above the tonic, at each event."""
    tonic = tonic_class(chorale.key)
    row: list[Symbol] = []
    for step in np.flatnonzero(chorale.onset.any(axis=0)):
        column = chorale.pitch[:, step]
        bass = int(column[3])
        above = frozenset(int(p - bass) % 12 for p in column if p != REST)
        row.append((above, (bass - tonic) % 12 if bass != REST else REST))
    return [row]


def rhythm(chorale: Chorale) -> Rows:
    """Which voices begin a note, step by step, with the place in the beat."""
    begins = np.array([1, 2, 4, 8]) @ chorale.onset
    phase = chorale.bar_phase() % STEPS_PER_QUARTER
    return [list(zip(begins.tolist(), phase.tolist(), strict=True))]


# By name: the reader, and the voices of each of its rows.
_ONE = tuple((v,) for v in range(4))
_ALL = ((0, 1, 2, 3),)
VIEWS = {
    "melody": (melody, _ONE),
    "degrees": (degrees, _ONE),
    "intervals": (intervals, tuple(combinations(range(4), 2))),
    "chords": (chords, _ALL),
    "rhythm": (rhythm, _ALL),
}


class BachReader:
    """The n-gram models of all views, learnt from works of Bach.

    Parameters
    ----------
    works : sequence of Chorale
        Must hold none of the works that will be judged, nor their tune families.

    Raises
    ------
    ValueError
        If there are no works.
    """

    def __init__(self, works: Sequence[Chorale]) -> None:
        if not works:
            raise ValueError("no works to learn from; give the training works")
        self._models = {
            # The voices of a view have a model each: a bass moves as no soprano does.
            name: [NGram(rows) for rows in zip(*(reader(work) for work in works), strict=True)]
            for name, (reader, _) in VIEWS.items()
        }

    def surprisals(self, chorale: Chorale) -> dict[str, list[FloatArray]]:
        """For every view, the surprisals of each of its rows."""
        return {
            name: [
                model.surprisals(row)
                for model, row in zip(self._models[name], reader(chorale), strict=True)
            ]
            for name, (reader, _) in VIEWS.items()
        }
