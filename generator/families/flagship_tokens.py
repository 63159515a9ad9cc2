"""The flagship's view of a chorale: tokens of cells, and the frame around them.

A cell's token: 0 a rest; 1..P a pitch held; P+1..2P a pitch begun (with onsets). Without onsets
1..P is a pitch and nothing else. Pitches outside the vocabulary are moved by octaves into it: the
network reads them there, and given cells come back as they were in any case.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from generator.music.chorale import REST, VOICE_RANGES, Chorale, bar_steps

LOW, HIGH = 26, 89
PHASES = 64
KEYS = 24
TONICS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
# Twelve shades of metre are enough: bars of any length up to 24 sixteenths, by quarter.
BARS = 8


@dataclass(frozen=True)
class Grid:
    """A batch for the network: tokens (B, 4, T), frame (B, K, T), real steps (B, T) or None."""

    tokens: Tensor
    frame: Tensor
    real: Tensor | None = None

    def repeated(self, times: int) -> Grid:
        """The same chorale `times` times."""
        return Grid(self.tokens.expand(times, -1, -1), self.frame.expand(times, -1, -1))

    def to(self, device: torch.device) -> Grid:
        real = None if self.real is None else self.real.to(device)
        return Grid(self.tokens.to(device), self.frame.to(device), real)


class Vocabulary:
    """Tokens of a cell, to and from pitches and onsets."""

    def __init__(self, *, onsets: bool) -> None:
        self.onsets = onsets
        self.pitches = HIGH - LOW + 1
        self.classes = 1 + self.pitches * (2 if onsets else 1)

    @staticmethod
    def frame_sizes(onsets: bool) -> tuple[int, ...]:
        """Sizes of the frame's inputs: place in the bar, (fermata, key, metre | start, end)."""
        return (PHASES, 2, KEYS, BARS) if onsets else (16, 17, 17)

    def encode(self, chorale: Chorale, shift: int = 0) -> NDArray[np.int64]:
        """int64[4, T] tokens of all cells, transposed by `shift` semitones."""
        pitch = chorale.pitch.astype(np.int64) + shift
        pitch = np.where(pitch < LOW, LOW + (pitch - LOW) % 12, pitch)
        pitch = np.where(pitch > HIGH, HIGH - (HIGH - pitch) % 12, pitch)
        tokens = pitch - LOW + 1
        if self.onsets:
            tokens = tokens + self.pitches * chorale.onset
        return np.where(chorale.pitch == REST, 0, tokens)

    def decode(self, tokens: NDArray[np.int64]) -> tuple[NDArray[np.int16], NDArray[np.bool_]]:
        """Pitches and onsets [4, T]; onsets are as the tokens say, not yet mended."""
        pitch = np.where(tokens == 0, REST, LOW + (tokens - 1) % self.pitches)
        return pitch.astype(np.int16), tokens > self.pitches

    def pitch_of(self, tokens: Tensor) -> Tensor:
        """Index of the pitch: 0 a rest, 1..P."""
        return torch.where(tokens > self.pitches, tokens - self.pitches, tokens)

    def allowed(self) -> Tensor:
        """bool[4, C]: what a written voice may use."""
        allowed = torch.zeros(4, self.classes, dtype=torch.bool)
        allowed[:, 0] = True
        for voice, (low, high) in enumerate(VOICE_RANGES):
            for start in range(1, self.classes, self.pitches):
                allowed[voice, start + low - LOW : start + high - LOW + 1] = True
        return allowed

    def neighbours(self, tokens: Tensor, visible: Tensor) -> tuple[Tensor, Tensor]:
        """Nearest visible pitch strictly before and after each cell; P + 1 where there is none."""
        pitch = self.pitch_of(tokens)
        none = self.pitches + 1
        steps = torch.arange(tokens.shape[-1], device=tokens.device).expand_as(tokens)
        last = torch.where(visible, steps, -1).cummax(dim=-1).values
        last = torch.nn.functional.pad(last[..., :-1], (1, 0), value=-1)
        before = torch.where(last < 0, none, pitch.gather(-1, last.clamp(min=0)))
        flipped = torch.where(visible, steps, tokens.shape[-1]).flip(-1).cummin(dim=-1).values
        first = torch.nn.functional.pad(flipped.flip(-1)[..., 1:], (0, 1), value=tokens.shape[-1])
        there = first < tokens.shape[-1]
        after = torch.where(there, pitch.gather(-1, first.clamp(max=tokens.shape[-1] - 1)), none)
        return before, after

    def pitch_log_probs(self, logits: Tensor) -> NDArray[np.float32]:
        """float32[B, 4, T, 129]: log-probabilities of pitches and rest, onsets summed out."""
        log_probs = logits.float().log_softmax(dim=-1)
        rest, sounding = log_probs[..., :1], log_probs[..., 1:]
        sounding = sounding.reshape(*sounding.shape[:-1], -1, self.pitches).logsumexp(dim=-2)
        full = torch.full((*logits.shape[:-1], 129), -30.0)
        full[..., LOW : HIGH + 1] = sounding
        full[..., 128:] = rest
        array: NDArray[np.float32] = full.numpy()
        return array


def encode_frame(chorale: Chorale, vocabulary: Vocabulary, shift: int = 0) -> Grid:
    """One chorale as a batch of one."""
    tokens = torch.from_numpy(vocabulary.encode(chorale, shift))[None]
    rows = _rich_frame(chorale, shift) if vocabulary.onsets else _bare_frame(chorale.steps)
    return Grid(tokens, torch.from_numpy(np.stack(rows).astype(np.int64))[None])


def key_index(key: str, shift: int = 0) -> int:
    """0..11 major by tonic, 12..23 minor."""
    tonic, mode = key.split()
    pitch = TONICS[tonic[0]] + {"#": 1, "b": -1}.get(tonic[1:], 0) + shift
    return pitch % 12 + (12 if mode == "minor" else 0)


def _rich_frame(chorale: Chorale, shift: int) -> list[NDArray[np.int64]]:
    bars = np.zeros(chorale.steps, dtype=np.int64)
    for step, metre in chorale.metre:
        bars[step:] = min(bar_steps(metre) // 4, BARS - 1)
    return [
        np.minimum(chorale.bar_phase(), PHASES - 1).astype(np.int64),
        chorale.fermata.astype(np.int64),
        np.full(chorale.steps, key_index(chorale.key, shift), dtype=np.int64),
        bars,
    ]


def _bare_frame(steps: int) -> list[NDArray[np.int64]]:
    index = np.arange(steps, dtype=np.int64)
    return [index % 16, np.minimum(index, 16), np.minimum(index[::-1], 16)]
