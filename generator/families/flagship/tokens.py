"""The flagship's view of a chorale: tokens of cells, grouped in beats, and the frame around them.

A cell's token is 0 for a rest, 1..P for a pitch that is held, P+1..2P for a pitch that begins.
Without onsets 1..P is simply a pitch. Two more tokens stand for masked cells and for padding: both
ends are padded until the network's beats begin where the bar's beats do. A pitch outside the
vocabulary is read in a nearer octave; a given cell comes back as it was in any case.

A chorale whose key is known is read and written as if its signature were empty, so that there is
one key to learn and not twelve. The frame says how far it was moved.

Legend: B batch, T padded steps, N = T / 4 beats, K inputs of the frame, P pitches, C classes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from generator.music.grid.chorale import (
    REST,
    STEPS_PER_QUARTER,
    VOICE_RANGES,
    BoolArray,
    Chorale,
    bar_steps,
    repaired_onsets,
)
from generator.music.grid.keys import tonic_class

LOW, HIGH = 26, 89
PHASES = 64
KEYS = 24
PHASE_ROW, KEY_ROW, METRE_ROW, FERMATA_ROW = range(4)  # of a full frame
BARS = 8  # lengths of a bar, in quarters
REGISTERS = 13
EDGE = 9  # distances from either end that a bare frame tells apart, in beats
IMPROBABLE = -30.0  # log-probability of a pitch that the vocabulary lacks


@dataclass(frozen=True)
class TokenGrid:
    """A batch of chorales for the network."""

    tokens: Tensor  # int64 (B, 4, T)
    frame: Tensor  # int64 (B, K, N)
    real: Tensor  # bool (B, N), False where a beat is nothing but padding

    def to(self, device: torch.device) -> TokenGrid:
        return TokenGrid(self.tokens.to(device), self.frame.to(device), self.real.to(device))

    def with_tokens(self, tokens: Tensor) -> TokenGrid:
        return replace(self, tokens=tokens)

    def between(self, first: int, last: int) -> TokenGrid:
        """The beats from `first` up to, but not including, `last`."""
        steps = slice(first * STEPS_PER_QUARTER, last * STEPS_PER_QUARTER)
        beats = slice(first, last)
        return TokenGrid(self.tokens[..., steps], self.frame[..., beats], self.real[:, beats])

    def repeated(self, times: int) -> TokenGrid:
        """A batch of one, repeated."""
        parts = (self.tokens, self.frame, self.real)
        return TokenGrid(*(part.expand(times, *part.shape[1:]) for part in parts))

    @staticmethod
    def stacked(grids: list[TokenGrid], padding: int) -> TokenGrid:
        """Batches of one, of any length, as one batch; the token `padding` fills up the rest."""
        longest = max(grid.tokens.shape[-1] for grid in grids)
        pad = torch.nn.functional.pad

        def padded(part: Tensor, length: int, value: float) -> Tensor:
            return pad(part, (0, length - part.shape[-1]), value=value)

        beats = longest // STEPS_PER_QUARTER
        return TokenGrid(
            torch.cat([padded(grid.tokens, longest, padding) for grid in grids]),
            torch.cat([padded(grid.frame, beats, 0) for grid in grids]),
            torch.cat([padded(grid.real, beats, False) for grid in grids]),
        )


@dataclass(frozen=True)
class PaddedLayout:
    """Where a chorale lies in its padded grid, and how far it was transposed."""

    lead: int
    """Steps of padding before the chorale."""
    steps: int
    """Steps of the chorale."""
    padded: int
    """All steps, padding included."""
    shift: int
    """Semitones that the chorale was moved up."""

    def pad(self, cells: BoolArray, *, padding: bool) -> BoolArray:
        """bool[..., steps] of the chorale as bool[..., padded]."""
        width = [(0, 0)] * (cells.ndim - 1) + [(self.lead, self.padded - self.lead - self.steps)]
        return np.pad(cells, width, constant_values=padding)

    @property
    def inside(self) -> slice:
        return slice(self.lead, self.lead + self.steps)


class Vocabulary:
    """The tokens of a cell, to and from pitches and onsets."""

    def __init__(self, *, onsets: bool) -> None:
        self.onsets = onsets
        self.pitches = HIGH - LOW + 1
        self.classes = 1 + self.pitches * (2 if onsets else 1)
        self.masked = self.classes
        self.padding = self.classes + 1

    @staticmethod
    def frame_sizes(onsets: bool) -> tuple[int, ...]:
        """Sizes of the inputs: phase, key, metre, fermata, register; bare: beat and both edges."""
        return (PHASES, KEYS, BARS, 16, REGISTERS) if onsets else (4, EDGE, EDGE)

    def encode(self, chorale: Chorale, shift: int = 0) -> NDArray[np.int64]:
        """Tokens int64[4, T] of all cells, transposed by `shift` semitones."""
        pitch = chorale.pitch.astype(np.int64) + shift
        pitch = np.where(pitch < LOW, LOW + (pitch - LOW) % 12, pitch)
        pitch = np.where(pitch > HIGH, HIGH - (HIGH - pitch) % 12, pitch)
        tokens = pitch - LOW + 1
        if self.onsets:
            tokens = tokens + self.pitches * chorale.onset
        return np.where(chorale.pitch == REST, 0, tokens)

    def decode(
        self, tokens: NDArray[np.int64], shift: int = 0
    ) -> tuple[NDArray[np.int16], NDArray[np.bool_]]:
        """Pitches and onsets [4, T]; the onsets are the tokens' own and may not fit the pitches."""
        pitch = np.where(tokens == 0, REST, LOW + (tokens - 1) % self.pitches - shift)
        return pitch.astype(np.int16), tokens > self.pitches

    def transposed(self, tokens: NDArray[np.int64], shift: int) -> NDArray[np.int64]:
        """Tokens moved by `shift` semitones; those that would leave come back by an octave."""
        sounding = (tokens > 0) & (tokens < self.masked)
        pitch = (tokens - 1) % self.pitches + shift
        pitch = np.where(pitch < 0, pitch + 12, np.where(pitch >= self.pitches, pitch - 12, pitch))
        moved = 1 + pitch + (tokens - 1) // self.pitches * self.pitches
        return np.where(sounding, moved, tokens)

    def pitch_of(self, tokens: Tensor) -> Tensor:
        """The pitch of each token, 1..P; 0 for rests, masks and padding."""
        held = torch.where(tokens > self.pitches, tokens - self.pitches, tokens)
        return torch.where(tokens >= self.masked, 0, held)

    def begins(self, tokens: Tensor) -> Tensor:
        """Which tokens begin a note; none do where onsets are not known."""
        return (tokens > self.pitches) & (tokens < self.masked)

    def allowed(self, shift: int = 0) -> Tensor:
        """bool (4, C): what each written voice may use."""
        allowed = torch.zeros(4, self.classes, dtype=torch.bool)
        allowed[:, 0] = True
        for voice, (low, high) in enumerate(VOICE_RANGES):
            first, last = max(low + shift - LOW, 0), min(high + shift - LOW, self.pitches - 1)
            for start in range(1, self.classes, self.pitches):
                allowed[voice, start + first : start + last + 1] = True
        return allowed

    def pitch_classes(self) -> Tensor:
        """int64 (C,): the pitch class of each class, before any shift; -1 of the rest."""
        pitch = self.pitch_of(torch.arange(self.classes))
        return torch.where(pitch > 0, (pitch - 1 + LOW) % 12, -1)

    def neighbours(self, tokens: Tensor, given: Tensor) -> tuple[Tensor, Tensor]:
        """The nearest given pitch before and after each beat (B, 4, N); P + 1 where none is.

        `tokens` and `given` are (B, 4, T).
        """
        steps = tokens.shape[-1]
        pitch = torch.nn.functional.pad(self.pitch_of(tokens), (1, 1), value=self.pitches + 1)
        known = given & (tokens < self.masked)
        place = torch.arange(1, steps + 1, device=tokens.device).expand_as(tokens)
        last = torch.where(known, place, 0).cummax(dim=-1).values
        last = torch.nn.functional.pad(last, (1, 0))[..., :-1:STEPS_PER_QUARTER]
        first = torch.where(known, place, steps + 1).flip(-1).cummin(dim=-1).values.flip(-1)
        first = torch.nn.functional.pad(first, (0, 1), value=steps + 1)
        first = first[..., STEPS_PER_QUARTER::STEPS_PER_QUARTER]
        return pitch.gather(-1, last), pitch.gather(-1, first)

    def pitch_log_probs(self, logits: Tensor, shift: int = 0) -> NDArray[np.float32]:
        """float32[..., 129]: log-probabilities of MIDI pitches and a rest, onsets summed out."""
        log_probs = logits.float().log_softmax(dim=-1)
        rest, sounding = log_probs[..., :1], log_probs[..., 1:]
        sounding = torch.unflatten(sounding, -1, (-1, self.pitches)).logsumexp(dim=-2)
        return _by_pitch(sounding, rest, shift)

    def struck_log_probs(self, logits: Tensor, shift: int = 0) -> NDArray[np.float32]:
        """float32[..., 129]: log-probabilities that a note of that pitch begins."""
        log_probs = logits.float().log_softmax(dim=-1)
        struck = log_probs[..., 1 + self.pitches : 1 + 2 * self.pitches]
        return _by_pitch(struck, torch.full_like(struck[..., :1], IMPROBABLE), shift)


