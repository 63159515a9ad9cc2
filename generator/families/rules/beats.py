"""The beats of a piece, each of which gets one chord."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from generator.music.grid.beats import on_beat
from generator.music.grid.chorale import BoolArray, Chorale
from generator.music.grid.phrases import fermata_ends


class RulesBeat(NamedTuple):
    """Steps start..stop."""

    start: int
    stop: int
    downbeat: bool
    opens: bool
    """Whether it is the first of a phrase."""
    closes: bool
    """Whether it is the last of a phrase."""


def beats_of(seen: Chorale, given: BoolArray) -> list[RulesBeat]:
    """The beats; those of a fermata are joined, so that it has one chord.

    They stay apart where a given voice moves, or where a voice begins or ends to be given.

    Parameters
    ----------
    seen : Chorale
        With rests in the cells that are not given.
    given : bool[4, T]
    """
    fermata, ended = seen.fermata, np.append(fermata_ends(seen), True)
    moves: BoolArray = np.asarray((seen.onset & given).any(axis=0))
    moves[1:] |= (given[:, 1:] != given[:, :-1]).any(axis=0)
    held = np.append(False, fermata[1:] & fermata[:-1]) & ~ended[:-1] & ~moves
    starts = np.flatnonzero(on_beat(seen) & ~held | (np.arange(seen.steps) == 0)).tolist()
    phase, opens = seen.bar_phase(), True
    beats: list[RulesBeat] = []
    for start, stop in pairwise([*starts, seen.steps]):
        closes = stop == seen.steps or bool(fermata[start] and ended[start + 1 : stop + 1].any())
        beats.append(RulesBeat(start, stop, bool(phase[start] == 0), opens, closes))
        opens = closes
    return beats
