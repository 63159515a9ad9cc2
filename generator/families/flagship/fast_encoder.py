"""`Network.beat_embeddings` for writing on a CPU: compiled, with the same numbers.

A piece of sixteen beats is little work and many calls. Here Numba compiles what lies between the
matrix products, and a sum of embeddings replaces the first product. Without it a whole fill takes
1.2 to 1.4 times as long (`python -m benchmarks families` measures it at 64, 256 and 1,024 steps),
and half a second for 64 steps would leave no margin. It has no gradients: training and likelihoods
use the network itself.

Legend: B batch, V voices, T steps, N beats, D width, h heads, d width of a head, P pitches,
C classes of a cell.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import cast
from weakref import WeakKeyDictionary

import numpy as np
import torch
from numba import njit
from torch import Tensor, nn
from torch.nn import functional as F

from generator.families.flagship.biases import Floats
from generator.families.flagship.kernel_weights import array_of
from generator.families.flagship.network import Block, Network, rotary_of
from generator.families.flagship.tokens import TokenGrid, Vocabulary
from generator.families.flagship.window import VOICES
from generator.music.grid.chorale import STEPS_PER_QUARTER, BoolArray

EPS = np.finfo(np.float32).eps
UNIT = np.float32(1)


@dataclass(frozen=True)
class InputTable:
    """Embeddings times the first matrix: what each token adds to its beat, all in one table."""

    rows: Tensor  # (R, D); row 0 is the bias
    cells: Tensor  # (V, 1, 4), the row of token 0 at each place of a beat
    previous: Tensor  # (V, 1)
    next: Tensor  # (V, 1)
    frame: Tensor  # (K, 1), one for each input of the frame

    @staticmethod
    def of(network: Network) -> InputTable:
        weight = torch.unflatten(network.beat_input.weight, 1, (VOICES, STEPS_PER_QUARTER + 2, -1))
        parts = [network.beat_input.bias[None]]
        for voice in range(VOICES):
            matrix = weight[:, voice]  # (D, 6, E): four cells, the pitch before, the pitch after
            token = cast(nn.Embedding, network.token_embedding[voice]).weight
            cells = torch.einsum("ce,dse->scd", token, matrix[:, :STEPS_PER_QUARTER])
            parts += [
                *cells,
                cast(nn.Embedding, network.previous_embedding[voice]).weight @ matrix[:, -2].T,
                cast(nn.Embedding, network.next_embedding[voice]).weight @ matrix[:, -1].T,
            ]
        parts += [cast(nn.Embedding, each).weight for each in network.frame_embedding]
        starts = torch.tensor([0, *(len(part) for part in parts[:-1])]).cumsum(0)
        voices = starts[1 : 1 + VOICES * (STEPS_PER_QUARTER + 2)].view(VOICES, 1, -1)
        return InputTable(
            rows=torch.cat(parts),
            cells=voices[..., :STEPS_PER_QUARTER],
            previous=voices[..., -2],
            next=voices[..., -1],
            frame=starts[1 + voices.numel() :, None],
        )

    def sums(self, vocabulary: Vocabulary, grid: TokenGrid, given: Tensor) -> Tensor:
        """(B, N, D): the input of the first block."""
        batch, _, beats = grid.frame.shape
        masked = torch.where(given, grid.tokens, vocabulary.masked)
        cells = masked.view(batch, VOICES, beats, STEPS_PER_QUARTER) + self.cells
        before, after = vocabulary.neighbours(grid.tokens, given)
        around = torch.stack((before + self.previous, after + self.next), dim=-1)
        voices = torch.cat((around, cells), dim=-1).transpose(1, 2).flatten(2)
        frame = (grid.frame + self.frame).transpose(1, 2)
        bias = torch.zeros(batch, beats, 1, dtype=torch.int64)
        rows = torch.cat((bias, frame, voices), dim=-1)
        return F.embedding_bag(rows.flatten(0, 1), self.rows, mode="sum").view(batch, beats, -1)


@dataclass(frozen=True)
class BlockWeights:
    """The weights of one block."""

    norms: Floats  # (3, D)
    taps: Floats  # (width of the kernel, D)
    bias: Floats  # (D,)
    qkv: Tensor
    out: Tensor
    up: Tensor
    down: Tensor

    @staticmethod
    def of(block: Block) -> BlockWeights:
        return BlockWeights(
            norms=array_of(torch.stack([cast(nn.RMSNorm, norm).weight for norm in block.norms])),
            taps=array_of(block.convolution.weight[:, 0].T),
            bias=array_of(cast(Tensor, block.convolution.bias)),
            qkv=block.qkv.weight,
            out=block.out.weight,
            up=block.up.weight,
            down=block.down.weight,
        )


Encode = Callable[[TokenGrid, Tensor], Tensor]
_ENCODERS: WeakKeyDictionary[Network, FastEncoder] = WeakKeyDictionary()


def encoder_of(network: Network) -> Encode:
    """`Network.beat_embeddings` compiled, for a network whose weights no longer change; made once.

    A causal network, which plays in no quiz, uses its own.
    """
    if network.config.causal:
        return network.beat_embeddings
    if network not in _ENCODERS:
        _ENCODERS[network] = FastEncoder(network)
    return _ENCODERS[network].beat_embeddings


class FastEncoder:
    """The transformer over beats, without the network it came from."""

    @torch.inference_mode()
    def __init__(self, network: Network) -> None:
        self.heads, self.vocabulary = network.config.heads, network.vocabulary
        self.input = InputTable.of(network)
        self.blocks = [BlockWeights.of(cast(Block, block)) for block in network.blocks]
        self.norm = array_of(network.norm.weight)

    @torch.inference_mode()
    def beat_embeddings(self, grid: TokenGrid, given: Tensor) -> Tensor:
        """(B, N, D), as `Network.beat_embeddings` gives it."""
        x = self.input.sums(self.vocabulary, grid, given).numpy()
        batch, beats, width = x.shape
        real = grid.real.contiguous().numpy()
        normed, more = torch.empty(x.shape), np.zeros_like(x)
        heads = torch.empty(3, batch, self.heads, beats, width // self.heads)
        cos, sin = _rotary(beats, width // self.heads)
        mask = grid.real[:, None, None, :]
        for block in self.blocks:
            _convolve(x, more, real, block.norms, block.taps, block.bias, normed.numpy())
            _rotate(F.linear(normed, block.qkv).numpy(), cos, sin, heads.numpy())
            q, k, v = heads
            attended = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
            attended = F.linear(attended.transpose(1, 2).reshape(x.shape), block.out)
            _add_norm(x, attended.numpy(), block.norms[2], normed.numpy())
            gate, value = F.linear(normed, block.up).chunk(2, dim=-1)
            more = F.linear(F.silu(gate) * value, block.down).numpy()
        _add_norm(x, more, self.norm, normed.numpy())
        return normed


@lru_cache(maxsize=64)
def _rotary(beats: int, size: int) -> tuple[Floats, Floats]:
    cos, sin = rotary_of(beats, size, torch.device("cpu"))
    return array_of(cos), array_of(sin)


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
def _convolve(
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
    first = np.empty((beats, width), np.float32)
    for row in range(batch):
        for beat in range(beats):
            _add(x[row, beat], more[row, beat])
            _norm(x[row, beat], norms[0], first[beat])
        for beat in range(beats):
            _add(x[row, beat], bias)
            for tap in range(len(taps)):
                other = beat + tap - reach
                if 0 <= other < beats and real[row, other]:
                    for d in range(width):
                        x[row, beat, d] += taps[tap, d] * first[other, d]
            _norm(x[row, beat], norms[1], normed[row, beat])


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _rotate(qkv: Floats, cos: Floats, sin: Floats, parts: Floats) -> None:
    """Queries and keys rotated by their beat, and values: (B, N, 3D) to (3, B, h, N, d)."""
    _, batch, heads, beats, size = parts.shape
    half = size // 2
    for row in range(batch):
        for beat in range(beats):
            for kind in range(3):
                for head in range(heads):
                    start = (kind * heads + head) * size
                    source = qkv[row, beat, start : start + size]
                    target = parts[kind, row, head, beat]
                    if kind == 2:
                        target[:] = source
                        continue
                    for d in range(half):
                        a, b = source[d], source[half + d]
                        target[d] = a * cos[beat, d] - b * sin[beat, d]
                        target[half + d] = a * sin[beat, d] + b * cos[beat, d]


@njit(cache=True, error_model="numpy")
def _add_norm(x: Floats, more: Floats, weight: Floats, normed: Floats) -> None:
    """Add `more` to `x` (B, N, D), and norm that into `normed`."""
    for row in range(x.shape[0]):
        for beat in range(x.shape[1]):
            _add(x[row, beat], more[row, beat])
            _norm(x[row, beat], weight, normed[row, beat])