def _by_pitch(sounding: Tensor, rest: Tensor, shift: int) -> NDArray[np.float32]:
    """The P pitches of the vocabulary as MIDI pitches, and then the rest."""
    full = torch.full((*sounding.shape[:-1], 129), IMPROBABLE)
    full[..., LOW - shift : HIGH + 1 - shift] = sounding
    full[..., 128:] = rest
    array: NDArray[np.float32] = full.numpy()
    return array


def encode_grid(
    chorale: Chorale, vocabulary: Vocabulary, semitones: int = 0
) -> tuple[TokenGrid, PaddedLayout]:
    """A chorale as a batch of one, read `semitones` higher."""
    phase = chorale.bar_phase().astype(np.int64)
    lead = int(phase[0]) % STEPS_PER_QUARTER if vocabulary.onsets else 0
    padded = -(-(lead + chorale.steps) // STEPS_PER_QUARTER) * STEPS_PER_QUARTER
    shift = semitones + (signature_shift(chorale.key) if vocabulary.onsets else 0)
    layout = PaddedLayout(lead, chorale.steps, padded, shift)
    tokens = np.full((4, padded), vocabulary.padding)
    tokens[:, layout.inside] = vocabulary.encode(chorale, shift)
    beats = padded // STEPS_PER_QUARTER
    rows = _full_frame(chorale, layout, phase) if vocabulary.onsets else _bare_frame(beats)
    frame = torch.from_numpy(np.stack(rows).astype(np.int64))[None]
    real = torch.ones(1, beats, dtype=torch.bool)
    return TokenGrid(torch.from_numpy(tokens)[None], frame, real), layout


def decode_grid(
    tokens: NDArray[np.int64],
    layout: PaddedLayout,
    chorale: Chorale,
    given: BoolArray,
    vocabulary: Vocabulary,
) -> Chorale:
    """The chorale with the cells that are not given as the tokens (4, padded steps) say."""
    pitch, onset = vocabulary.decode(tokens[:, layout.inside], layout.shift)
    pitch = np.where(given, chorale.pitch, pitch)
    onset = np.where(given, chorale.onset, onset)
    return chorale.with_voices(pitch, np.where(given, onset, repaired_onsets(pitch, onset)))


def key_index(key: str) -> int:
    """0..11 for major keys by their tonic, 12..23 for minor ones."""
    return tonic_class(key) + (12 if key.endswith("minor") else 0)


def signature_shift(key: str) -> int:
    """Semitones (-6..5) that take a key to C major or A minor."""
    index = key_index(key)
    relative = index if index < 12 else index + 3
    return (6 - relative) % 12 - 6


def _full_frame(
    chorale: Chorale, layout: PaddedLayout, phase: NDArray[np.int64]
) -> list[NDArray[np.int64]]:
    bars = np.zeros(chorale.steps, dtype=np.int64)
    for step, metre in chorale.metre:
        bars[step:] = min(bar_steps(metre) // STEPS_PER_QUARTER, BARS - 1)
    # Each beat is described by its first real step; after leading padding, by the beat's start.
    steps = np.maximum(np.arange(0, layout.padded, STEPS_PER_QUARTER) - layout.lead, 0)
    starts = phase[steps]
    starts[0] -= layout.lead
    fermata = layout.pad(chorale.fermata, padding=False).reshape(-1, STEPS_PER_QUARTER)
    beats = len(steps)
    key = (key_index(chorale.key) + layout.shift) % 12 + key_index(chorale.key) // 12 * 12
    return [
        np.clip(starts, 0, PHASES - 1),
        np.full(beats, key),
        bars[steps],
        fermata @ (1 << np.arange(STEPS_PER_QUARTER)),
        np.full(beats, layout.shift + 6),
    ]


def _bare_frame(beats: int) -> list[NDArray[np.int64]]:
    index = np.arange(beats, dtype=np.int64)
    return [index % 4, np.minimum(index, EDGE - 1), np.minimum(index[::-1], EDGE - 1)]
