"""What the Markov family counts: chords, their successions and their rhythm.

Legend: C chord types, M metric classes, V = 4 voices.

A chord *type* is four sounding voices relative to the key: the bass's pitch class above the tonic,
and the intervals of soprano, alto and tenor above the bass. So every work counts in all twelve
transpositions. Minor keys count from their own tonic; no table knows the mode, but the succession
of chords shows it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generator.music.grid.chorale import REST, STEPS_PER_QUARTER, VOICE_RANGES, BoolArray, Chorale
from generator.music.grid.keys import tonic_class

IntArray = NDArray[np.int32]
FloatArray = NDArray[np.float64]

# Metric classes: on the beat; an eighth or a sixteenth off it; a fermata's first step, later ones.
BEAT, EIGHTH, SIXTEENTH, FERMATA, INSIDE = range(5)
METRIC_CLASSES = 5
MAX_MOVE = 24  # semitones; wider moves count as this
MAX_SINCE = 8  # steps since the last event; more count as this
SUBSETS = 16  # sets of written voices, as a bit mask: S = 1, A = 2, T = 4, B = 8


_ABOVE_0 = float(np.finfo(np.float32).tiny)  # of what is divided by, or has its logarithm taken
_BOUNDS = {
    "pair_counts": (1, np.inf),
    "triple_counts": (1, np.inf),
    "first": (0, 1),
    "rhythm": (0, 1),
    "strike": (0, 1),
    "moves": (_ABOVE_0, 1),
    "register": (_ABOVE_0, 1),
}


@dataclass(frozen=True)
class TransitionTables:
    """All counts; each array goes into the checkpoint under its name here.

    Raises
    ------
    ValueError
        If tables contradict each other, or hold what cannot have been counted.

    Attributes
    ----------
    types : int32[C, 4]
        (bass class, S - B, A - B, T - B).
    first : float32[M, C]
        Share of each type among the events of a metric class.
    pairs, pair_counts : int32[n, 3] (class, from, to), int32[n]
    triples, triple_counts : int32[n, 4] (class, before, from, to), int32[n]
        The class is that of the last chord.
    moves : float32[M, V, 2 * MAX_MOVE + 1]
        Share of each move of a voice into an event.
    register : float32[V, 128]
        Share of each pitch of a voice.
    rhythm : float32[SUBSETS, M, 2, MAX_SINCE]
        Probability that a set of voices begins a note, by the class, whether another voice begins
        one, and the steps since this set last did.
    strike : float32[M, V]
        Probability that a voice whose pitch stays the same at an event repeats it.
    """

    types: IntArray
    first: NDArray[np.float32]
    pairs: IntArray
    pair_counts: IntArray
    triples: IntArray
    triple_counts: IntArray
    moves: NDArray[np.float32]
    register: NDArray[np.float32]
    rhythm: NDArray[np.float32]
    strike: NDArray[np.float32]

    def __post_init__(self) -> None:
        types = len(self.types)
        shapes = table_shapes(types, len(self.pair_counts), len(self.triple_counts))
        for name, shape in shapes.items():
            if getattr(self, name).shape != shape:
                raise ValueError(f"table {name} has shape {getattr(self, name).shape}, not {shape}")
        if not types:
            raise ValueError("no chord types; the training works are empty")
        for name in ("pairs", "triples"):
            rows = getattr(self, name)
            if rows.size and not (rows.min() >= 0 and rows[:, 1:].max() < types):
                raise ValueError(f"table {name} names chord types that do not exist")
            if rows.size and rows[:, 0].max() >= METRIC_CLASSES:
                raise ValueError(f"table {name} names metric classes that do not exist")
        for name, bounds in _BOUNDS.items():
            _check_values(name, getattr(self, name), *bounds)
        _check_values("types", self.types[:, 0], 0, 11)
        _check_values("types", self.types[:, 1:], -127, 127)


def table_shapes(types: int, pairs: int, triples: int) -> dict[str, tuple[int, ...]]:
    """The shape of each table, by how many chord types, pairs and triples were counted."""
    return {
        "types": (types, 4),
        "first": (METRIC_CLASSES, types),
        "pairs": (pairs, 3),
        "pair_counts": (pairs,),
        "triples": (triples, 4),
        "triple_counts": (triples,),
        "moves": (METRIC_CLASSES, 4, 2 * MAX_MOVE + 1),
        "register": (4, 128),
        "rhythm": (SUBSETS, METRIC_CLASSES, 2, MAX_SINCE),
        "strike": (METRIC_CLASSES, 4),
    }


def metric_classes(chorale: Chorale) -> NDArray[np.intp]:
    """int[T]: the metric class of every step."""
    phase = chorale.bar_phase() % STEPS_PER_QUARTER
    classes = np.where(phase == 0, BEAT, np.where(phase == 2, EIGHTH, SIXTEENTH))
    fermata = chorale.fermata
    begins = fermata & ~np.append(False, fermata[:-1])
    return np.where(begins, FERMATA, np.where(fermata, INSIDE, classes))


def count(chorales: Sequence[Chorale]) -> TransitionTables:
    """Count whole works.

    Raises
    ------
    ValueError
        If no work has four sounding voices at any event.
    """
    index: dict[tuple[int, ...], int] = {}
    pairs: Counter[tuple[int, ...]] = Counter()
    triples: Counter[tuple[int, ...]] = Counter()
    single: Counter[tuple[int, int]] = Counter()
    for chorale in chorales:
        for run in _runs(chorale):
            row = [(m, index.setdefault(chord, len(index))) for m, chord in run]
            single.update(row)
            pairs.update((m, a, b) for (_, a), (m, b) in pairwise(row))
            triples.update(
                (m, a, b, c) for (_, a), (_, b), (m, c) in zip(row, row[1:], row[2:], strict=False)
            )
    first = np.zeros((METRIC_CLASSES, len(index)))
    for (m, chord), n in single.items():
        first[m, chord] = n
    return TransitionTables(
        types=np.array(list(index), dtype=np.int32).reshape(-1, 4),
        first=_shares(first),
        pairs=_keys(pairs, 3),
        pair_counts=np.array([pairs[key] for key in sorted(pairs)], dtype=np.int32),
        triples=_keys(triples, 4),
        triple_counts=np.array([triples[key] for key in sorted(triples)], dtype=np.int32),
        **_voice_tables(chorales),
    )


def subset_of(written: BoolArray) -> NDArray[np.intp]:
    """int[T]: which voices are written at each step, as a bit mask."""
    return np.array([1, 2, 4, 8], dtype=np.intp) @ written.astype(np.intp)


def _runs(chorale: Chorale) -> Iterable[list[tuple[int, tuple[int, ...]]]]:
    """Runs of (metric class, chord type); a rest ends a run."""
    classes, tonic = metric_classes(chorale), tonic_class(chorale.key)
    run: list[tuple[int, tuple[int, ...]]] = []
    for step in np.flatnonzero(chorale.onset.any(axis=0)):
        s, a, t, b = (int(p) for p in chorale.pitch[:, step])
        if REST in (s, a, t, b):
            yield run
            run = []
        else:
            run.append((int(classes[step]), ((b - tonic) % 12, s - b, a - b, t - b)))
    yield run


def _voice_tables(chorales: Sequence[Chorale]) -> dict[str, NDArray[np.float32]]:
    # Smoothing: no move, pitch, note or repeat is ever impossible.
    moves = np.full((METRIC_CLASSES, 4, 2 * MAX_MOVE + 1), 0.1)
    register = np.full((4, 128), 0.1)
    rhythm = np.ones((SUBSETS, METRIC_CLASSES, 2, MAX_SINCE, 2))
    strike = np.ones((METRIC_CLASSES, 4, 2))
    for chorale in chorales:
        classes = metric_classes(chorale)
        _count_moves(chorale, classes, moves, strike)
        _count_rhythm(chorale, classes, rhythm)
        for voice in range(4):
            np.add.at(register[voice], chorale.pitch[voice][chorale.onset[voice]], 1)
    return {
        "moves": _shares(moves),
        "register": _shares(register),
        "rhythm": _shares(rhythm)[..., 1],
        "strike": _shares(strike)[..., 1],
    }


def _count_moves(
    chorale: Chorale, classes: NDArray[np.intp], moves: FloatArray, strike: FloatArray
) -> None:
    steps = np.flatnonzero(chorale.onset[:, 1:].any(axis=0)) + 1
    for voice in range(4):
        now = chorale.pitch[voice, steps].astype(np.int32)
        before = chorale.pitch[voice, steps - 1].astype(np.int32)
        sounding = (now != REST) & (before != REST)
        move = np.clip(now - before, -MAX_MOVE, MAX_MOVE)[sounding]
        m = classes[steps][sounding]
        np.add.at(moves[:, voice], (m, move + MAX_MOVE), 1)
        begins = chorale.onset[voice, steps][sounding].astype(np.intp)
        np.add.at(strike[:, voice], (m[move == 0], begins[move == 0]), 1)


def _count_rhythm(chorale: Chorale, classes: NDArray[np.intp], rhythm: FloatArray) -> None:
    for subset in range(1, SUBSETS):
        voices = [bool(subset >> v & 1) for v in range(4)]
        begins = np.asarray(chorale.onset[voices].any(axis=0))
        others = chorale.onset[[not v for v in voices]].any(axis=0).astype(np.intp)
        since = steps_since(begins)
        np.add.at(rhythm[subset], (classes, others, since, begins.astype(np.intp)), 1)


def steps_since(events: BoolArray) -> NDArray[np.intp]:
    """int[T]: steps since the last event before each step, less 1; at most `MAX_SINCE` - 1."""
    event_steps = np.where(events, np.arange(len(events)), -MAX_SINCE)
    last = np.append(-MAX_SINCE, np.maximum.accumulate(event_steps)[:-1])
    since: NDArray[np.intp] = np.minimum(np.arange(len(events)) - last - 1, MAX_SINCE - 1)
    return since


def in_range(voice: int, pitch: NDArray[np.int32]) -> BoolArray:
    """Whether each pitch lies in the range of a written voice."""
    low, high = VOICE_RANGES[voice]
    return (low <= pitch) & (pitch <= high)


def _check_values(name: str, values: NDArray[Any], low: float, high: float) -> None:
    if (wrong := values[~((low <= values) & (values <= high))]).size:
        raise ValueError(f"table {name} holds {wrong[0]}; use values from {low} to {high}")


def _keys(counter: Counter[tuple[int, ...]], width: int) -> IntArray:
    return np.array(sorted(counter), dtype=np.int32).reshape(-1, width)


def _shares(counts: FloatArray) -> NDArray[np.float32]:
    sums = counts.sum(axis=-1, keepdims=True)
    shares: NDArray[np.float32] = (counts / np.maximum(sums, 1e-9)).astype(np.float32)
    return shares
