"""The flagship's view of a chorale: tokens of cells, laid out in beats, and the frame around them.

A cell's token: 0 a rest; 1..P a pitch held; P+1..2P a pitch begun (with onsets). Without onsets
1..P is a pitch and nothing else. Two more stand for cells that are masked and for padding: steps
are padded at both ends until beats of four begin where the bar's do. Pitches outside the
vocabulary are moved by octaves into it: the network reads them there, and given cells come back
as they were in any case.

With a known key everything is read and written as if the signature were empty: one key to learn
instead of twelve. How far a chorale was moved for it travels in the frame.
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
)

LOW, HIGH = 26, 89
PHASES = 64
KEYS = 24
KEY_ROW = 1  # of a rich frame, as the two below
METRE_ROW = 2
FERMATA_ROW = 3
TONICS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
BARS = 8  # lengths of a bar in quarters
REGISTERS = 13
EDGE = 9  # beats from either end that are told apart on a bare frame


@dataclass(frozen=True)
class Grid:
    """A batch for the network; T counts padded steps, N = T / 4 beats.

    tokens (B, 4, T); frame (B, K, N); real (B, N), False where a beat is nothing but padding.
    """

    tokens: Tensor
    frame: Tensor
    real: Tensor

    def to(self, device: torch.device) -> Grid:
        return Grid(self.tokens.to(device), self.frame.to(device), self.real.to(device))

    def with_tokens(self, tokens: Tensor) -> Grid:
        return replace(self, tokens=tokens)

    def between(self, first: int, last: int) -> Grid:
        """The beats from `first` up to, and without, `last`."""
        steps = slice(first * STEPS_PER_QUARTER, last * STEPS_PER_QUARTER)
        beats = slice(first, last)
        return Grid(self.tokens[..., steps], self.frame[..., beats], self.real[:, beats])

    def repeated(self, times: int) -> Grid:
        """The same chorale `times` times."""
        parts = (self.tokens, self.frame, self.real)
        return Grid(*(part.expand(times, *part.shape[1:]) for part in parts))

    @staticmethod
    def stacked(grids: list[Grid], padding: int) -> Grid:
        """Batches of one, of any lengths, as one; filled up with the token `padding`."""
        longest = max(grid.tokens.shape[-1] for grid in grids)
        pad = torch.nn.functional.pad

        def wide(part: Tensor, length: int, value: float) -> Tensor:
            return pad(part, (0, length - part.shape[-1]), value=value)

        beats = longest // STEPS_PER_QUARTER
        return Grid(
            torch.cat([wide(grid.tokens, longest, padding) for grid in grids]),
            torch.cat([wide(grid.frame, beats, 0) for grid in grids]),
            torch.cat([wide(grid.real, beats, False) for grid in grids]),
        )


@dataclass(frozen=True)
class Layout:
    """How a chorale lies in its padded grid: `lead` steps of padding first, moved by `shift`."""

    lead: int
    steps: int
    padded: int
    shift: int

    def spread(self, cells: BoolArray, *, padding: bool) -> BoolArray:
        """bool[..., T] of the chorale's steps as bool[..., padded]."""
        width = [(0, 0)] * (cells.ndim - 1) + [(self.lead, self.padded - self.lead - self.steps)]
        return np.pad(cells, width, constant_values=padding)

    @property
    def inside(self) -> slice:
        return slice(self.lead, self.lead + self.steps)


