"""All beats of the works, side by side, so that any run of them is a snippet.

A *beat* is a quarter: four steps, the first of which begins a quarter of its bar. Beats with a rest
in any voice are left out, and so is whatever is shorter (parts of a quarter at the ends of a work
or before a change of metre).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from generator.music.grid.beats import on_beat
from generator.music.grid.chorale import REST, STEPS_PER_QUARTER, BoolArray, Chorale
from generator.music.grid.phrases import fermata_ends
from generator.music.grid.spelling import signature

Pitches = NDArray[np.int16]
Ints = NDArray[np.int64]
QUARTER = STEPS_PER_QUARTER


@dataclass(frozen=True)
class SnippetFrame:
    """What is known of beats besides their notes.

    Attributes
    ----------
    strength : int64[beats]
        2 on the first beat of a bar, 1 on the middle of an even bar, else 0.
    fermata : bool[beats]
        Whether a fermata is on any of its steps.
    opens : bool[beats]
        Whether a phrase begins.
    """

    strength: Ints
    fermata: BoolArray
    opens: BoolArray


@dataclass(frozen=True)
class Snippets:
    """The beats of all works.

    Attributes
    ----------
    pitch, onset : int16[beats, 4, 4], bool[beats, 4, 4]
        By voice and step.
    goes : int16[beats, 4]
        Where each voice goes next in its work; a rest at the end.
    frame : SnippetFrame
    sharps, minor : int64[beats], bool[beats]
        Of the key of the work.
    reach : int64[beats]
        How many beats of the work follow each other from here on, this one counted.
    """

    pitch: Pitches
    onset: BoolArray
    goes: Pitches
    frame: SnippetFrame
    sharps: Ints
    minor: BoolArray
    reach: Ints

    def __len__(self) -> int:
        return len(self.reach)

    @cached_property
    def extremes(self) -> tuple[Ints, Ints]:
        """int64[beats, 4] each: the lowest and the highest note of each voice in each beat."""
        pitch = self.pitch.astype(np.int64)
        return pitch.min(axis=2), pitch.max(axis=2)


def snippets_of(chorales: Sequence[Chorale]) -> Snippets:
    """The beats of the works in their order.

    Raises
    ------
    ValueError
        If the works have no beat without a rest.
    """
    found = [beats for chorale in chorales if len((beats := _beats(chorale))[0])]
    columns = [np.concatenate(column) for column in zip(*found, strict=True)]
    if not columns:
        raise ValueError("the works have no beat in which all voices sound; name more works")
    pitch, onset, goes, strength, fermata, opens, sharps, minor, reach = columns
    return Snippets(
        pitch, onset, goes, SnippetFrame(strength, fermata, opens), sharps, minor, reach
    )


def beat_frame(chorale: Chorale, starts: Ints) -> SnippetFrame:
    """The frame of the beats that begin at these steps."""
    phase, fermata = chorale.bar_phase(), chorale.fermata
    strength = np.where(phase == 0, 2, np.where(_is_middle(chorale), 1, 0))
    opens = fermata_ends(chorale)
    opens[0] = True
    ends = np.append(starts[1:], chorale.steps)[: len(starts)]
    spans = zip(starts.tolist(), np.minimum(ends, starts + QUARTER).tolist(), strict=True)
    marked = np.array([fermata[start:end].any() for start, end in spans], dtype=np.bool_)
    return SnippetFrame(strength[starts].astype(np.int64), marked, opens[starts])


def _is_middle(chorale: Chorale) -> BoolArray:
    """bool[T]: the middle of a bar of 4/4, the commonest metre; other bars have none."""
    phase = chorale.bar_phase()
    length = np.zeros(chorale.steps, dtype=np.int64)
    for start, metre in chorale.metre:
        over, under = map(int, metre.split("/"))
        length[start:] = over * 16 // under
    middle: BoolArray = (length == 16) & (phase == 8) & on_beat(chorale)
    return middle


def _beats(chorale: Chorale) -> tuple[NDArray[np.generic], ...]:
    phase = chorale.bar_phase()
    whole = np.flatnonzero(phase % QUARTER == 0)
    whole = whole[whole + QUARTER <= chorale.steps]
    steps = whole[:, None] + np.arange(QUARTER)
    regular = (np.diff(phase[steps], axis=1) == 1).all(axis=1)
    sounding = (chorale.pitch[:, steps] != REST).all(axis=(0, 2))
    starts = whole[regular & sounding]
    steps = starts[:, None] + np.arange(QUARTER)
    after = np.minimum(starts + QUARTER, chorale.steps - 1)
    goes = np.where(starts + QUARTER < chorale.steps, chorale.pitch[:, after], REST).T
    frame, beats = beat_frame(chorale, starts), len(starts)
    reach = np.ones(beats, dtype=np.int64)
    for beat in range(beats - 2, -1, -1):
        if starts[beat + 1] == starts[beat] + QUARTER:
            reach[beat] += reach[beat + 1]
    return (
        chorale.pitch[:, steps].transpose(1, 0, 2),
        chorale.onset[:, steps].transpose(1, 0, 2),
        goes.astype(np.int16),
        frame.strength,
        frame.fermata,
        frame.opens,
        np.full(beats, signature(chorale.key)),
        np.full(beats, chorale.mode == "minor"),
        reach,
    )
