"""Share of written cells whose pitch is Bach's own.

`one_shot_hits` takes the most probable pitch of every written cell, all of them masked at once;
`fill_hits` takes a finished fill. A rest counts as a pitch; onsets do not count.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from generator.evaluation.likelihood import REST_COLUMN, Conditional
from generator.music.grid.chorale import REST, BoolArray, Chorale


@dataclass(frozen=True)
class Hits:
    """Written cells that agree with Bach, and all of them."""

    right: int
    written: int


def one_shot_hits(family: Conditional, chorale: Chorale, given: BoolArray) -> Hits:
    """Hits of the most probable pitches, all written cells masked at once."""
    best = family.pitch_log_probs(chorale, given)[0].argmax(-1)
    bach = np.where(chorale.pitch == REST, REST_COLUMN, chorale.pitch)
    return Hits(int((best == bach)[~given].sum()), int((~given).sum()))


def fill_hits(chorale: Chorale, filled: Chorale, given: BoolArray) -> Hits:
    """Hits of a finished fill."""
    same = filled.pitch == chorale.pitch
    return Hits(int(same[~given].sum()), int((~given).sum()))
