"""The small net beside every cell as arrays, for writing; made once of a network."""

from __future__ import annotations

from typing import cast
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor, nn

from generator.families.flagship.interval_head import SCALE, Relations
from generator.families.flagship.melodic_head import MOVES, REACH, STEPS, Lines
from generator.families.flagship.network import Network
from generator.families.flagship.sampling_kernels import Floats, Weights
from generator.families.flagship.window import SLOTS, VOICES, slot_voices

_CELLS: WeakKeyDictionary[Network, Weights] = WeakKeyDictionary()


def cells_of(network: Network) -> Weights:
    """The weights of a network that no longer change."""
    if network not in _CELLS:
        _CELLS[network] = _weights(network)
    return _CELLS[network]


@torch.inference_mode()
def _weights(network: Network) -> Weights:
    vocabulary = network.vocabulary
    tokens = torch.arange(vocabulary.classes + 2)
    relations = [cast(Relations, each) for each in network.relations]
    sides = [torch.stack((_table(r, r.past), _table(r, r.coming))) for r in relations]
    deepen, deepen_bias = _linears(network.deepen)
    say, say_bias = _linears(network.say)
    weigh, weigh_bias = _linears([each.weigh for each in relations])
    return Weights(
        slots=array_of(torch.stack([_slots(network, voice) for voice in range(VOICES)])),
        deepen=deepen,
        deepen_bias=deepen_bias,
        say=say,
        say_bias=say_bias,
        weigh=weigh,
        weigh_bias=weigh_bias,
        moves=array_of(torch.stack(sides)),
        chord=array_of(torch.stack([_table(each, each.chord) for each in relations])),
        pitch_of=vocabulary.pitch_of(tokens).numpy(),
        **_lines([cast(Lines, each) for each in network.lines]),
    )


def _slots(network: Network, voice: int) -> Tensor:
    """(SLOTS, C + 2, H): what each token says in each slot."""
    kinds = network.vocabulary.classes + 2
    tokens = slot_voices(voice)[:, None] * kinds + torch.arange(kinds)
    looking = cast(nn.Linear, network.look[voice]).weight
    look = torch.unflatten(looking, 1, (SLOTS, -1))  # (H, SLOTS, E)
    return torch.einsum("ske,hse->skh", network.beside(tokens), look)


def _lines(lines: list[Lines]) -> dict[str, Floats]:
    if not lines:
        names = {"steer": 3, "steer_bias": 2, "went": 4, "goes": 5}
        return {name: np.zeros((0,) * axes, np.float32) for name, axes in names.items()}
    steer, steer_bias = _linears([each.weigh for each in lines])
    kinds = lines[0].kinds
    went = [each.past.view(kinds, STEPS, STEPS).movedim(0, 1) for each in lines]
    goes = [each.coming.view(kinds, REACH, STEPS, MOVES).movedim(0, 2) for each in lines]
    return {
        "steer": steer,
        "steer_bias": steer_bias,
        "went": array_of(SCALE * torch.stack(went)),
        "goes": array_of(SCALE * torch.stack(goes)),
    }


def _table(relations: Relations, rows: Tensor) -> Tensor:
    """Parameters (K * 3 * rows, J) as scores (3, rows, K, J)."""
    return SCALE * rows.view(relations.kinds, 3, -1, rows.shape[-1]).movedim(0, 2)


def _linears(layers: nn.ModuleList | list[nn.Linear]) -> tuple[Floats, Floats]:
    given = [cast(nn.Linear, layer) for layer in layers]
    weight = torch.stack([layer.weight.T for layer in given])
    return array_of(weight), array_of(torch.stack([layer.bias for layer in given]))


def array_of(tensor: Tensor) -> Floats:
    """A parameter, or what was made of some, for a compiled loop."""
    array: Floats = tensor.detach().float().contiguous().numpy()
    return array
