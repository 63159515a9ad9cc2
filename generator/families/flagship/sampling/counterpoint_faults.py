"""The faults that repair removes where it minds counterpoint, too.

They are those that the measures of `generator.music.measures` count, so their figures are then
those of a rule. Ornamented fifths are left alone: Bach has nearly one in a hundred beats.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from generator.families.base import Task
from generator.families.flagship.sampling.repair import PAIRS_OF_VOICE, faults
from generator.families.flagship.tokens import PaddedLayout, Vocabulary, decode_grid
from generator.music.grid.chorale import BoolArray, Chorale
from generator.music.measures.counterpoint import PER_BEAT
from generator.music.measures.voice_leading import VOICE_PAIRS

LEFT_ALONE = ("ornamented_fifths", "open_ends")
MEASURES = tuple(at for name, at in PER_BEAT.items() if name not in LEFT_ALONE)


class CounterpointFaults:
    """Finds them in a batch, beside those of `repair.faults`."""

    def __init__(
        self, tasks: Sequence[Task], layouts: Sequence[PaddedLayout], vocabulary: Vocabulary
    ) -> None:
        self.tasks, self.layouts, self.vocabulary = tasks, layouts, vocabulary

    def __call__(self, tokens: Tensor, phrase_ends: Tensor, rows: Tensor | None = None) -> Tensor:
        """As `FaultFinder` says."""
        found = faults(tokens, self.vocabulary, phrase_ends)
        if rows is not None:
            found &= rows[:, None, None]
        for row, (layout, (chorale, given)) in enumerate(
            zip(self.layouts, self.tasks, strict=True)
        ):
            if rows is not None and not rows[row]:
                continue
            piece = decode_grid(tokens[row].numpy(), layout, chorale, given, self.vocabulary)
            cells = torch.from_numpy(counterpoint_faults(piece, ~given))
            found[row, :, layout.inside] |= cells
        return found


def counterpoint_faults(piece: Chorale, written: BoolArray) -> BoolArray:
    """bool[4, T]: the cells that complete a fault; `written` is bool[4, T]."""
    found = np.zeros_like(written)
    for at in MEASURES:
        cells = at(piece, written)
        if len(cells) == len(VOICE_PAIRS):
            for voice in range(len(found)):
                found[voice] |= cells[PAIRS_OF_VOICE[voice]].any(axis=0)
        else:
            found |= cells
    return found
