"""From the grid to what a synthesiser plays, and when.

Conventions
-----------
Time is counted in samples at `SAMPLE_RATE`. Every event stands on a multiple of `BLOCK`, where
FluidSynth takes notice of events: nothing is early or late, and nothing depends on how the sound is
asked for. The length of a clip follows from the steps and the metre alone, so that the two clips of
a pair are equally long.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generator.music.chorale import REST, Chorale

SAMPLE_RATE = 44_100
BLOCK = 64
LEAD_SECONDS = 0.25
# Long enough for the reverberation of the last chord, which is faded at its end.
TAIL_SECONDS = 2.75
# A pipe that speaks again is shut this long before: without a gap a repeated note sounds held.
REPEAT_GAP_SECONDS = 0.08


def step_seconds(metre: str) -> float:
    return (30 if metre == "3/2" else 60) / 76 / 4


@dataclass(frozen=True, order=True)
class Event:
    """One key goes down or comes up. Releases sort before attacks at the same sample."""

    sample: int
    down: bool
    voice: int
    pitch: int


def step_samples(chorale: Chorale) -> NDArray[np.int64]:
    """int64[T + 1]: the sample at which each step begins, and the last one ends."""
    seconds = LEAD_SECONDS + np.arange(chorale.steps + 1) * step_seconds(chorale.metre[0][1])
    return np.rint(seconds * SAMPLE_RATE / BLOCK).astype(np.int64) * BLOCK


def clip_samples(chorale: Chorale) -> int:
    """Length of the clip: silence, music and reverberation."""
    return int(step_samples(chorale)[-1]) + round(TAIL_SECONDS * SAMPLE_RATE)


def key_events(chorale: Chorale) -> list[Event]:
    """The events of all four voices in the order of time.

    Examples
    --------
    >>> quiet = [[REST], [REST], [REST]]
    >>> c = Chorale(pitch=[[72], *quiet], onset=[[1], [0], [0], [0]])
    >>> [(event.down, event.pitch) for event in key_events(c)]
    [(True, 72), (False, 72)]
    """
    at = step_samples(chorale)
    gap = round(REPEAT_GAP_SECONDS * SAMPLE_RATE / BLOCK) * BLOCK
    events = []
    for voice in range(4):
        for start, stop, pitch, repeats in _notes(chorale, voice):
            down, up = int(at[start]), int(at[stop])
            if repeats:
                up = max(up - gap, (down + up) // 2 // BLOCK * BLOCK)
            events.append(Event(down, True, voice, pitch))
            events.append(Event(up, False, voice, pitch))
    return sorted(events)


def _notes(chorale: Chorale, voice: int) -> list[tuple[int, int, int, bool]]:
    """(first step, step after the last, pitch, whether the next note repeats it at once)."""
    pitch, onset = chorale.pitch[voice], chorale.onset[voice]
    notes = []
    for start in np.flatnonzero(onset).tolist():
        ends = np.flatnonzero(onset[start + 1 :] | (pitch[start + 1 :] == REST))
        stop = start + 1 + int(ends[0]) if ends.size else chorale.steps
        repeats = stop < chorale.steps and bool(onset[stop]) and pitch[stop] == pitch[start]
        notes.append((start, stop, int(pitch[start]), bool(repeats)))
    return notes
