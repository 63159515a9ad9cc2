"""Flags and numbers of beats, and of the steps in them.

Legend: T steps, N = T / 4 beats.
"""

from __future__ import annotations

import torch
from torch import Tensor

from generator.music.grid.chorale import STEPS_PER_QUARTER


def steps_of(beats: Tensor) -> Tensor:
    """Flags of beats (..., N) as flags of steps (..., T)."""
    return beats.repeat_interleave(STEPS_PER_QUARTER, dim=-1)


def any_by_beat(cells: Tensor) -> Tensor:
    return cells.view(*cells.shape[:-1], -1, STEPS_PER_QUARTER).any(-1)


def count_by_beat(cells: Tensor) -> Tensor:
    """Number of cells (B, 4, T) that are true in each beat: (B, N)."""
    return cells.view(*cells.shape[:-1], -1, STEPS_PER_QUARTER).sum((1, 3))


def advanced(beats: Tensor, by: int) -> Tensor:
    """Values of beats (..., N), moved `by` beats earlier."""
    moved = torch.zeros_like(beats)
    moved[..., : max(0, beats.shape[-1] - by)] = beats[..., by:]
    return moved


def delayed(beats: Tensor, by: int) -> Tensor:
    """Values of beats (..., N), moved `by` beats later."""
    moved = torch.zeros_like(beats)
    moved[..., by:] = beats[..., : max(0, beats.shape[-1] - by)]
    return moved
