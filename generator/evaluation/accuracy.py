"""Share of written cells whose pitch is Bach's own.

`one_shot_hits` takes the most probable pitch of every written cell with all of them hidden at
once; `fill_hits` counts a fill as it is played. Rests count as a pitch; onsets do not count.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from generator.evaluation.likelihood import REST_COLUMN, Conditional
from generator.music.grid.chorale import REST, BoolArray, Chorale


@dataclass(frozen=True)
class Hits:
    """Cells that agree with Bach, of all written cells."""

    right: int
    written: int


def one_shot_hits(family: Conditional, chorale: Chorale, given: BoolArray) -> Hits:
    """Argmax of the conditionals, all written cells masked at once."""
    best = family.pitch_log_probs(chorale, given)[0].argmax(-1)
    own = np.where(chorale.pitch == REST, REST_COLUMN, chorale.pitch)
    return Hits(int((best == own)[~given].sum()), int((~given).sum()))


def fill_hits(chorale: Chorale, filled: Chorale, given: BoolArray) -> Hits:
    """Agreement of a finished fill with Bach."""
    same = filled.pitch == chorale.pitch
    return Hits(int(same[~given].sum()), int((~given).sum()))
