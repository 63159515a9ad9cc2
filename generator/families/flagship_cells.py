"""The sequential reading in NumPy, for writing: the network's own numbers at a tenth of the cost.

Cells are drawn one after the other, a few rows at a time, and there the overhead of a tensor
library is nearly all of the time. What can be multiplied out beforehand is: a slot of the window
is one row of a table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast
from weakref import WeakKeyDictionary

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import erf
from torch import Tensor, nn

from generator.families.flagship_network import Network
from generator.families.flagship_relations import INTERVALS, MOTIONS, SCALE, Relations
from generator.families.flagship_window import BACK, SLOTS, VOICES, slot_voices

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
UNKNOWN = MOTIONS - 1
ONE, TWO = [0, 0, 1], [1, 2, 2]  # pairs of the three voices beside


@dataclass(frozen=True)
class Voice:
    """Weights of one voice; `slots` (SLOTS, kinds, H) is what each token says in each slot."""

    slots: Floats
    deepen: tuple[Floats, Floats]
    say: tuple[Floats, Floats]
    weigh: tuple[Floats, Floats]
    moves: Floats  # (2, 3, 52, 48, K), of the step before and of the step after
    chord: Floats  # (3, 12, 12, K)
    others: tuple[int, ...]


_CELLS: WeakKeyDictionary[Network, Cells] = WeakKeyDictionary()


def cells_of(network: Network) -> Cells:
    """The cells of a network whose weights no longer change, made once."""
    if network not in _CELLS:
        _CELLS[network] = Cells(network)
    return _CELLS[network]


class Cells:
    """Logits of cells, as `Network.next_logits` gives them."""

    def __init__(self, network: Network) -> None:
        with torch.inference_mode():
            self.voices = [_voice(network, voice) for voice in range(VOICES)]
        vocabulary = network.vocabulary
        pitches = np.arange(vocabulary.pitches + 1)
        candidates = np.arange(1, vocabulary.pitches + 1)
        self.intervals = (candidates - pitches[:, None]) % 12
        self.motions = np.sign(candidates - pitches[:, None]) + 1
        self.motions[0] = UNKNOWN
        last, following = VOICES * (BACK - 1), SLOTS - VOICES
        self.sides = np.concatenate((np.arange(VOICES) + last, np.arange(VOICES) + following))
        self.tables = np.arange(2)[:, None], np.arange(3)
        self.chords = np.arange(3)
        self.times = (vocabulary.classes - 1) // vocabulary.pitches
        tokens = torch.arange(vocabulary.classes + 2)
        self.pitch_of: Ints = vocabulary.pitch_of(tokens).numpy()

    def logits(self, voice: int, plans: Floats, around: Ints) -> Floats:
        """Logits (n, C) of one voice's cells.

        Parameters
        ----------
        plans : float32 (n, H)
        around : int64 (n, SLOTS)
            Tokens of `flagship_window.window`.
        """
        own = self.voices[voice]
        x = _gelu(plans + own.slots[np.arange(SLOTS), around].sum(1))
        x = x + _gelu(x @ own.deepen[0] + own.deepen[1])
        logits: Floats = x @ own.say[0] + own.say[1]
        related = self._related(voice, own, x, self.pitch_of[around])
        logits[:, 1:] += np.tile(related, self.times)
        return logits

    def _related(self, voice: int, own: Voice, x: Floats, pitch: Ints) -> Floats:
        """Scores (n, P) of the relations: of both sides of time at once, then of chords."""
        count = len(x)
        beside = pitch[:, VOICES * BACK : VOICES * BACK + 3]
        weights = (x @ own.weigh[0] + own.weigh[1]).reshape(count, 3, -1)
        around = pitch[:, self.sides].reshape(count, 2, VOICES)  # the step before, and after
        mine, theirs = around[:, :, voice, None], around[:, :, own.others]
        sounding = beside[:, None] > 0
        known = theirs > 0
        interval = np.where(known & (mine > 0), (mine - theirs) % 12, INTERVALS - 1)
        motion = np.where(known & sounding, np.sign(beside[:, None] - theirs) + 1, UNKNOWN)
        rows = own.moves[*self.tables, interval * MOTIONS + motion]  # (n, 2, 3, 48, K)
        scores = np.matmul(rows.reshape(count, 2, -1, rows.shape[-1]), weights[:, :2, :, None])
        scores = scores.reshape(count, 2, 3, -1) * sounding[..., None]
        places = self.intervals[beside][:, None] * MOTIONS + self.motions[mine]
        total = _picked(scores, places)
        one, two = beside[:, ONE], beside[:, TWO]
        rows = own.chord[self.chords, (two - one) % 12]  # (n, 3, 12, K)
        scores = np.matmul(rows.reshape(count, -1, rows.shape[-1]), weights[:, 2, :, None])
        scores = scores.reshape(count, 3, -1) * ((one > 0) & (two > 0))[:, :, None]
        total += _picked(scores, self.intervals[one])
        return total


def _picked(scores: Floats, places: Ints) -> Floats:
    """(n, ..., P) of scores (n, ..., R) at places (n, ..., P), summed to (n, P)."""
    size = scores.shape[-1]
    rows = np.arange(0, scores.size, size).reshape(*scores.shape[:-1], 1)
    picked = scores.reshape(-1)[places + rows]
    total: Floats = picked.reshape(len(scores), -1, places.shape[-1]).sum(1)
    return total


def _gelu(x: Floats) -> Floats:
    y: Floats = x * (0.5 * (1 + erf(x * np.float32(0.5**0.5))))
    return y


def _voice(network: Network, voice: int) -> Voice:
    kinds = network.vocabulary.classes + 2
    relations = cast(Relations, network.relations[voice])
    tokens = slot_voices(voice)[:, None] * kinds + torch.arange(kinds)
    embedded = network.beside(tokens)  # (SLOTS, kinds, E)
    looking = cast(nn.Linear, network.look[voice]).weight
    look = torch.unflatten(looking, 1, (SLOTS, -1))  # (H, SLOTS, E)

    def linear(layer: nn.Module) -> tuple[Floats, Floats]:
        given = cast(nn.Linear, layer)
        return _array(given.weight.T), _array(given.bias)

    def table(rows: Tensor) -> Floats:
        return _array(SCALE * rows.view(relations.kinds, 3, -1, rows.shape[-1]).movedim(0, -1))

    return Voice(
        slots=_array(torch.einsum("ske,hse->skh", embedded, look)),
        deepen=linear(network.deepen[voice]),
        say=linear(network.say[voice]),
        weigh=linear(relations.weigh),
        moves=np.stack((table(relations.past), table(relations.coming))),
        chord=table(relations.chord),
        others=tuple(v for v in range(VOICES) if v != voice),
    )


def _array(tensor: Tensor) -> Floats:
    array: Floats = tensor.detach().float().contiguous().numpy()
    return array
