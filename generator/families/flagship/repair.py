"""The faults that repair removes: parallels and weak phrase ends.

Repair is re-ranking by rule, and the card and the About page say so. It rewrites a beat and keeps
the result only if it has fewer faults.
"""

from __future__ import annotations

from itertools import combinations

import torch
from torch import Tensor

from generator.families.flagship.biases import PERFECT
from generator.families.flagship.tokens import Vocabulary

TRIADS = ((0, 4, 7), (0, 3, 7))


def faults(tokens: Tensor, vocabulary: Vocabulary, phrase_ends: Tensor) -> Tensor:
    """bool (..., 4, T): the cells of `tokens` (..., 4, T) that are at fault.

    Such a cell completes a parallel, or sounds at one of the `phrase_ends` (bool (..., T)) in a
    sonority that is no triad above its root or lacks the third.
    """
    pitch = vocabulary.pitch_of(tokens)
    weak = _weak(pitch) & phrase_ends
    return _parallel(pitch) | weak[..., None, :]


def _weak(pitch: Tensor) -> Tensor:
    """bool (..., T): steps whose sonority is no triad above its root, or has no third."""
    upper, bass = pitch[..., :3, :], pitch[..., 3:, :]
    interval = (upper - bass) % 12
    silent = upper == 0
    rooted = torch.zeros_like(bass[..., 0, :], dtype=torch.bool)
    for triad in TRIADS:
        member = torch.isin(interval, torch.tensor(triad)) | silent
        third = (interval == triad[1]) & ~silent
        rooted |= member.all(-2) & third.any(-2)
    return ~rooted & (bass[..., 0, :] > 0)


def _parallel(pitch: Tensor) -> Tensor:
    """bool (..., 4, T): the two cells into which a pair of voices moves in parallel."""
    parallel = torch.zeros_like(pitch, dtype=torch.bool)
    for one, two in combinations(range(4), 2):
        upper, lower = pitch[..., one, :], pitch[..., two, :]
        sounding = (upper > 0) & (lower > 0)
        interval = (upper - lower).abs() % 12
        direction = upper.diff().sign(), lower.diff().sign()
        pair = (
            (direction[0] == direction[1])
            & (direction[0] != 0)
            & (interval[..., 1:] == interval[..., :-1])
            & ((interval[..., 1:] == PERFECT[0]) | (interval[..., 1:] == PERFECT[1]))
            & sounding[..., 1:]
            & sounding[..., :-1]
        )
        parallel[..., one, 1:] |= pair
        parallel[..., two, 1:] |= pair
    return parallel