class Vocabulary:
    """Tokens of a cell, to and from pitches and onsets."""

    def __init__(self, *, onsets: bool) -> None:
        self.onsets = onsets
        self.pitches = HIGH - LOW + 1
        self.classes = 1 + self.pitches * (2 if onsets else 1)
        self.masked = self.classes
        self.padding = self.classes + 1

    @staticmethod
    def frame_sizes(onsets: bool) -> tuple[int, ...]:
        """Sizes of the frame's inputs: (bar, key, metre, fermatas, register | beat, edges)."""
        return (PHASES, KEYS, BARS, 16, REGISTERS) if onsets else (4, EDGE, EDGE)

    def encode(self, chorale: Chorale, shift: int = 0) -> NDArray[np.int64]:
        """int64[4, T] tokens of all cells, transposed by `shift` semitones."""
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
        """Pitches and onsets [4, T]; onsets are as the tokens say, not yet mended."""
        pitch = np.where(tokens == 0, REST, LOW + (tokens - 1) % self.pitches - shift)
        return pitch.astype(np.int16), tokens > self.pitches

    def transposed(self, tokens: NDArray[np.int64], shift: int) -> NDArray[np.int64]:
        """Tokens moved by `shift` semitones, by an octave back where they would leave."""
        sounding = (tokens > 0) & (tokens < self.masked)
        pitch = (tokens - 1) % self.pitches + shift
        pitch = np.where(pitch < 0, pitch + 12, np.where(pitch >= self.pitches, pitch - 12, pitch))
        moved = 1 + pitch + (tokens - 1) // self.pitches * self.pitches
        return np.where(sounding, moved, tokens)

    def pitch_of(self, tokens: Tensor) -> Tensor:
        """Index of the pitch: 0 a rest, 1..P; padding and masks count as rests."""
        held = torch.where(tokens > self.pitches, tokens - self.pitches, tokens)
        return torch.where(tokens >= self.masked, 0, held)

    def begins(self, tokens: Tensor) -> Tensor:
        """bool: tokens of pitches that begin in their cell; none where onsets are not known."""
        return (tokens > self.pitches) & (tokens < self.masked)

    def allowed(self, shift: int = 0) -> Tensor:
        """bool[4, C]: what a written voice may use."""
        allowed = torch.zeros(4, self.classes, dtype=torch.bool)
        allowed[:, 0] = True
        for voice, (low, high) in enumerate(VOICE_RANGES):
            first, last = max(low + shift - LOW, 0), min(high + shift - LOW, self.pitches - 1)
            for start in range(1, self.classes, self.pitches):
                allowed[voice, start + first : start + last + 1] = True
        return allowed

    def neighbours(self, tokens: Tensor, visible: Tensor) -> tuple[Tensor, Tensor]:
        """Nearest visible pitch before and after each beat (B, 4, N); P + 1: there is none."""
        steps = tokens.shape[-1]
        pitch = torch.nn.functional.pad(self.pitch_of(tokens), (1, 1), value=self.pitches + 1)
        seen = visible & (tokens < self.masked)
        place = torch.arange(1, steps + 1, device=tokens.device).expand_as(tokens)
        last = torch.where(seen, place, 0).cummax(dim=-1).values
        last = torch.nn.functional.pad(last, (1, 0))[..., :-1:STEPS_PER_QUARTER]
        first = torch.where(seen, place, steps + 1).flip(-1).cummin(dim=-1).values.flip(-1)
        first = torch.nn.functional.pad(first, (0, 1), value=steps + 1)
        first = first[..., STEPS_PER_QUARTER::STEPS_PER_QUARTER]
        return pitch.gather(-1, last), pitch.gather(-1, first)

    def pitch_log_probs(self, logits: Tensor, shift: int = 0) -> NDArray[np.float32]:
        """float32[..., 129]: log-probabilities of pitches and rest, onsets summed out."""
        log_probs = logits.float().log_softmax(dim=-1)
        rest, sounding = log_probs[..., :1], log_probs[..., 1:]
        sounding = torch.unflatten(sounding, -1, (-1, self.pitches)).logsumexp(dim=-2)
        full = torch.full((*logits.shape[:-1], 129), -30.0)
        full[..., LOW - shift : HIGH + 1 - shift] = sounding
        full[..., 128:] = rest
        array: NDArray[np.float32] = full.numpy()
        return array


def encode_grid(
    chorale: Chorale, vocabulary: Vocabulary, semitones: int = 0
) -> tuple[Grid, Layout]:
    """One chorale as a batch of one, read so many semitones higher."""
    phase = chorale.bar_phase().astype(np.int64)
    lead = int(phase[0]) % STEPS_PER_QUARTER if vocabulary.onsets else 0
    padded = -(-(lead + chorale.steps) // STEPS_PER_QUARTER) * STEPS_PER_QUARTER
    shift = semitones + (signature_shift(chorale.key) if vocabulary.onsets else 0)
    layout = Layout(lead, chorale.steps, padded, shift)
    tokens = np.full((4, padded), vocabulary.padding)
    tokens[:, layout.inside] = vocabulary.encode(chorale, shift)
    beats = padded // STEPS_PER_QUARTER
    rows = _rich_frame(chorale, layout, phase) if vocabulary.onsets else _bare_frame(beats)
    frame = torch.from_numpy(np.stack(rows).astype(np.int64))[None]
    real = torch.ones(1, beats, dtype=torch.bool)
    return Grid(torch.from_numpy(tokens)[None], frame, real), layout


def key_index(key: str) -> int:
    """0..11 major by tonic, 12..23 minor."""
    tonic, mode = key.split()
    pitch = TONICS[tonic[0]] + {"#": 1, "b": -1}.get(tonic[1:], 0)
    return pitch % 12 + (12 if mode == "minor" else 0)


def signature_shift(key: str) -> int:
    """Semitones, -6..5, that take a key to C major or A minor."""
    index = key_index(key)
    relative = index if index < 12 else index + 3
    return (6 - relative) % 12 - 6


def _rich_frame(
    chorale: Chorale, layout: Layout, phase: NDArray[np.int64]
) -> list[NDArray[np.int64]]:
    bars = np.zeros(chorale.steps, dtype=np.int64)
    for step, metre in chorale.metre:
        bars[step:] = min(bar_steps(metre) // STEPS_PER_QUARTER, BARS - 1)
    # The first real step of every beat speaks for it; where padding leads, for the beat's start.
    steps = np.maximum(np.arange(0, layout.padded, STEPS_PER_QUARTER) - layout.lead, 0)
    starts = phase[steps]
    starts[0] -= layout.lead
    fermata = layout.spread(chorale.fermata, padding=False).reshape(-1, STEPS_PER_QUARTER)
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
