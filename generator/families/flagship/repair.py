"""Faults that the flagship mends by rejection: parallels and weak phrase ends.

This is re-ranking by rule, and is declared as such on the card and on the About page. A beat is
written anew and kept only where it has fewer faults than before.
"""

from __future__ import annotations

from itertools import combinations

import torch
from torch import Tensor

from generator.families.flagship.tokens import Vocabulary

PERFECT = (0, 7)  # unison or octave, fifth; mod 12
TRIADS = ((0, 4, 7), (0, 3, 7))


def faults(tokens: Tensor, vocabulary: Vocabulary, ends: Tensor) -> Tensor:
    """bool (..., 4, T): cells of `tokens` (..., 4, T) that are at fault.

    They end a parallel, or sound at one of the `ends` (bool (..., T)) of phrases in a sonority that
    is no triad on its bass, or lacks its third.
    """
    pitch = vocabulary.pitch_of(tokens)
    weak = _weak(pitch) & ends
    return _parallel(pitch) | weak[..., None, :]


def _weak(pitch: Tensor) -> Tensor:
    """bool (..., T): steps whose sonority is no triad on its root, or has no third."""
    upper, bass = pitch[..., :3, :], pitch[..., 3:, :]
    above = (upper - bass) % 12
    silent = upper == 0
    rooted = torch.zeros_like(bass[..., 0, :], dtype=torch.bool)
    for triad in TRIADS:
        member = torch.isin(above, torch.tensor(triad)) | silent
        third = (above == triad[1]) & ~silent
        rooted |= member.all(-2) & third.any(-2)
    return ~rooted & (bass[..., 0, :] > 0)


def _parallel(pitch: Tensor) -> Tensor:
    found = torch.zeros_like(pitch, dtype=torch.bool)
    for one, two in combinations(range(4), 2):
        upper, lower = pitch[..., one, :], pitch[..., two, :]
        sounding = (upper > 0) & (lower > 0)
        interval = (upper - lower).abs() % 12
        moves = upper.diff().sign(), lower.diff().sign()
        bad = (
            (moves[0] == moves[1])
            & (moves[0] != 0)
            & (interval[..., 1:] == interval[..., :-1])
            & ((interval[..., 1:] == PERFECT[0]) | (interval[..., 1:] == PERFECT[1]))
            & sounding[..., 1:]
            & sounding[..., :-1]
        )
        found[..., one, 1:] |= bad
        found[..., two, 1:] |= bad
    return found
