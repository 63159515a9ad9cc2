"""Stretches of a piece, a few beats long, for which snippets are looked for."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from generator.families.splice.snippets import QUARTER, Ints, SnippetFrame, beat_frame
from generator.music.grid.chorale import Chorale


class SpliceBeats(NamedTuple):
    """The beats of a piece."""

    starts: Ints
    """int64[beats]: their first steps; the last entry of `stops` is the end."""
    stops: Ints
    places: Ints
    """int64[beats]: where the first step of each lies in its quarter, 0 but for cut ones."""
    frame: SnippetFrame


class SpliceUnit(NamedTuple):
    """SpliceBeats first..first + beats, which one snippet fills."""

    first: int
    beats: int

    @property
    def halves(self) -> tuple[SpliceUnit, SpliceUnit]:
        before = self.beats // 2
        return SpliceUnit(self.first, before), SpliceUnit(self.first + before, self.beats - before)


def beats_of(chorale: Chorale) -> SpliceBeats:
    """The beats of a piece; the first and those before a bar line may be shorter than a quarter."""
    place = chorale.bar_phase().astype(np.int64) % QUARTER
    begins = place == 0
    begins[1:] |= place[1:] != place[:-1] + 1
    begins[0] = True
    starts = np.flatnonzero(begins)
    stops = np.append(starts[1:], chorale.steps)
    return SpliceBeats(starts, stops, place[starts], beat_frame(chorale, starts))


def units_of(beats: SpliceBeats, size: int) -> list[SpliceUnit]:
    """Phrases cut into units of `size` beats, counted from their ends: those stay whole.

    Examples
    --------
    >>> rests = Chorale(pitch=[[-1] * 40] * 4, onset=[[0] * 40] * 4)
    >>> units_of(beats_of(rests), 4)
    [SpliceUnit(first=0, beats=2), SpliceUnit(first=2, beats=4), SpliceUnit(first=6, beats=4)]
    """
    opens = [int(beat) for beat in np.flatnonzero(beats.frame.opens)]
    units = []
    for first, end in pairwise([*sorted({0, *opens}), len(beats.starts)]):
        bounds = sorted({first, *range(end, first, -size)})
        units += [SpliceUnit(one, two - one) for one, two in pairwise(bounds)]
    return units


def columns(beats: SpliceBeats, unit: SpliceUnit) -> Ints:
    """int64[steps]: for each step of a unit, the step of a snippet that it is filled with."""
    parts = [
        QUARTER * number + beats.places[beat] + np.arange(beats.stops[beat] - beats.starts[beat])
        for number, beat in enumerate(range(unit.first, unit.first + unit.beats))
    ]
    return np.concatenate(parts)


def span_of(beats: SpliceBeats, unit: SpliceUnit) -> slice:
    """The steps of a unit."""
    return slice(int(beats.starts[unit.first]), int(beats.stops[unit.first + unit.beats - 1]))
