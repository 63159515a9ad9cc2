"""The next-chord family, after Play Bach: forty chord events predict the one that follows.

`vocabulary` has the tokens, `network` what predicts them, `writer` the decoding.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Self

import numpy as np
import torch

from generator.families.base import Family
from generator.families.continues import ChordEvent
from generator.families.fill_run import FillRun
from generator.families.likelihoods import CellDistributions
from generator.families.next_chord.likelihood import cell_predictions
from generator.families.next_chord.network import NextChordConfig, NextChordNetwork
from generator.families.next_chord.vocabulary import (
    FIRST,
    ChordVocabulary,
    chord_events,
    common_shift,
)
from generator.families.next_chord.writer import (
    ChordWriter,
    NextChordTally,
    OpenEvent,
    WrittenEvent,
)
from generator.families.settings import Setting, Values
from generator.families.tensor_forms import TensorForm, Tensors
from generator.music.grid.chorale import REST, VOICE_RANGES, BoolArray, Chorale, PitchArray

VOCABULARY = ("chords", "durations")
"""Tensors that are no weights."""
DEBUG_SCALE = 3.0
"""Of the miniature's random weights: with smaller ones it hardly minds what it has heard."""


class NextChord(Family):
    """Chords after chords, each from the last forty."""

    name = "next_chord"
    Config = NextChordConfig
    settings = {
        "temperature": Setting(0.5, 0.01, 100.0, "how freely chords and durations are drawn")
    }

    def __init__(self, network: NextChordNetwork) -> None:
        self.network = network.eval()
        self.config = network.config

    @classmethod
    def debug(cls) -> Self:
        rng = np.random.default_rng(0)
        low = np.array([bottom for bottom, _ in VOICE_RANGES])
        chords = low + rng.integers(6, 18, size=(40, 4))
        chords[0, 1] = REST
        durations = [(steps, begins) for steps in (1, 2, 4) for begins in range(1, 16)]
        vocabulary = ChordVocabulary(
            np.unique(chords, axis=0).astype(np.int16), np.array(durations, dtype=np.int16)
        )
        sizes = NextChordConfig(
            len(vocabulary.chords),
            len(vocabulary.durations),
            window=3,
            chord_embedding=4,
            duration_embedding=3,
            units=8,
            attention=4,
        )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            network = NextChordNetwork(sizes, vocabulary)
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.mul_(DEBUG_SCALE)
        return cls(network)

    @classmethod
    def tensors(cls, config: NextChordConfig) -> Mapping[str, TensorForm]:
        units, attention = config.units, config.attention
        chords, durations = FIRST + config.chords, FIRST + config.durations
        inputs = config.chord_embedding + config.duration_embedding
        shapes: dict[str, tuple[int, ...]] = {
            "chord_embedding.weight": (chords, config.chord_embedding),
            "duration_embedding.weight": (durations, config.duration_embedding),
        }
        for layer, size in (("first", inputs), ("second", units)):
            shapes[f"{layer}.weight_ih_l0"] = (4 * units, size)
            shapes[f"{layer}.weight_hh_l0"] = (4 * units, units)
            shapes[f"{layer}.bias_ih_l0"] = shapes[f"{layer}.bias_hh_l0"] = (4 * units,)
        if attention:
            shapes["attention.keys.weight"] = (attention, units)
            shapes["attention.query.weight"] = (attention, units)
            shapes["attention.query.bias"] = (attention,)
            shapes["attention.score.weight"] = (1, attention)
            shapes["attention.merge.weight"] = (units, units)
            shapes["attention.merge.bias"] = (units,)
        for head, tokens in (("chord_head", chords), ("duration_head", durations)):
            shapes[f"{head}.weight"], shapes[f"{head}.bias"] = (tokens, units), (tokens,)
        return {
            **{name: ("float16", shape) for name, shape in shapes.items()},
            "chords": ("int16", (config.chords, 4)),
            "durations": ("int16", (config.durations, 2)),
        }

    @classmethod
    def from_tensors(cls, config: NextChordConfig, tensors: Tensors) -> Self:
        vocabulary = ChordVocabulary(*(np.asarray(tensors[name]) for name in VOCABULARY))
        network = NextChordNetwork(config, vocabulary)
        network.load_state_dict(
            {
                name: torch.from_numpy(np.asarray(value, np.float32))
                for name, value in tensors.items()
                if name not in VOCABULARY
            }
        )
        return cls(network)

    def to_tensors(self) -> Tensors:
        weights = {
            name: value.cpu().numpy().astype(np.float16)
            for name, value in self.network.state_dict().items()
        }
        vocabulary = self.network.vocabulary
        return {**weights, "chords": vocabulary.chords, "durations": vocabulary.durations}

    def _fill(
        self, chorale: Chorale, given: BoolArray, *, seed: int, settings: Values, run: FillRun
    ) -> Chorale:
        return self.fill_and_tally(chorale, given, seed=seed, settings=settings, run=run)[0]

    def fill_and_tally(
        self, chorale: Chorale, given: BoolArray, *, seed: int, settings: Values, run: FillRun
    ) -> tuple[Chorale, NextChordTally]:
        """The piece, and how its events were decided."""
        writer = self._writer(chorale.key, seed, settings)
        pitch = np.where(given, chorale.pitch, REST)
        onset = chorale.onset & given
        divided, forced = _divisions(pitch, onset, given)
        ends = np.append(np.flatnonzero(divided[1:]) + 1, chorale.steps)
        all_given = np.logical_and.reduce(given)
        stop = 0
        for step in run.needed(chorale.steps):
            if step < stop:
                continue
            end = int(ends[ends.searchsorted(step, side="right")])
            at, limit = (pitch[:, step].copy(), onset[:, step].copy()), end - step
            if all_given[step]:
                stop = end
                writer.hear(WrittenEvent(*at, limit))
                continue
            event = writer.write(OpenEvent(given[:, step], *at, limit, bool(forced[step])))
            stop = step + event.steps
            written = ~given[:, step]
            pitch[written, step:stop] = event.pitch[written, None]
            onset[written, step] = event.begins[written]
        return chorale.with_voices(pitch, onset), writer.tally

    def cell_predictions(self, chorale: Chorale, given: BoolArray) -> CellDistributions:
        """From left to right, at temperature 1; nothing given is seen before its step."""
        return cell_predictions(self.network, chorale, given)

    def continue_from(
        self, beginning: Chorale, *, seed: int, settings: Values
    ) -> Iterator[ChordEvent]:
        """Event after event, without end; a beginning of rests alone is none."""
        writer = self._writer(beginning.key, seed, settings)
        if (beginning.pitch != REST).any():
            events = chord_events(beginning)
            for pitch, begins, steps in zip(events.pitch, events.begins, events.steps, strict=True):
                writer.hear(WrittenEvent(pitch, begins, int(steps)))
        step = 0
        while True:
            event = writer.write()
            yield ChordEvent(
                step, event.steps, tuple(event.pitch.tolist()), tuple(event.begins.tolist())
            )
            step += event.steps

    def _writer(self, key: str, seed: int, settings: Values) -> ChordWriter:
        return ChordWriter(
            self.network, common_shift(key), settings["temperature"], np.random.default_rng(seed)
        )


def _divisions(
    pitch: PitchArray, onset: BoolArray, given: BoolArray
) -> tuple[BoolArray, BoolArray]:
    """bool[T], bool[T]: where something given changes; and where that is the mask alone."""
    begins: BoolArray = np.logical_or.reduce(onset)
    silence = (pitch == REST) & given
    changes = np.zeros_like(begins)
    changes[1:] = (given[:, 1:] != given[:, :-1]).any(axis=0)
    falls_silent = np.zeros_like(begins)
    falls_silent[1:] = (silence[:, 1:] & ~silence[:, :-1]).any(axis=0)
    sings = begins | falls_silent
    return sings | changes, changes & ~sings
