"""A network's weights as arrays for the compiled loops."""

from __future__ import annotations

from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from generator.families.flagship.interval_head import SCALE, IntervalHead
from generator.families.flagship.melodic_head import MOVES, REACH, STEPS, MelodicHead
from generator.families.flagship.network import Network
from generator.families.flagship.sampling.biases import Floats
from generator.families.flagship.sampling.kernels import CellWeights
from generator.families.flagship.window import SLOTS, VOICES, slot_voices


@torch.inference_mode()
def cell_weights(network: Network) -> CellWeights:
    """The heads of a network."""
    vocabulary = network.vocabulary
    tokens = torch.arange(vocabulary.classes + 2)
    heads = [cast(IntervalHead, each) for each in network.interval_head]
    motions = [
        torch.stack((_tables(each, each.past_table), _tables(each, each.future_table)))
        for each in heads
    ]
    residual_mlp, residual_mlp_bias = _linears(network.residual_mlp)
    head, head_bias = _linears(network.head)
    interval_mix, interval_mix_bias = _linears([each.mix_weights for each in heads])
    return CellWeights(
        slots=array_of(torch.stack([_slots(network, voice) for voice in range(VOICES)])),
        residual_mlp=residual_mlp,
        residual_mlp_bias=residual_mlp_bias,
        head=head,
        head_bias=head_bias,
        interval_mix=interval_mix,
        interval_mix_bias=interval_mix_bias,
        motion_table=array_of(torch.stack(motions)),
        chord_table=array_of(torch.stack([_tables(each, each.chord_table) for each in heads])),
        pitch_of=vocabulary.pitch_of(tokens).numpy(),
        **_melodic([cast(MelodicHead, each) for each in network.melodic_head]),
    )


def _slots(network: Network, voice: int) -> Tensor:
    """(S, C + 2, H): what each token adds to a cell from each slot of its window."""
    kinds = network.vocabulary.classes + 2
    tokens = slot_voices(voice)[:, None] * kinds + torch.arange(kinds)
    weight = cast(nn.Linear, network.local_context[voice]).weight
    by_slot = torch.unflatten(weight, 1, (SLOTS, -1))  # (H, S, E)
    return torch.einsum("ske,hse->skh", network.context_embedding(tokens), by_slot)


def _melodic(heads: list[MelodicHead]) -> dict[str, Floats]:
    if not heads:
        axes = {"melodic_mix": 3, "melodic_mix_bias": 2, "past_table": 4, "future_table": 5}
        return {name: np.zeros((0,) * count, np.float32) for name, count in axes.items()}
    mix, bias = _linears([each.mix_weights for each in heads])
    kinds = heads[0].kinds
    past = [each.past_table.view(kinds, STEPS, STEPS).movedim(0, 1) for each in heads]
    future = [each.future_table.view(kinds, REACH, STEPS, MOVES).movedim(0, 2) for each in heads]
    return {
        "melodic_mix": mix,
        "melodic_mix_bias": bias,
        "past_table": array_of(SCALE * torch.stack(past)),
        "future_table": array_of(SCALE * torch.stack(future)),
    }


def _tables(head: IntervalHead, parameter: Tensor) -> Tensor:
    """A parameter (K * 3 * rows, J) as scores (3, rows, K, J)."""
    return SCALE * parameter.view(head.kinds, 3, -1, parameter.shape[-1]).movedim(0, 2)


def _linears(layers: nn.ModuleList | list[nn.Linear]) -> tuple[Floats, Floats]:
    """Matrices (V, I, J) and biases (V, J)."""
    linears = [cast(nn.Linear, layer) for layer in layers]
    weight = torch.stack([layer.weight.T for layer in linears])
    return array_of(weight), array_of(torch.stack([layer.bias for layer in linears]))


def array_of(tensor: Tensor) -> Floats:
    """A parameter, or what was computed from some, as a float32 array in C order."""
    array: Floats = tensor.detach().float().contiguous().numpy()
    return array
