"""The Markov family: a chain of whole chords with metre, of order 2, like the oldest composers.

First the rhythm is drawn step by step: where the written voices have an event. Then `chain` puts
one chord on each event, clamped to whatever is given. Last, a voice whose pitch stays the same at
an event repeats or holds it, by the counts of its metric class. Written voices never rest.

It needs no torch, only counts, numpy and scipy.

References
----------
F. P. Brooks, A. L. Hopkins, P. G. Neumann, W. V. Wright 1957, "An experiment in musical
composition" (order and back-off of chains that write tunes); I. H. Witten, T. C. Bell 1991, "The
zero-frequency problem" (the weights of the back-off).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Self

import numpy as np

from generator.families.base import Family
from generator.families.fill_run import FillRun
from generator.families.markov.chain import Chain, Event
from generator.families.markov.transitions import (
    MAX_SINCE,
    IntArray,
    TransitionTables,
    count,
    metric_classes,
    subset_of,
    table_shapes,
)
from generator.families.settings import Setting, Values
from generator.families.tensor_forms import ANY_SIZE, TensorForm, Tensors
from generator.music.grid.chorale import (
    VOICE_RANGES,
    BoolArray,
    Chorale,
    repaired_onsets,
)
from generator.music.grid.keys import tonic_class

MAX_STATES = 2048
"""Tables of their successions are dense: 32 MB at this size."""


@dataclass(frozen=True)
class MarkovConfig:
    """Settings of the sampler; they travel inside the checkpoint."""

    states: int = 256
    """The most chords to consider at an event."""

    def __post_init__(self) -> None:
        if type(self.states) is not int or not 2 <= self.states <= MAX_STATES:
            raise ValueError(
                f"states {self.states!r}; a chain needs a whole number from 2 to {MAX_STATES}"
            )


class Markov(Family):
    """Counts of chords as a composer."""

    name = "markov"
    Config = MarkovConfig
    settings = {"temperature": Setting(1.0, 0.01, 100.0, "how freely chords are drawn")}

    def __init__(self, tables: TransitionTables, config: MarkovConfig) -> None:
        self.tables = tables
        self.config = config
        self.chain = Chain(tables, states=config.states)

    @classmethod
    def debug(cls) -> Self:
        rng = np.random.default_rng(0)
        low = np.array([bottom for bottom, _ in VOICE_RANGES])[:, None]
        pitch = (low + rng.integers(4, 14, size=(4, 64))).astype(np.int16)
        onset = repaired_onsets(pitch, np.zeros_like(pitch))
        return cls(count([Chorale(pitch=pitch, onset=onset)]), MarkovConfig(states=16))

    @classmethod
    def tensors(cls, config: MarkovConfig) -> Mapping[str, TensorForm]:
        shapes = table_shapes(types=ANY_SIZE, pairs=ANY_SIZE, triples=ANY_SIZE)
        floats = ("first", "moves", "register", "rhythm", "strike")
        return {
            name: ("float32" if name in floats else "int32", shape)
            for name, shape in shapes.items()
        }

    @classmethod
    def from_tensors(cls, config: MarkovConfig, tensors: Tensors) -> Self:
        return cls(TransitionTables(**tensors), config)

    def to_tensors(self) -> Tensors:
        return {field.name: getattr(self.tables, field.name) for field in fields(TransitionTables)}

    def _fill(
        self, chorale: Chorale, given: BoolArray, *, seed: int, settings: Values, run: FillRun
    ) -> Chorale:
        rng = np.random.default_rng(seed)
        begins = self._rhythm(chorale, given, rng)
        events = _events(chorale, given, begins)
        tonic = tonic_class(chorale.key)
        chords = self.chain.sample(
            events, tonic, rng=rng, temperature=settings["temperature"], run=run
        )
        pitch, onset = self._voiced(events, chords, rng)
        pitch = np.where(given, chorale.pitch, pitch)
        onset = np.where(given, chorale.onset, repaired_onsets(pitch, onset))
        return chorale.with_voices(pitch, onset)

    def _rhythm(self, chorale: Chorale, given: BoolArray, rng: np.random.Generator) -> BoolArray:
        """bool[T]: where the written voices have an event of their own."""
        others = (chorale.onset & given).any(axis=0)
        # For every step, the probability of an event by the steps since the last one.
        probability = self.tables.rhythm[
            subset_of(~given), metric_classes(chorale), others.astype(np.intp)
        ]
        # Where all four voices are given, the last event is one of theirs.
        all_given = given.all(axis=0)
        draws = np.where(all_given, np.where(others, -1.0, 2.0), rng.random(chorale.steps))
        begins = np.zeros(chorale.steps, dtype=np.bool_)
        since = MAX_SINCE - 1
        for step, (draw, row) in enumerate(zip(draws, probability, strict=True)):
            begins[step] = draw < row[since]
            since = 0 if begins[step] else min(since + 1, MAX_SINCE - 1)
        return begins & ~all_given

    def _voiced(
        self, events: list[Event], chords: IntArray, rng: np.random.Generator
    ) -> tuple[IntArray, BoolArray]:
        """The chords on the grid, and where a voice repeats the pitch that it has."""
        steps = [event.stop - event.start for event in events]
        pitch = np.repeat(chords.T, steps, axis=1)
        repeated = np.zeros(pitch.shape, dtype=np.bool_)
        draws = rng.random((len(events), 4))
        for event, draw in zip(events, draws, strict=True):
            if event.drawn:
                repeated[:, event.start] = draw < self.tables.strike[event.metric_class]
        return pitch, repeated


def _events(chorale: Chorale, given: BoolArray, begins: BoolArray) -> list[Event]:
    """Spans of one chord, divided by the rhythm, by given voices and by changes of the mask."""
    pitch = np.where(given, chorale.pitch, 0).astype(np.int32)
    division = begins | (given & chorale.onset).any(axis=0)
    division[1:] |= (given[:, 1:] != given[:, :-1]).any(axis=0)
    division[1:] |= (pitch[:, 1:] != pitch[:, :-1]).any(axis=0)
    division[0] = True
    starts = [int(step) for step in np.flatnonzero(division)]
    classes = metric_classes(chorale)
    return [
        Event(
            start=start,
            stop=stop,
            metric_class=int(classes[start]),
            given=given[:, start],
            pitch=pitch[:, start],
            # A voice that is written from here on needs a note to begin with.
            drawn=bool(
                begins[start] or start == 0 or (given[:, start - 1] & ~given[:, start]).any()
            ),
        )
        for start, stop in pairwise([*starts, chorale.steps])
    ]
