"""The chain of chords and its sampler, which clamps whatever is given.

A state is a chord type with its octave. The next chord is drawn from the counts of order 2, backed
off to order 1 in the same metric class, to order 1 in any class, and finally to single chords
weighted by how each voice moves (Witten and Bell's weights: a context counts by how often it
occurred, against the number of its different successors).

Clamping: the states of an event are the chord types that agree with its given cells. A backward
pass of the order-1 chain tells each state how well it leads to what is given later; a forward pass
then draws from order 2 times that lookahead. This is exact for the order-1 chain, and leads the
order-2 chain around dead ends. Given notes that no chord type contains replace notes of the types
that agree best.

Legend: C chord types, M metric classes, K and L states of two successive events.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from generator.families.fill_run import FillRun, Stretch
from generator.families.markov.transitions import (
    MAX_MOVE,
    METRIC_CLASSES,
    FloatArray,
    IntArray,
    TransitionTables,
    in_range,
)
from generator.music.grid.chorale import REST, BoolArray

_POOLED = 0.1  # weight of all metric classes together in each single class
_BASSES = 1024  # more than the basses that any given note can ask for
_TYPICAL = 96  # chords of a metric class that stand for all of them in sums
_NO_CHORD = -1
_FLOOR = 1e-9  # keeps every weight above 0
_MISMATCH = 4.0  # nats for each given note that the chord type lacks
_UNPROMPTED_MOVE = 5.0  # nats for each written voice that moves where the rhythm has no event


@dataclass(frozen=True)
class Event:
    """A span of steps with one chord: `given` voices stand at `pitch`, the others are written.

    `drawn` says that the rhythm has an event here. Otherwise the span begins only because a given
    voice moves or the mask changes, and the written voices had better hold.
    """

    start: int
    stop: int
    metric_class: int
    given: BoolArray  # [4]
    pitch: IntArray  # [4]
    drawn: bool


@dataclass(frozen=True)
class States:
    """The K chords that an event may have.

    `bass` is the bass that the chord type asks for: a given bass may differ, or rest.
    """

    types: NDArray[np.intp]  # [K]
    bass: IntArray  # [K]
    pitch: IntArray  # [K, 4], with the given notes
    weight: FloatArray  # [K]
    written: BoolArray  # [4]

    def only(self, index: int) -> States:
        """One state alone."""
        one = slice(index, index + 1)
        return States(
            self.types[one], self.bass[one], self.pitch[one], self.weight[one], self.written
        )


class Chain:
    """Counts as probabilities, and the sampler over a row of events."""

    def __init__(self, tables: TransitionTables, *, states: int) -> None:
        self.tables = tables
        self.states = states
        self.typical = min(states, _TYPICAL)
        size = len(tables.types)
        overall = tables.first.mean(axis=0)
        self.first = (1 - _POOLED) * tables.first + _POOLED * overall + _FLOOR  # [M, C]
        self.offsets = tables.types.copy()  # of each voice above the bass
        self.offsets[:, :3] = tables.types[:, 1:]
        self.offsets[:, 3] = 0
        self._octave_shares = _octave_shares(tables.moves)
        self._log_register = np.log(tables.register)
        any_class, any_backoff = _with_backoff(tables.pairs[:, 1:], tables.pair_counts, size)
        self._pairs = []
        for m in range(METRIC_CLASSES):
            in_class = tables.pairs[:, 0] == m
            matrix, backoff = _with_backoff(
                tables.pairs[in_class, 1:], tables.pair_counts[in_class], size
            )
            merged = sparse.csr_array(matrix + sparse.diags_array(backoff) @ any_class)
            self._pairs.append((merged, backoff * any_backoff))
        self._typical_chords: dict[tuple[int, int], States] = {}
        self._triples = _by_context(tables.triples, tables.triple_counts)

    def sample(
        self,
        events: Sequence[Event],
        tonic: int,
        *,
        rng: np.random.Generator,
        temperature: float,
        run: FillRun,
    ) -> IntArray:
        """int32[events, 4]: one chord for each event, with the given notes."""
        proposing, drawing = run.needed(len(events)), run.needed(len(events))
        looking = run.needed(len(events) - 1)
        trellis = [self._states_of(events[k], tonic, rng) for k in proposing]
        lookahead = self._lookahead(events, tonic, trellis, looking)
        path: list[int] = []
        for k in drawing:
            event, states = events[k], trellis[k]
            if k == 0:
                weight = self._single_chords(event, states)
            else:
                before = int(trellis[k - 2].types[path[k - 2]]) if k > 1 else _NO_CHORD
                current = trellis[k - 1].only(path[k - 1])
                weight = self._order_two(event, tonic, before, current, states)
            path.append(_drawn(weight * states.weight * lookahead[k], temperature, rng))
        chords = [states.pitch[index] for states, index in zip(trellis, path, strict=True)]
        return np.array(chords, np.int32)

    def _states_of(
        self, event: Event, tonic: int, rng: np.random.Generator | None = None
    ) -> States:
        """The states of an event: random ones if there are too many, typical ones without `rng`."""
        sounding = event.given & (event.pitch != REST)
        types, bass = self._anchored(event.pitch, sounding, tonic)
        usable = self._usable(types, bass, ~event.given)
        if not usable.any():  # given notes far out of range: any chord in range, whatever is given
            types, bass = self._anchored(event.pitch, np.zeros(4, dtype=np.bool_), tonic)
            usable = self._usable(types, bass, ~event.given)
        types, bass = types[usable], bass[usable]
        pitch = bass[:, None] + self.offsets[types]
        missed = ((pitch != event.pitch) & sounding).sum(axis=1)
        score = np.log(self.first[event.metric_class, types]) - _MISMATCH * missed
        for voice in np.flatnonzero(~event.given):
            score += self._log_register[voice, np.clip(pitch[:, voice], 0, 127)]
        chosen = np.arange(len(types))
        limit = self.states if rng else self.typical
        if len(types) > limit:
            # The highest scores with Gumbel noise: a draw by weight, without replacement.
            noisy = score + rng.gumbel(size=len(score)) if rng else score
            chosen = np.sort(np.argpartition(-noisy, limit)[:limit])
        pitch = np.where(event.given, event.pitch, pitch)[chosen].astype(np.int32)
        weight = np.exp(-_MISMATCH * (missed[chosen] - missed.min()))
        return States(types[chosen], bass[chosen], pitch, weight, ~event.given)

    def _anchored(
        self, pitch: IntArray, sounding: BoolArray, tonic: int
    ) -> tuple[NDArray[np.intp], IntArray]:
        """Chord types, each with a bass that puts at least one given note in its place."""
        count = len(self.offsets)
        if sounding.any():
            bass = (pitch[sounding][:, None] - self.offsets[:, sounding].T).ravel()
            types = np.tile(np.arange(count), int(sounding.sum()))
        else:
            low = tonic + self.tables.types[:, 0]
            bass = (low[None, :] + 12 * np.arange(1, 7)[:, None]).ravel()
            types = np.tile(np.arange(count), 6)
        fits = (bass - tonic) % 12 == self.tables.types[types, 0]
        types, bass = types[fits], bass[fits].astype(np.int32)
        if sounding.sum() < 2:
            return types, bass
        # A type that agrees with several given notes came up once for each.
        _, unique = np.unique(types * _BASSES + bass, return_index=True)
        return types[unique], bass[unique]

    def _usable(self, types: NDArray[np.intp], bass: IntArray, written: BoolArray) -> BoolArray:
        usable = np.ones(len(types), dtype=np.bool_)
        for voice in np.flatnonzero(written):
            usable &= in_range(int(voice), bass + self.offsets[types, voice])
        return usable

    def _lookahead(
        self, events: Sequence[Event], tonic: int, trellis: Sequence[States], looking: Stretch
    ) -> list[FloatArray]:
        """How well each state leads to what is given later, by the order-1 chain."""
        lookahead = [np.ones(len(states.types)) for states in trellis]
        clamped = False
        for _, k in zip(looking, range(len(events) - 2, -1, -1), strict=True):
            clamped = clamped or bool(events[k + 1].given.any())
            if not clamped:
                continue  # nothing is given later: all states are equally good
            transitions = self._transitions(events[k + 1], tonic, trellis[k], trellis[k + 1])
            lookahead[k] = transitions @ (trellis[k + 1].weight * lookahead[k + 1])
            lookahead[k] /= lookahead[k].max()
        return lookahead

    def _transitions(
        self, event: Event, tonic: int, current: States, following: States
    ) -> FloatArray:
        """float[K, L]: probabilities by order 1 and less, from each state to each following one."""
        matrix, backoff = self._pairs[event.metric_class]
        counted = matrix[current.types][:, following.types].toarray()
        counted = counted * self._octaves(event, current, following)
        rest = backoff[current.types][:, None] + _FLOOR
        probability: FloatArray = counted + rest * self._by_moves(event, tonic, current, following)
        probability *= self._held(event, current, following)
        return probability

    def _by_moves(self, event: Event, tonic: int, current: States, following: States) -> FloatArray:
        """float[K, L]: single chords, weighted by how each voice moves.

        Normalised over the typical chords of the class, whatever is given. Otherwise a clamped
        event would make it look as if every chord without a known successor led there.
        """
        typical = self._typical(event.metric_class, tonic)
        weight = self._moves(event, current, following) * self._single_chords(event, following)
        total = (self._moves(event, current, typical) * self._single_chords(event, typical)).sum(1)
        normalised: FloatArray = weight / total[:, None]
        return normalised

    def _typical(self, metric_class: int, tonic: int) -> States:
        """The most frequent chords of a metric class, with nothing given."""
        if (metric_class, tonic) not in self._typical_chords:
            nothing = np.zeros(4, dtype=np.bool_)
            event = Event(0, 1, metric_class, nothing, np.zeros(4, dtype=np.int32), True)
            self._typical_chords[metric_class, tonic] = self._states_of(event, tonic)
        return self._typical_chords[metric_class, tonic]

    def _order_two(
        self, event: Event, tonic: int, before: int, current: States, following: States
    ) -> FloatArray:
        """float[L]: probabilities by order 2 and less, from the single current state."""
        probability: FloatArray = self._transitions(event, tonic, current, following)[0]
        context = (event.metric_class, before, int(current.types[0]))
        if context not in self._triples:
            return probability
        successors, counts = self._triples[context]
        row = np.zeros(len(self.offsets))
        row[successors] = counts / (counts.sum() + len(counts))
        counted = row[following.types] * self._octaves(event, current, following)[0]
        backoff = len(counts) / (counts.sum() + len(counts))
        probability *= backoff
        probability += counted * self._held(event, current, following)[0]
        return probability

    def _octaves(self, event: Event, current: States, following: States) -> FloatArray:
        # A succession of types leaves the octave open; the bass's own moves decide.
        shares: FloatArray = self._octave_shares[event.metric_class]
        moves: IntArray = _place(_between(current.bass, following.bass))
        return np.asarray(shares[moves], dtype=np.float64)

    def _moves(self, event: Event, current: States, following: States) -> FloatArray:
        """float[K, L]: the product of the shares of each voice's move."""
        product = np.ones((len(current.types), len(following.types)))
        shares = self.tables.moves[event.metric_class]
        for voice in range(4):
            moves = _between(current.pitch[:, voice], following.pitch[:, voice])
            product *= np.where(
                _sounding(current, following, voice), shares[voice][_place(moves)], 1.0
            )
        return product

    def _held(self, event: Event, current: States, following: States) -> FloatArray:
        """float[K, L]: a penalty for written voices that move where the rhythm has no event."""
        penalty = np.ones((len(current.types), len(following.types)))
        if not event.drawn:
            for voice in np.flatnonzero(following.written):
                move = _between(current.pitch[:, voice], following.pitch[:, voice])
                penalty *= np.where(move == 0, 1.0, np.exp(-_UNPROMPTED_MOVE))
        return penalty

    def _single_chords(self, event: Event, states: States) -> FloatArray:
        """float[K]: each chord by its share in the metric class and by its voices' registers."""
        probability: FloatArray = self.first[event.metric_class, states.types].copy()
        for voice in np.flatnonzero((states.pitch != REST).all(axis=0)):
            probability *= self.tables.register[voice, states.pitch[:, voice]]
        return probability


