"""Beats for writing: `Network.beats` with the same numbers, in half the time for short pieces.

A piece of sixteen beats is little work and many calls. Here what lies between the products of
matrices is compiled by Numba, and an embedding that meets a matrix is one row of a table.

Legend: B batch, V voices, T steps, N beats, D width, h heads, d width of a head.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, cast
from weakref import WeakKeyDictionary

import numpy as np
import torch
from numba import njit
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from generator.families.flagship.kernel_weights import array_of
from generator.families.flagship.network import Block, Network, Norm, rotary_of
from generator.families.flagship.sampling_kernels import Floats, Ints
from generator.families.flagship.tokens import Grid
from generator.families.flagship.window import VOICES
from generator.music.grid.chorale import STEPS_PER_QUARTER, BoolArray

EPS = np.finfo(np.float32).eps
UNIT = np.float32(1)


class Tables(NamedTuple):
    """What is said of a beat before its first block, by token and place."""

    cells: Floats  # (V, 4, C + 2, D)
    before: Floats  # (V, P + 2, D)
    after: Floats  # (V, P + 2, D)
    frame: Floats  # (sum of the frame's sizes, D)
    starts: Ints  # where each input of the frame begins in it
    bias: Floats  # (D,)
    pitch_of: Ints  # (C + 2,)


@dataclass(frozen=True)
class Layer:
    """Weights of one block."""

    norms: Floats  # (3, D)
    taps: Floats  # (width of the kernel, D)
    bias: Floats  # (D,)
    qkv: Tensor
    out: Tensor
    up: Tensor
    down: Tensor


Beats = Callable[[Grid, Tensor], Tensor]
_TRUNKS: WeakKeyDictionary[Network, Trunk] = WeakKeyDictionary()


def beats_of(network: Network) -> Beats:
    """`Network.beats` compiled, of a network whose weights no longer change; made once.

    A causal network, which plays in no quiz, keeps its own.
    """
    if network.config.causal:
        return network.beats
    if network not in _TRUNKS:
        _TRUNKS[network] = Trunk(network)
    return _TRUNKS[network].beats


class Trunk:
    """What the visible cells say of every beat."""

    @torch.inference_mode()
    def __init__(self, network: Network) -> None:
        self.heads, self.masked = network.config.heads, network.vocabulary.masked
        self.tables = _tables(network)
        self.layers = [_layer(cast(Block, block)) for block in network.blocks]
        self.norm = array_of(network.norm.weight)

    @torch.inference_mode()
    def beats(self, grid: Grid, visible: Tensor) -> Tensor:
        """(B, N, D), as `Network.beats` gives it."""
        b, n = grid.real.shape
        tokens, shown, frame, real = map(_numpy, (grid.tokens, visible, grid.frame, grid.real))
        x: Floats = np.empty((b, n, len(self.norm)), np.float32)
        _embed(self.tables, tokens, shown, frame, self.masked, x)
        normed, more = torch.empty(x.shape), np.zeros_like(x)
        turned = torch.empty(3, b, self.heads, n, x.shape[-1] // self.heads)
        cos, sin = _turns(n, turned.shape[-1])
        mask = grid.real[:, None, None, :]
        for layer in self.layers:
            _near(x, more, real, layer.norms, layer.taps, layer.bias, normed.numpy())
            _turn(F.linear(normed, layer.qkv).numpy(), cos, sin, turned.numpy())
            q, k, v = turned
            seen = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
            seen = F.linear(seen.transpose(1, 2).reshape(b, n, -1), layer.out)
            _add_norm(x, seen.numpy(), layer.norms[2], normed.numpy())
            gate, value = F.linear(normed, layer.up).chunk(2, dim=-1)
            more = F.linear(F.silu(gate) * value, layer.down).numpy()
        _add_norm(x, more, self.norm, normed.numpy())
        return normed


@lru_cache(maxsize=64)
def _turns(beats: int, size: int) -> tuple[Floats, Floats]:
    cos, sin = rotary_of(beats, size, torch.device("cpu"))
    return array_of(cos), array_of(sin)


def _tables(network: Network) -> Tables:
    vocabulary = network.vocabulary
    inward = torch.unflatten(network.inward.weight, 1, (VOICES, STEPS_PER_QUARTER + 2, -1))
    cells, before, after = [], [], []
    for voice in range(VOICES):
        own = inward[:, voice]  # (D, 6, E)
        token = cast(nn.Embedding, network.tokens[voice]).weight
        cells.append(torch.einsum("ce,dse->scd", token, own[:, :STEPS_PER_QUARTER]))
        before.append(cast(nn.Embedding, network.before[voice]).weight @ own[:, -2].T)
        after.append(cast(nn.Embedding, network.after[voice]).weight @ own[:, -1].T)
    frame = [cast(nn.Embedding, each).weight for each in network.frame]
    sizes = [len(each) for each in frame]
    return Tables(
        cells=array_of(torch.stack(cells)),
        before=array_of(torch.stack(before)),
        after=array_of(torch.stack(after)),
        frame=array_of(torch.cat(frame)),
        starts=np.cumsum([0, *sizes[:-1]]),
        bias=array_of(network.inward.bias),
        pitch_of=vocabulary.pitch_of(torch.arange(vocabulary.classes + 2)).numpy(),
    )


def _layer(block: Block) -> Layer:
    return Layer(
        norms=array_of(torch.stack([cast(Norm, norm).weight for norm in block.norms])),
        taps=array_of(block.near.weight[:, 0].T),
        bias=array_of(cast(Tensor, block.near.bias)),
        qkv=block.qkv.weight,
        out=block.out.weight,
        up=block.up.weight,
        down=block.down.weight,
    )


def _numpy(tensor: Tensor) -> NDArray[Any]:
    array: NDArray[Any] = tensor.contiguous().numpy()
    return array


@njit(cache=True, error_model="numpy")
def _embed(
    tables: Tables, tokens: Ints, visible: BoolArray, frame: Ints, masked: int, x: Floats
) -> None:
    """Sum into `x` (B, N, D) what is said of each beat's cells, neighbours and frame."""
    batch, beats = x.shape[:2]
    for row in range(batch):
        for beat in range(beats):
            x[row, beat] = tables.bias
            for index in range(frame.shape[1]):
                _add(x[row, beat], tables.frame[tables.starts[index] + frame[row, index, beat]])
        for voice in range(VOICES):
            before, after = _neighbours(tables, tokens[row, voice], visible[row, voice], masked)
            for beat in range(beats):
                _add(x[row, beat], tables.before[voice, before[beat]])
                _add(x[row, beat], tables.after[voice, after[beat]])
                for place in range(STEPS_PER_QUARTER):
                    step = beat * STEPS_PER_QUARTER + place
                    token = tokens[row, voice, step] if visible[row, voice, step] else masked
                    _add(x[row, beat], tables.cells[voice, place, token])


