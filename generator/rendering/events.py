"""From the grid over its MIDI file to what a synthesiser plays, and when.

Conventions
-----------
Time is counted in samples at `SAMPLE_RATE`. Every event stands on a multiple of `BLOCK`, where
FluidSynth takes notice of events: nothing is early or late, and nothing depends on how the sound is
asked for. The length of a clip follows from the steps and the metre alone, so that the two clips of
a pair are equally long.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

import mido
import numpy as np
from numpy.typing import NDArray

from generator.music.formats.midi import STEP, midi_bytes
from generator.music.grid.chorale import Chorale
from generator.music.grid.tempo import step_seconds

SAMPLE_RATE = 44_100
BLOCK = 64
LEAD_SECONDS = 0.25
# Long enough for the reverberation of the last chord, which is faded at its end.
TAIL_SECONDS = 2.75
# A pipe that speaks again is shut this long before: without a gap a repeated note sounds held.
REPEAT_GAP_SECONDS = 0.08


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
    """The events of all four voices in the order of time, read from the chorale's MIDI file.

    Examples
    --------
    >>> c = Chorale(pitch=[[72], [-1], [-1], [-1]], onset=[[1], [0], [0], [0]])
    >>> [(event.down, event.pitch) for event in key_events(c)]
    [(True, 72), (False, 72)]
    """
    at = step_samples(chorale)
    gap = round(REPEAT_GAP_SECONDS * SAMPLE_RATE / BLOCK) * BLOCK
    events = []
    for notes in _voices(midi_bytes(chorale)):
        struck = {(note.start, note.pitch) for note in notes}
        for note in notes:
            down, up = int(at[note.start]), int(at[note.end])
            if (note.end, note.pitch) in struck:
                up = max(up - gap, (down + up) // 2 // BLOCK * BLOCK)
            events.append(Event(down, True, note.voice, note.pitch))
            events.append(Event(up, False, note.voice, note.pitch))
    return sorted(events)


@dataclass(frozen=True)
class _Note:
    voice: int
    start: int
    end: int
    pitch: int


def _voices(data: bytes) -> list[list[_Note]]:
    """The notes of each voice's track, in steps."""
    voices = []
    for track in mido.MidiFile(file=BytesIO(data)).tracks[1:]:
        notes, tick, down = [], 0, 0
        for message in track:
            tick += message.time
            if message.type == "note_on":
                down = tick
            elif message.type == "note_off":
                notes.append(_Note(message.channel, down // STEP, tick // STEP, message.note))
        voices.append(notes)
    return voices
