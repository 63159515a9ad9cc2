"""The Markov family: a chain of whole chords with metre, of order 2, as the oldest machines had it.

First the rhythm is drawn, step by step: where the written voices have an event. Then the chain of
`markov_chain` puts one chord on each event, clamped to whatever is given. Last, a voice whose pitch
stays at an event repeats or holds it by the counts of its metric class. Written voices never rest.

No torch: counts, numpy and scipy.

References
----------
F. P. Brooks, A. L. Hopkins, P. G. Neumann, W. V. Wright 1957, "An experiment in musical
composition" (order and back-off of chains that write tunes); I. H. Witten, T. C. Bell 1991, "The
zero-frequency problem" (the weights of the back-off).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from itertools import pairwise
from pathlib import Path
from typing import Self

import numpy as np

from generator.families.base import Family
from generator.families.checkpoint import CheckpointError, read_checkpoint, write_checkpoint
from generator.families.markov.chain import Chain, Event
from generator.families.markov.transitions import (
    LONGEST,
    IntArray,
    Tables,
    count,
    metric_classes,
    subset_of,
)
from generator.music.grid.chorale import (
    VOICE_RANGES,
    BoolArray,
    Chorale,
    mended_onsets,
)
from generator.music.grid.keys import tonic_class


@dataclass(frozen=True)
class MarkovConfig:
    """What the sampler is allowed; travels inside the checkpoint."""

    states: int = 256
    """Chords considered at an event."""

    def __post_init__(self) -> None:
        if self.states < 2:
            raise ValueError(f"states {self.states}; a chain needs at least 2")


class Markov(Family):
    """Counts of chords as a composer."""

    name = "markov"

    def __init__(self, tables: Tables, config: MarkovConfig) -> None:
        self.tables = tables
        self.config = config
        self.chain = Chain(tables, states=config.states)

    @classmethod
    def debug(cls) -> Self:
        rng = np.random.default_rng(0)
        low = np.array([bottom for bottom, _ in VOICE_RANGES])[:, None]
        pitch = (low + rng.integers(4, 14, size=(4, 64))).astype(np.int16)
        onset = mended_onsets(pitch, np.zeros_like(pitch))
        return cls(count([Chorale(pitch=pitch, onset=onset)]), MarkovConfig(states=16))

    @classmethod
    def load(cls, path: Path) -> Self:
        tensors, config, _ = read_checkpoint(path, cls.name)
        try:
            return cls(Tables(**tensors), MarkovConfig(**config))
        except (TypeError, ValueError) as error:
            raise CheckpointError(f"{path} does not fit its own config: {error}") from error

    def save(self, path: Path, metadata: dict[str, str]) -> None:
        tables = {field.name: getattr(self.tables, field.name) for field in fields(Tables)}
        tensors = {name: np.ascontiguousarray(table) for name, table in tables.items()}
        config = json.dumps(asdict(self.config))
        write_checkpoint(path, tensors, {**metadata, "family": self.name, "config": config})

    def _fill(
        self, chorale: Chorale, given: BoolArray, *, seed: int, temperature: float
    ) -> Chorale:
        rng = np.random.default_rng(seed)
        begins = self._rhythm(chorale, given, rng)
        events = _events(chorale, given, begins)
        tonic = tonic_class(chorale.key)
        chords = self.chain.sample(events, tonic, rng=rng, temperature=temperature)
        pitch, onset = self._voiced(events, chords, rng)
        pitch = np.where(given, chorale.pitch, pitch)
        onset = np.where(given, chorale.onset, mended_onsets(pitch, onset))
        return chorale.with_voices(pitch, onset)

    def _rhythm(self, chorale: Chorale, given: BoolArray, rng: np.random.Generator) -> BoolArray:
        """bool[T]: where the written voices have an event of their own."""
        others = (chorale.onset & given).any(axis=0)
        # What the steps since the last event have to say, for every step at once.
        chances = self.tables.rhythm[
            subset_of(~given), metric_classes(chorale), others.astype(np.intp)
        ]
        # Where all is given, its own events are what a written voice goes on from.
        whole = given.all(axis=0)
        draws = np.where(whole, np.where(others, -1.0, 2.0), rng.random(chorale.steps))
        begins = np.zeros(chorale.steps, dtype=np.bool_)
        since = LONGEST - 1
        for step, (draw, row) in enumerate(zip(draws, chances, strict=True)):
            begins[step] = draw < row[since]
            since = 0 if begins[step] else min(since + 1, LONGEST - 1)
        return begins & ~whole

    def _voiced(
        self, events: list[Event], chords: IntArray, rng: np.random.Generator
    ) -> tuple[IntArray, BoolArray]:
        """The chords on the grid, and where a voice begins anew on the pitch that it has."""
        steps = [event.stop - event.start for event in events]
        pitch = np.repeat(chords.T, steps, axis=1)
        struck = np.zeros(pitch.shape, dtype=np.bool_)
        draws = rng.random((len(events), 4))
        for event, draw in zip(events, draws, strict=True):
            if event.free:
                struck[:, event.start] = draw < self.tables.strike[event.metric_class]
        return pitch, struck


def _events(chorale: Chorale, given: BoolArray, begins: BoolArray) -> list[Event]:
    """Spans of one chord: cut by the rhythm, by given voices that move, by a mask that changes."""
    fixed = np.where(given, chorale.pitch, 0).astype(np.int32)
    cut = begins | (given & chorale.onset).any(axis=0)
    cut[1:] |= (given[:, 1:] != given[:, :-1]).any(axis=0)
    cut[1:] |= (fixed[:, 1:] != fixed[:, :-1]).any(axis=0)
    cut[0] = True
    starts = [int(step) for step in np.flatnonzero(cut)]
    classes = metric_classes(chorale)
    return [
        Event(
            start=start,
            stop=stop,
            metric_class=int(classes[start]),
            known=given[:, start],
            pitch=fixed[:, start],
            # A voice that is written from here on must begin with something.
            free=bool(
                begins[start] or start == 0 or (given[:, start - 1] & ~given[:, start]).any()
            ),
        )
        for start, stop in pairwise([*starts, chorale.steps])
    ]
