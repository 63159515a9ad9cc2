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


@dataclass(frozen=True)
class Voice:
    """Weights of one voice; `slots` (SLOTS, kinds, H) is what each token says in each slot."""

    slots: Floats
    deepen: tuple[Floats, Floats]
    say: tuple[Floats, Floats]
    weigh: tuple[Floats, Floats]
    past: Floats  # (K, 3, 52, 48)
    coming: Floats
    chord: Floats  # (K, 3, 12, 12)
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
        beside = pitch[:, VOICES * BACK : VOICES * BACK + 3]
        weights = np.split(x @ own.weigh[0] + own.weigh[1], 3, axis=-1)
        total = np.zeros((len(x), self.intervals.shape[1]), dtype=np.float32)
        to_beside = self.intervals[beside]  # (n, 3, P)
        last = pitch[:, VOICES * (BACK - 1) : VOICES * BACK]
        for table, weight, other in (
            (own.past, weights[0], last),
            (own.coming, weights[1], pitch[:, SLOTS - VOICES :]),
        ):
            mine, theirs = other[:, voice, None], other[:, own.others]
            known = theirs > 0
            interval = np.where(known & (mine > 0), (mine - theirs) % 12, INTERVALS - 1)
            motion = np.where(known & (beside > 0), np.sign(beside - theirs) + 1, UNKNOWN)
            rows = _rows(table, interval * MOTIONS + motion, weight) * (beside > 0)[:, :, None]
            places = to_beside * MOTIONS + self.motions[mine]
            total += np.take_along_axis(rows, places, axis=-1).sum(1)
        one, two = beside[:, [0, 0, 1]], beside[:, [1, 2, 2]]
        rows = _rows(own.chord, (two - one) % 12, weights[2]) * ((one > 0) & (two > 0))[:, :, None]
        total += np.take_along_axis(rows, to_beside[:, [0, 0, 1]], axis=-1).sum(1)
        return total


def _rows(table: Floats, row: Ints, weights: Floats) -> Floats:
    """Rows (n, 3, ...) of a table (K, 3, ..., ...), weighed over its kinds."""
    picked = table[:, np.arange(3), row]  # (K, n, 3, ...)
    weighed: Floats = (picked * weights.T[:, :, None, None]).sum(0)
    return weighed


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
        return _array(SCALE * rows.view(relations.kinds, 3, -1, rows.shape[-1]))

    return Voice(
        slots=_array(torch.einsum("ske,hse->skh", embedded, look)),
        deepen=linear(network.deepen[voice]),
        say=linear(network.say[voice]),
        weigh=linear(relations.weigh),
        past=table(relations.past),
        coming=table(relations.coming),
        chord=table(relations.chord),
        others=tuple(v for v in range(VOICES) if v != voice),
    )


def _array(tensor: Tensor) -> Floats:
    array: Floats = tensor.detach().float().contiguous().numpy()
    return array
