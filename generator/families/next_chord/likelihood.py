"""The likelihood of a chorale cell by cell, of a network that knows only whole events.

At each step there are three possibilities: the event goes on (all cells hold), an event with a
known chord begins, or one with an unknown chord. The duration head tells how probable an end is
after so many steps; the chord head then weighs the chords, and the duration head the voices that
begin, as far as each chord allows. Every cell that is known rules out what disagrees with it: the
given cells of the step first, then the written ones in `TIME_ORDER`. An unknown chord is, in each
voice by itself, much like the known ones, with a small share for every pitch.

Legend: T steps, N known chords, 16 sets of voices that begin.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from generator.families.likelihoods import (
    COLUMNS,
    LEAST,
    REST_COLUMN,
    TIME_ORDER,
    CellDistributions,
    pitch_columns,
)
from generator.families.next_chord.network import NextChordNetwork
from generator.families.next_chord.vocabulary import (
    FIRST,
    START,
    UNKNOWN,
    chord_events,
    common_shift,
    moved,
)
from generator.music.grid.chorale import REST, BoolArray, Chorale

_SURE = 0.98  # of whether an event ends, how much is the network's word
_LEAST_UNKNOWN = 1e-3
_EVEN = 0.1  # share of all pitches alike in the voices of an unknown chord
_REPEATED = 0.3  # of its notes that stay, those that begin again
_CHUNK = 128
_NO_PITCH = -2
_SETS = np.arange(16)
_BITS = np.array([1, 2, 4, 8])

FloatArray = NDArray[np.float64]


@dataclass
class StepWeights:
    """What may happen at one step, weighed by what is known of its cells so far."""

    goes_on: float
    known: FloatArray  # [n, 16]
    unknown: float
    columns: NDArray[np.intp]  # [n, 4]: of the chords that are left
    before: NDArray[np.intp]  # [4]: columns of what sounded
    strange: FloatArray  # [4, COLUMNS]: of the voices of an unknown chord

    def cell(self, voice: int) -> tuple[FloatArray, FloatArray]:
        """Probabilities [COLUMNS] of the pitches of a cell, and of those that begin."""
        begins = (_SETS & _BITS[voice]) > 0
        column, unknown = self.columns[:, voice], self.unknown * self.strange[voice]
        pitch = _summed(column, self.known.sum(axis=1)) + unknown
        onset = _summed(column, self.known[:, begins].sum(axis=1)) + unknown * self._begins(voice)
        if self.before[voice] >= 0:
            pitch[self.before[voice]] += self.goes_on
        total = pitch.sum()
        return pitch / total, onset / total

    def see(self, voice: int, column: int, begins: bool) -> None:
        """Rule out what disagrees with a cell."""
        if begins or column != self.before[voice]:
            self.goes_on = 0.0
        left = self.columns[:, voice] == column
        sets = ((_SETS & _BITS[voice]) > 0) == begins
        self.columns, self.known = self.columns[left], self.known[left] * sets
        share = self._begins(voice)[column]
        self.unknown *= self.strange[voice, column] * (share if begins else 1 - share)

    def _begins(self, voice: int) -> FloatArray:
        """[COLUMNS]: how probable an onset is in an unknown chord, by its pitch."""
        share = np.ones(COLUMNS)
        share[REST_COLUMN] = 0.0
        if 0 <= self.before[voice] < REST_COLUMN:
            share[self.before[voice]] = _REPEATED
        return share


def cell_predictions(
    network: NextChordNetwork, chorale: Chorale, given: BoolArray
) -> CellDistributions:
    """Distributions of all written cells, each from the cells before it."""
    chord, duration = _after_each_step(network, chorale)
    ends = _ends(network, chorale, duration)
    shape = (*chorale.pitch.shape, COLUMNS)
    pitch, onset = np.zeros(shape), np.zeros(shape)
    columns = pitch_columns(chorale)
    chords = moved(network.vocabulary.chords, -common_shift(chorale.key))
    chord_columns = np.where(chords == REST, REST_COLUMN, np.clip(chords, 0, 127)).astype(np.intp)
    begun = np.stack([duration[:, FIRST:][:, network.vocabulary.begins @ _BITS == each].sum(axis=1)
                      for each in _SETS], axis=1)  # fmt: skip
    for step in range(chorale.steps):
        before = columns[:, step - 1] if step else np.full(4, _NO_PITCH)
        weights = _weights(chord[step], begun[step], ends[step], chord_columns, before)
        order = np.array(TIME_ORDER)
        is_given = given[order, step]
        for voice in (*order[is_given], *order[~is_given]):
            pitch[voice, step], onset[voice, step] = weights.cell(voice)
            weights.see(voice, int(columns[voice, step]), bool(chorale.onset[voice, step]))
    struck = np.clip(onset / np.maximum(pitch, np.finfo(float).tiny), LEAST, 1)
    with np.errstate(divide="ignore"):
        return CellDistributions(
            np.log(pitch).astype(np.float32), np.log(struck).astype(np.float32)
        )


def _weights(
    chord: FloatArray,
    begun: FloatArray,
    ends: float,
    columns: NDArray[np.intp],
    before: NDArray[np.intp],
) -> StepWeights:
    """What may happen at a step before any of its cells is known."""
    shares = chord[FIRST:] / chord[FIRST:].sum()
    sets = _allowed(columns, before) * (begun + LEAST)
    known = shares[:, None] * sets / sets.sum(axis=1, keepdims=True)
    unknown = max(_LEAST_UNKNOWN, float(chord[UNKNOWN]))
    strange = np.stack([_summed(column, shares) for column in columns.T])
    strange = (1 - _EVEN) * strange + _EVEN / COLUMNS
    return StepWeights(
        1 - ends, ends * (1 - unknown) * known, ends * unknown, columns, before, strange
    )


def _summed(columns: NDArray[np.intp], weights: FloatArray) -> FloatArray:
    """float[COLUMNS]: the weights of each column together."""
    summed: FloatArray = np.bincount(columns, weights, COLUMNS).astype(np.float64)
    return summed


def _allowed(columns: NDArray[np.intp], before: NDArray[np.intp]) -> BoolArray:
    """bool[N, 16]: the sets of voices that may begin each chord."""
    rests, same = columns == REST_COLUMN, columns == before
    must, free = (~same & ~rests) @ _BITS, (same & ~rests) @ _BITS
    allowed: BoolArray = (_SETS & ~free[:, None]) == must[:, None]
    falls_silent = (rests & ~same).any(axis=1)
    allowed[:, 0] &= falls_silent
    nothing = ~allowed.any(axis=1)  # silence goes on
    allowed[nothing, 0] = True
    return allowed


def _after_each_step(network: NextChordNetwork, chorale: Chorale) -> tuple[FloatArray, FloatArray]:
    """[T, tokens] each: chords and durations of an event that begins at each step."""
    vocabulary, events = network.vocabulary, chord_events(chorale)
    stops = np.cumsum(events.steps.astype(np.int64))
    tokens, window = vocabulary.encoded(chorale), network.config.window
    windows: dict[int, list[tuple[int, NDArray[np.int64]]]] = defaultdict(list)
    for step in range(chorale.steps):
        if step == 0:
            past = np.full((2, 1), START)
        else:
            event = int(stops.searchsorted(step))  # the one that sounds just before the step
            past = tokens[:, : event + 2].copy()
            lasted = step - int(stops[event] - events.steps[event])
            past[1, -1] = vocabulary.duration_token(lasted, events.begins[event])
        windows[past[:, -window:].shape[1]].append((step, past[:, -window:]))
    chord = np.zeros((chorale.steps, FIRST + len(vocabulary.chords)))
    duration = np.zeros((chorale.steps, FIRST + len(vocabulary.durations)))
    for alike in windows.values():
        for start in range(0, len(alike), _CHUNK):
            steps = [step for step, _ in alike[start : start + _CHUNK]]
            stacked = np.stack([past for _, past in alike[start : start + _CHUNK]], axis=1)
            with torch.inference_mode():
                logits = network.after(*torch.from_numpy(stacked))
            chord[steps], duration[steps] = (each.double().softmax(-1).numpy() for each in logits)
    return chord, duration


def _ends(network: NextChordNetwork, chorale: Chorale, duration: FloatArray) -> FloatArray:
    """float[T]: how probable it is that the event before a step ends there."""
    vocabulary, events = network.vocabulary, chord_events(chorale)
    starts = np.cumsum(events.steps.astype(np.int64)) - events.steps
    ends = np.ones(chorale.steps)
    for start, steps, begins in zip(starts, events.steps, events.begins, strict=True):
        alike = (vocabulary.begins == begins).all(axis=1)
        shares = duration[start, FIRST:] * alike + LEAST * alike
        for lasted in range(1, int(steps) + 1):
            if start + lasted == chorale.steps:
                break
            now, later = (
                float(shares[which].sum())
                for which in (vocabulary.steps == lasted, vocabulary.steps > lasted)
            )
            share = now / (now + later) if now + later else 0.5
            ends[start + lasted] = _SURE * share + (1 - _SURE) / 2
    return ends
