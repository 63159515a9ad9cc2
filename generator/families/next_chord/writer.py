"""Writes a piece event by event: draws the next chord and its duration, around what is given.

The softmax of chords is masked to those that agree with the given voices and lie in the ranges of
the others. If none agrees, the nearest chord takes their place: the fewest semitones away in the
given voices. Given voices always keep their own notes.

`UNKNOWN` stands for all chords without a token of their own. It is drawn as often as the network
expects one, at any temperature and whatever is given, and decoded by the nearest agreeing chord:
the fewest semitones from what sounds, among the chords that are new.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from generator.families.next_chord.network import NextChordNetwork
from generator.families.next_chord.vocabulary import (
    FIRST,
    START,
    UNKNOWN,
    IntArray,
    moved,
)
from generator.music.grid.chorale import REST, VOICE_RANGES, BoolArray

LONGEST_REST = 8
"""Steps that a written voice rests at most; it then sings again."""
REST_DISTANCE = 12
"""Semitones between a rest and any note, when chords are compared."""

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class OpenEvent:
    """What is known of an event before it is written.

    Attributes
    ----------
    given : bool[4]
    pitch : int16[4]
        Of the given voices; the others' are never read.
    begins : bool[4]
        Given voices that begin a note.
    limit : int
        Steps after which something given changes.
    forced : bool
        Whether it is divided from the event before by the mask alone, so that none need begin.
    """

    given: BoolArray
    pitch: IntArray
    begins: BoolArray
    limit: int
    forced: bool = False


NOTHING_GIVEN = OpenEvent(
    np.zeros(4, dtype=np.bool_), np.full(4, REST, np.int16), np.zeros(4, dtype=np.bool_), 1 << 30
)


@dataclass(frozen=True)
class WrittenEvent:
    """An event that sounds: int16[4], bool[4], and its steps."""

    pitch: IntArray
    begins: BoolArray
    steps: int


@dataclass
class NextChordTally:
    """How the events of a fill were decided."""

    events: int = 0
    unknown: int = 0
    """Events for which `UNKNOWN` was drawn."""
    nearest: int = 0
    """Events in which no known chord agreed with the given voices."""
    other_duration: int = 0
    """Events in which no known duration agreed with the chord and the given voices."""


@dataclass
class ChordWriter:
    """One piece under way. It remembers a window of tokens and what sounds, and nothing else.

    Parameters
    ----------
    network : NextChordNetwork
    shift : int
        Semitones from the key of the piece to the common key.
    temperature : float
        Of both heads.
    rng : numpy Generator
    """

    network: NextChordNetwork
    shift: int
    temperature: float
    rng: np.random.Generator
    tally: NextChordTally = field(default_factory=NextChordTally)

    def __post_init__(self) -> None:
        vocabulary = self.network.vocabulary
        chords = moved(vocabulary.chords, -self.shift)
        self._chords = _folded(chords)  # [N, 4]
        self._rests = self._chords == REST
        self._in_range = (self._chords == chords).all(axis=1)
        self._tokens: deque[tuple[int, int]] = deque(maxlen=self.network.config.window)
        self._tokens.append((START, START))
        self._sounds: IntArray | None = None
        self._begun: BoolArray = np.zeros(4, dtype=np.bool_)
        self._steps = 0

    def hear(self, event: WrittenEvent) -> None:
        """Remember an event. One in which nothing begins lengthens the event before."""
        vocabulary = self.network.vocabulary
        before = self._sounds
        falls_silent = before is None or bool(((event.pitch == REST) & (before != REST)).any())
        if event.begins.any() or falls_silent:
            self._begun, self._steps = event.begins, event.steps
            chord = vocabulary.chord_token(moved(event.pitch, self.shift).tolist())
        else:
            self._steps += event.steps
            chord, _ = self._tokens.pop()
        self._tokens.append((chord, vocabulary.duration_token(self._steps, self._begun)))
        self._sounds = event.pitch

    def write(self, open_event: OpenEvent = NOTHING_GIVEN) -> WrittenEvent:
        """Draw the next event, and remember it."""
        self.tally.events += 1
        chord_logits, duration_logits = self._logits()
        chord = self._chord(open_event, chord_logits)
        pitch = np.where(open_event.given, open_event.pitch, chord)
        event = self._timed(open_event, pitch, duration_logits[FIRST:])
        self.hear(event)
        return event

    def _logits(self) -> tuple[FloatArray, FloatArray]:
        tokens = torch.tensor(self._tokens).T[:, None]
        with torch.inference_mode():
            chord, duration = self.network.after(*tokens)
        return chord[0].double().numpy(), duration[0].double().numpy()

    def _chord(self, event: OpenEvent, logits: FloatArray) -> IntArray:
        """int16[4]: a chord; its given voices are yet to be put right."""
        asked = event.given & (event.pitch != REST)  # a given rest asks for no chord
        usable = self._usable(~event.given)
        agrees = usable & (self._chords[:, asked] == event.pitch[asked]).all(axis=1)
        surprise = self.rng.random() < _softmax(logits[UNKNOWN:])[0]
        known = logits[FIRST:]
        if not (agrees & self._in_range).any():
            self.tally.nearest += 1
            candidates = _nearest(self._distance(event.pitch, asked), usable)
        else:
            candidates = agrees & self._in_range
            if surprise and self._sounds is not None:
                self.tally.unknown += 1
                candidates = self._new_and_near(candidates, ~event.given)
        chord: IntArray = self._chords[self._drawn(known, candidates)]
        return chord

    def _usable(self, written: BoolArray) -> BoolArray:
        """bool[N]: chords in which no written voice rests that may not."""
        may_rest = np.zeros(4, dtype=np.bool_) if self._sounds is None else self._sounds != REST
        usable: BoolArray = ~(self._rests & written & ~may_rest).any(axis=1)
        return usable

    def _new_and_near(self, candidates: BoolArray, written: BoolArray) -> BoolArray:
        """Of these chords, those that differ from what sounds by the fewest semitones."""
        assert self._sounds is not None
        distance = self._distance(self._sounds, written)
        moves = candidates & (distance > 0)
        return _nearest(distance, moves if moves.any() else candidates)

    def _distance(self, pitch: IntArray, voices: BoolArray) -> FloatArray:
        """float[N]: semitones from each chord to these pitches, in these voices."""
        gaps = np.abs(self._chords[:, voices].astype(np.int32) - pitch[voices])
        unlike = self._rests[:, voices] != (pitch[voices] == REST)
        distance: FloatArray = np.where(unlike, REST_DISTANCE, gaps).sum(axis=1).astype(np.float64)
        return distance

    def _timed(self, event: OpenEvent, pitch: IntArray, logits: FloatArray) -> WrittenEvent:
        """The event with its steps, and with the voices that begin a note."""
        before = np.full(4, REST) if self._sounds is None else self._sounds
        rests = pitch == REST
        must = np.where(event.given, event.begins, (pitch != before) & ~rests)
        free = ~event.given & (pitch == before) & ~rests
        falls_silent = bool((rests & (before != REST)).any())
        limit = min(event.limit, LONGEST_REST if (rests & ~event.given).any() else event.limit)
        vocabulary = self.network.vocabulary
        short = vocabulary.steps <= limit
        fits = short & ((vocabulary.begins == must) | free).all(axis=1)
        if not (falls_silent or event.forced):
            fits &= vocabulary.begins.any(axis=1)
        if fits.any():
            token = self._drawn(logits, fits)
            return WrittenEvent(pitch, vocabulary.begins[token], int(vocabulary.steps[token]))
        self.tally.other_duration += 1
        steps = int(vocabulary.steps[self._drawn(logits, short)]) if short.any() else limit
        # If none must begin, all that may do; a forced division needs none.
        begins = must if must.any() or falls_silent or event.forced else free
        return WrittenEvent(pitch, begins, steps)

    def _drawn(self, logits: FloatArray, candidates: BoolArray) -> int:
        """The index of one of the candidates."""
        index = np.flatnonzero(candidates)
        shares = _softmax(logits[index] / self.temperature).cumsum()
        return int(index[min(shares.searchsorted(self.rng.random() * shares[-1]), len(index) - 1)])


def _nearest(distance: FloatArray, candidates: BoolArray) -> BoolArray:
    """bool[N]: the candidates at the least distance."""
    near: BoolArray = candidates & (distance == distance[candidates].min())
    return near


def _folded(chords: IntArray) -> IntArray:
    """The chords with each voice moved by octaves into its range."""
    folded = chords.copy()
    for voice, (low, high) in enumerate(VOICE_RANGES):
        column = folded[:, voice]
        sounds = column != REST
        below, above = np.maximum(low - column, 0), np.maximum(column - high, 0)
        column[sounds] += (12 * (-(-below // 12) - -(-above // 12)))[sounds]
    return folded


def _softmax(logits: FloatArray) -> FloatArray:
    weights = np.exp(logits - logits.max())
    shares: FloatArray = weights / weights.sum()
    return shares
