"""The faults that repair removes: parallels and weak phrase ends.

Repair is re-ranking by rule, and the card and the About page say so. It rewrites a beat and keeps
the result only if it has fewer faults.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from generator.families.flagship.tokens import Vocabulary
from generator.music.measures.style import TRIADS
from generator.music.measures.voice_leading import VOICE_PAIRS, parallel_motion

PAIRS_OF_VOICE = [np.any(voice == VOICE_PAIRS, axis=1) for voice in range(4)]


class FaultFinder(Protocol):
    def __call__(self, tokens: Tensor, phrase_ends: Tensor, rows: Tensor | None = None) -> Tensor:
        """bool (B, 4, T): the cells at fault in tokens (B, 4, T) with phrase ends (B, T).

        Only `rows` (bool (B,), by default all) are looked at; the others have none.
        """


def fault_finder(vocabulary: Vocabulary) -> FaultFinder:
    """Finds `faults` in tokens of this vocabulary."""

    def find(tokens: Tensor, phrase_ends: Tensor, rows: Tensor | None = None) -> Tensor:
        found = faults(tokens, vocabulary, phrase_ends)
        return found if rows is None else found & rows[:, None, None]

    return find


def faults(tokens: Tensor, vocabulary: Vocabulary, phrase_ends: Tensor) -> Tensor:
    """bool (..., 4, T): the cells of `tokens` (..., 4, T) that are at fault.

    Such a cell completes a parallel, or sounds at one of the `phrase_ends` (bool (..., T)) in a
    sonority that is no triad above its root or lacks the third.
    """
    weak = weak_steps(tokens, vocabulary) & phrase_ends
    return _parallel(vocabulary.pitch_of(tokens)) | weak[..., None, :]


def weak_steps(tokens: Tensor, vocabulary: Vocabulary) -> Tensor:
    """bool (..., T): steps whose sonority is no triad above its root, or has no third."""
    pitch = vocabulary.pitch_of(tokens)
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
    pairs = parallel_motion(pitch.numpy(), (pitch > 0).numpy())  # (..., 6, T)
    voices = [pairs[..., of_voice, :].any(axis=-2) for of_voice in PAIRS_OF_VOICE]
    return torch.from_numpy(np.stack(voices, axis=-2))
