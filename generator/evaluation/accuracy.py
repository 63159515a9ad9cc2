"""Share of written cells whose pitch is Bach's own.

`one_shot_hits` takes the most probable pitch of every written cell, all of them masked at once;
`fill_hits` takes a finished fill. A rest counts as a pitch; onsets do not count.
"""

from __future__ import annotations

from dataclasses import dataclass

from generator.families.likelihoods import Conditionals, distributions, pitch_columns
from generator.music.grid.chorale import BoolArray, Chorale


@dataclass(frozen=True)
class Hits:
    """Written cells that agree with Bach, and all of them."""

    right: int
    written: int


def one_shot_hits(family: Conditionals, chorale: Chorale, given: BoolArray) -> Hits:
    """Hits of the most probable pitches, all written cells masked at once."""
    best = distributions(family, chorale, given).pitch.argmax(-1)
    return Hits(int((best == pitch_columns(chorale))[~given].sum()), int((~given).sum()))


def fill_hits(chorale: Chorale, filled: Chorale, given: BoolArray) -> Hits:
    """Hits of a finished fill."""
    same = filled.pitch == chorale.pitch
    return Hits(int(same[~given].sum()), int((~given).sum()))