@njit(cache=True, error_model="numpy")
def _neighbours(tables: Tables, tokens: Ints, visible: BoolArray, masked: int) -> tuple[Ints, Ints]:
    """Nearest visible pitch of a voice before and after each beat (N,); P + 1: there is none."""
    steps = len(tokens)
    before = np.full(steps // STEPS_PER_QUARTER, tables.before.shape[1] - 1)
    after = before.copy()
    for step in range(steps - STEPS_PER_QUARTER):
        beat = step // STEPS_PER_QUARTER
        if visible[step] and tokens[step] < masked:
            before[beat + 1 :] = tables.pitch_of[tokens[step]]
        back = steps - 1 - step
        beat = back // STEPS_PER_QUARTER
        if visible[back] and tokens[back] < masked:
            after[:beat] = tables.pitch_of[tokens[back]]
    return before, after


@njit(cache=True, error_model="numpy")
def _add(x: Floats, y: Floats) -> None:
    for d in range(len(x)):
        x[d] += y[d]


@njit(cache=True, error_model="numpy", fastmath={"reassoc", "contract"})
def _norm(x: Floats, weight: Floats, y: Floats) -> None:
    """Root mean square norm of `x` (D,) into `y`."""
    total = np.float32(0)
    for d in range(len(x)):
        total += x[d] * x[d]
    scale = UNIT / np.sqrt(total / np.float32(len(x)) + EPS)
    for d in range(len(x)):
        y[d] = x[d] * scale * weight[d]


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _near(
    x: Floats,
    more: Floats,
    real: BoolArray,
    norms: Floats,
    taps: Floats,
    bias: Floats,
    normed: Floats,
) -> None:
    """Add `more` and then the convolution by beats to `x` (B, N, D), and norm it into `normed`."""
    batch, beats, width = x.shape
    reach = len(taps) // 2
    seen = np.empty((beats, width), np.float32)
    for row in range(batch):
        for beat in range(beats):
            _add(x[row, beat], more[row, beat])
            _norm(x[row, beat], norms[0], seen[beat])
        for beat in range(beats):
            _add(x[row, beat], bias)
            for tap in range(len(taps)):
                other = beat + tap - reach
                if 0 <= other < beats and real[row, other]:
                    for d in range(width):
                        x[row, beat, d] += taps[tap, d] * seen[other, d]
            _norm(x[row, beat], norms[1], normed[row, beat])


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _turn(qkv: Floats, cos: Floats, sin: Floats, parts: Floats) -> None:
    """Queries and keys turned by their beat, and values: (B, N, 3D) to (3, B, h, N, d)."""
    _, batch, heads, beats, size = parts.shape
    half = size // 2
    for row in range(batch):
        for beat in range(beats):
            for kind in range(3):
                for head in range(heads):
                    start = (kind * heads + head) * size
                    own, to = qkv[row, beat, start : start + size], parts[kind, row, head, beat]
                    if kind == 2:
                        to[:] = own
                        continue
                    for d in range(half):
                        a, b = own[d], own[half + d]
                        to[d] = a * cos[beat, d] - b * sin[beat, d]
                        to[half + d] = a * sin[beat, d] + b * cos[beat, d]


@njit(cache=True, error_model="numpy")
def _add_norm(x: Floats, more: Floats, weight: Floats, normed: Floats) -> None:
    """Add `more` to `x` (B, N, D), and norm that into `normed`."""
    for row in range(x.shape[0]):
        for beat in range(x.shape[1]):
            _add(x[row, beat], more[row, beat])
            _norm(x[row, beat], weight, normed[row, beat])
