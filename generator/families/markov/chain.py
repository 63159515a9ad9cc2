"""The chain of chords and its sampler, which clamps whatever is given.

A state is a chord type with its octave. The next chord is drawn from the counts of order 2, backed
off to order 1 in the same metric class, to order 1 in any, and last to single chords weighed by
how each voice moves (Witten and Bell's weights: a context counts for what it was seen, against the
number of different successors it had).

Clamping: the states of an event are the chord types that agree with its given cells. A backward
pass of the order-1 chain tells every state how well what is given later can follow it; a forward
pass then draws from order 2 times that look-ahead. This is exact for the order-1 chain, and leads
the order-2 chain past dead ends. Given notes that no chord type contains are set over the types
that agree best.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from generator.families.markov.transitions import (
    CLASSES,
    REACH,
    FloatArray,
    IntArray,
    Tables,
    in_range,
)
from generator.music.grid.chorale import REST, BoolArray

_ANY_CLASS = 0.1  # share of the chords of all metric classes in each
_BASSES = 1024  # more than the basses that any given note can ask for
_USUAL = 96  # chords of a metric class that stand for all of them in sums
_NONE = -1  # no chord before
_NEVER = 1e-9  # keeps every weight above 0
_MISMATCH = 4.0  # nats for each given note that the chord type lacks
_UNASKED = 5.0  # nats for each written voice that moves where the rhythm has no event


@dataclass(frozen=True)
class Event:
    """A span of steps with one chord: `known` voices stand at `pitch`, the others are written.

    `free`: the rhythm has an event here. Elsewhere a span begins only because a given voice moves
    or a mask changes, and the written voices had better hold.
    """

    start: int
    stop: int
    metric_class: int
    known: BoolArray
    pitch: IntArray
    free: bool


@dataclass(frozen=True)
class States:
    """The K chords that an event may have.

    `bass` is the bass that the chord type asks for: a given bass may differ, or rest.
    """

    types: NDArray[np.intp]
    bass: IntArray
    pitch: IntArray  # [K, 4], given notes in their place
    weight: FloatArray
    written: BoolArray  # [4]

    def only(self, at: int) -> States:
        """The one state at a place."""
        one = slice(at, at + 1)
        return States(
            self.types[one], self.bass[one], self.pitch[one], self.weight[one], self.written
        )


class Chain:
    """Counts as probabilities, and the sampler over a row of events."""

    def __init__(self, tables: Tables, *, states: int) -> None:
        self.tables = tables
        self.states = states
        self.usual = min(states, _USUAL)
        size = len(tables.types)
        overall = tables.first.mean(axis=0)
        self.first = (1 - _ANY_CLASS) * tables.first + _ANY_CLASS * overall + _NEVER  # [M, C]
        self.offsets = tables.types.copy()  # of each voice above the bass
        self.offsets[:, :3] = tables.types[:, 1:]
        self.offsets[:, 3] = 0
        self._octave_shares = _octave_shares(tables.moves)
        self._log_register = np.log(tables.register)
        lower, lower_left = _backed_off(tables.pairs[:, 1:], tables.pair_counts, size)
        self._pairs = []
        for m in range(CLASSES):
            here = tables.pairs[:, 0] == m
            matrix, left = _backed_off(tables.pairs[here, 1:], tables.pair_counts[here], size)
            merged = sparse.csr_array(matrix + sparse.diags_array(left) @ lower)
            self._pairs.append((merged, left * lower_left))
        self._usual_chords: dict[tuple[int, int], States] = {}
        self._triples = _by_context(tables.triples, tables.triple_counts)

    def sample(
        self,
        events: Sequence[Event],
        tonic: int,
        *,
        rng: np.random.Generator,
        temperature: float,
    ) -> IntArray:
        """int32[events, 4]: one chord for each event, given notes in their place."""
        rows = [self._states_of(event, tonic, rng) for event in events]
        ahead = self._look_ahead(events, tonic, rows)
        picked: list[int] = []
        for k, (event, row) in enumerate(zip(events, rows, strict=True)):
            if k == 0:
                weight = self._alone(event, row)
            else:
                before = int(rows[k - 2].types[picked[k - 2]]) if k > 1 else _NONE
                last = rows[k - 1].only(picked[k - 1])
                weight = self._order_two(event, tonic, before, last, row)
            picked.append(_drawn(weight * row.weight * ahead[k], temperature, rng))
        return np.array([row.pitch[at] for row, at in zip(rows, picked, strict=True)], np.int32)

    def _states_of(
        self, event: Event, tonic: int, rng: np.random.Generator | None = None
    ) -> States:
        """The states of an event: a draw where there are too many, the usual ones without `rng`."""
        known = event.known & (event.pitch != REST)
        types, bass = self._anchored(event.pitch, known, tonic)
        usable = self._usable(types, bass, ~event.known)
        if not usable.any():  # given notes far outside the ranges: any chord in range, beneath them
            types, bass = self._anchored(event.pitch, np.zeros(4, dtype=np.bool_), tonic)
            usable = self._usable(types, bass, ~event.known)
        types, bass = types[usable], bass[usable]
        pitch = bass[:, None] + self.offsets[types]
        missed = ((pitch != event.pitch) & known).sum(axis=1)
        score = np.log(self.first[event.metric_class, types]) - _MISMATCH * missed
        for voice in np.flatnonzero(~event.known):
            score += self._log_register[voice, np.clip(pitch[:, voice], 0, 127)]
        kept = np.arange(len(types))
        most = self.states if rng else self.usual
        if len(types) > most:
            # The best of scores with Gumbel noise: drawn without replacement by their weight.
            noisy = score + rng.gumbel(size=len(score)) if rng else score
            kept = np.sort(np.argpartition(-noisy, most)[:most])
        pitch = np.where(event.known, event.pitch, pitch)[kept].astype(np.int32)
        weight = np.exp(-_MISMATCH * (missed[kept] - missed.min()))
        return States(types[kept], bass[kept], pitch, weight, ~event.known)

    def _anchored(
        self, pitch: IntArray, known: BoolArray, tonic: int
    ) -> tuple[NDArray[np.intp], IntArray]:
        """Chord types with a bass such that at least one known voice stands where it is given."""
        count = len(self.offsets)
        if known.any():
            bass = (pitch[known][:, None] - self.offsets[:, known].T).ravel()
            types = np.tile(np.arange(count), int(known.sum()))
        else:
            low = tonic + self.tables.types[:, 0]
            bass = (low[None, :] + 12 * np.arange(1, 7)[:, None]).ravel()
            types = np.tile(np.arange(count), 6)
        fits = (bass - tonic) % 12 == self.tables.types[types, 0]
        types, bass = types[fits], bass[fits].astype(np.int32)
        if known.sum() < 2:
            return types, bass
        # A type that agrees with several known voices came up once for each.
        _, kept = np.unique(types * _BASSES + bass, return_index=True)
        return types[kept], bass[kept]

    def _usable(self, types: NDArray[np.intp], bass: IntArray, written: BoolArray) -> BoolArray:
        usable = np.ones(len(types), dtype=np.bool_)
        for voice in np.flatnonzero(written):
            usable &= in_range(int(voice), bass + self.offsets[types, voice])
        return usable

    def _look_ahead(
        self, events: Sequence[Event], tonic: int, rows: Sequence[States]
    ) -> list[FloatArray]:
        """How well what is given later follows each state, by the order-1 chain."""
        ahead = [np.ones(len(row.types)) for row in rows]
        clamped = False
        for k in range(len(events) - 2, -1, -1):
            clamped = clamped or bool(events[k + 1].known.any())
            if not clamped:
                continue  # nothing is given later: every state is as good
            chances = self._transitions(events[k + 1], tonic, rows[k], rows[k + 1])
            ahead[k] = chances @ (rows[k + 1].weight * ahead[k + 1])
            ahead[k] /= ahead[k].max()
        return ahead

    def _transitions(self, event: Event, tonic: int, here: States, there: States) -> FloatArray:
        """float[K, L]: chances by order 1 and less, from each state here to each state there."""
        matrix, left = self._pairs[event.metric_class]
        seen = matrix[here.types][:, there.types].toarray() * self._octaves(event, here, there)
        chances: FloatArray = seen + (left[here.types][:, None] + _NEVER) * self._by_voice(
            event, tonic, here, there
        )
        chances *= self._held(event, here, there)
        return chances

    def _by_voice(self, event: Event, tonic: int, here: States, there: States) -> FloatArray:
        """float[K, L]: single chords weighed by how each voice moves.

        Normalised over the usual chords of the class, whatever is given: else a clamped event would
        make chords without a known successor look as if all of them led to it.
        """
        usual = self._usual(event.metric_class, tonic)
        weighed: FloatArray = self._moved(event, here, there) * self._alone(event, there)
        whole = (self._moved(event, here, usual) * self._alone(event, usual)).sum(axis=1)
        weighed /= whole[:, None]
        return weighed

    def _usual(self, metric_class: int, tonic: int) -> States:
        """The most frequent chords of a metric class, nothing given."""
        if (metric_class, tonic) not in self._usual_chords:
            nothing = np.zeros(4, dtype=np.bool_)
            event = Event(0, 1, metric_class, nothing, np.zeros(4, dtype=np.int32), True)
            self._usual_chords[metric_class, tonic] = self._states_of(event, tonic)
        return self._usual_chords[metric_class, tonic]

    def _order_two(
        self, event: Event, tonic: int, before: int, here: States, there: States
    ) -> FloatArray:
        """float[L]: chances by order 2 and less, from the one state here."""
        chances: FloatArray = self._transitions(event, tonic, here, there)[0]
        context = (event.metric_class, before, int(here.types[0]))
        if context not in self._triples:
            return chances
        followers, counts = self._triples[context]
        row = np.zeros(len(self.offsets))
        row[followers] = counts / (counts.sum() + len(counts))
        seen = row[there.types] * self._octaves(event, here, there)[0]
        backed_off = len(counts) / (counts.sum() + len(counts))
        chances *= backed_off
        chances += seen * self._held(event, here, there)[0]
        return chances

    def _octaves(self, event: Event, here: States, there: States) -> FloatArray:
        # A succession of types leaves the octave open: the bass's own moves decide.
        shares: FloatArray = self._octave_shares[event.metric_class]
        moves: IntArray = _reached(_between(here.bass, there.bass))
        return np.asarray(shares[moves], dtype=np.float64)

    def _moved(self, event: Event, here: States, there: States) -> FloatArray:
        chances = np.ones((len(here.types), len(there.types)))
        moves = self.tables.moves[event.metric_class]
        for voice in range(4):
            chances *= np.where(
                _sounding(here, there, voice),
                moves[voice][_reached(_between(here.pitch[:, voice], there.pitch[:, voice]))],
                1.0,
            )
        return chances

    def _held(self, event: Event, here: States, there: States) -> FloatArray:
        chances = np.ones((len(here.types), len(there.types)))
        if not event.free:
            for voice in np.flatnonzero(there.written):
                move = _between(here.pitch[:, voice], there.pitch[:, voice])
                chances *= np.where(move == 0, 1.0, np.exp(-_UNASKED))
        return chances

    def _alone(self, event: Event, row: States) -> FloatArray:
        """float[K]: each chord by its share in the metric class and the register of its voices."""
        chances: FloatArray = self.first[event.metric_class, row.types].copy()
        for voice in np.flatnonzero((row.pitch != REST).all(axis=0)):
            chances *= self.tables.register[voice, row.pitch[:, voice]]
        return chances


def _between(here: IntArray, there: IntArray) -> IntArray:
    return there[None, :] - here[:, None]


def _reached(moves: IntArray) -> IntArray:
    """Moves as places in the table of moves."""
    return np.clip(moves, -REACH, REACH) + REACH


def _sounding(here: States, there: States, voice: int) -> BoolArray:
    first, second = here.pitch[:, voice] != REST, there.pitch[:, voice] != REST
    both: BoolArray = np.logical_and.outer(first, second)
    return both


def _octave_shares(moves: NDArray[np.float32]) -> FloatArray:
    """float[M, 2 * REACH + 1]: share of each bass move among those of the same pitch class."""
    shares = np.empty(moves[:, 3].shape)
    places = np.arange(2 * REACH + 1)
    for m, row in enumerate(moves[:, 3]):
        sums = np.bincount((places - REACH) % 12, weights=row, minlength=12)
        shares[m] = row / sums[(places - REACH) % 12]
    return shares


def _backed_off(pairs: IntArray, counts: IntArray, size: int) -> tuple[Any, FloatArray]:
    """Sparse [C, C] of weighted shares, and float[C] of what is left to the lower order."""
    matrix = sparse.csr_array((counts.astype(np.float64), (pairs[:, 0], pairs[:, 1])), (size, size))
    seen = np.bincount(pairs[:, 0], weights=counts, minlength=size)
    different = np.bincount(pairs[:, 0], minlength=size)
    whole = np.maximum(seen + different, 1)
    left = np.where(seen > 0, different / whole, 1.0)
    return sparse.csr_array(sparse.diags_array(1 / whole) @ matrix), left


def _by_context(
    triples: IntArray, counts: IntArray
) -> dict[tuple[int, int, int], tuple[IntArray, IntArray]]:
    """Followers and their counts by (class, before, from); the triples are sorted."""
    if not len(triples):
        return {}
    begins = np.flatnonzero(np.append(True, (np.diff(triples[:, :3], axis=0) != 0).any(axis=1)))
    spans = zip(begins, np.append(begins[1:], len(triples)), strict=True)
    return {
        (int(triples[a, 0]), int(triples[a, 1]), int(triples[a, 2])): (triples[a:b, 3], counts[a:b])
        for a, b in spans
    }


def _drawn(weight: FloatArray, temperature: float, rng: np.random.Generator) -> int:
    logits = np.log(np.maximum(weight, np.finfo(np.float64).tiny)) / temperature
    chances = np.exp(logits - logits.max())
    return int(rng.choice(len(chances), p=chances / chances.sum()))