def _between(current: IntArray, following: IntArray) -> IntArray:
    return following[None, :] - current[:, None]


def _place(moves: IntArray) -> IntArray:
    """The places of moves in the table of moves."""
    return np.clip(moves, -MAX_MOVE, MAX_MOVE) + MAX_MOVE


def _sounding(current: States, following: States, voice: int) -> BoolArray:
    """bool[K, L]: whether the voice sounds in both chords."""
    first, second = current.pitch[:, voice] != REST, following.pitch[:, voice] != REST
    sounding: BoolArray = np.logical_and.outer(first, second)
    return sounding


def _octave_shares(moves: NDArray[np.float32]) -> FloatArray:
    """float[M, 2 * MAX_MOVE + 1]: each bass move's share among those of the same pitch class."""
    shares = np.empty(moves[:, 3].shape)
    places = np.arange(2 * MAX_MOVE + 1)
    for m, row in enumerate(moves[:, 3]):
        sums = np.bincount((places - MAX_MOVE) % 12, weights=row, minlength=12)
        shares[m] = row / sums[(places - MAX_MOVE) % 12]
    return shares


def _with_backoff(pairs: IntArray, counts: IntArray, size: int) -> tuple[Any, FloatArray]:
    """Sparse [C, C] of weighted shares, and float[C] of the weight left to the lower order."""
    matrix = sparse.csr_array((counts.astype(np.float64), (pairs[:, 0], pairs[:, 1])), (size, size))
    total = np.bincount(pairs[:, 0], weights=counts, minlength=size)
    different = np.bincount(pairs[:, 0], minlength=size)
    denominator = np.maximum(total + different, 1)
    backoff = np.where(total > 0, different / denominator, 1.0)
    return sparse.csr_array(sparse.diags_array(1 / denominator) @ matrix), backoff


def _by_context(
    triples: IntArray, counts: IntArray
) -> dict[tuple[int, int, int], tuple[IntArray, IntArray]]:
    """Successors and their counts by (class, before, from); the triples are sorted."""
    if not len(triples):
        return {}
    begins = np.flatnonzero(np.append(True, (np.diff(triples[:, :3], axis=0) != 0).any(axis=1)))
    spans = zip(begins, np.append(begins[1:], len(triples)), strict=True)
    return {
        (int(triples[a, 0]), int(triples[a, 1]), int(triples[a, 2])): (triples[a:b, 3], counts[a:b])
        for a, b in spans
    }


def _drawn(weight: FloatArray, temperature: float, rng: np.random.Generator) -> int:
    """An index, drawn by weight at a temperature."""
    logits = np.log(np.maximum(weight, np.finfo(np.float64).tiny)) / temperature
    probability = np.exp(logits - logits.max())
    return int(rng.choice(len(probability), p=probability / probability.sum()))
