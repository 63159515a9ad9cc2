"""From a chorale, by way of its MIDI file, to the keys that a synthesiser presses, and when.

Conventions
-----------
Time is counted in samples at `SAMPLE_RATE`. Every event lies on a multiple of `BLOCK`, where
FluidSynth handles events: none is early or late, however the sound is requested. The length of a
clip follows from the steps and the metre alone, so the two clips of a pair are equally long.
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
# Long enough for the reverberation of the last chord, whose end is faded out.
TAIL_SECONDS = 2.75
# A repeated note is released this long before it sounds again; without a gap it would sound held.
REPEAT_GAP_SECONDS = 0.08


@dataclass(frozen=True, order=True)
class KeyEvent:
    """A key goes down or comes up. At the same sample, releases sort before attacks."""

    sample: int
    down: bool
    voice: int
    pitch: int


def step_samples(chorale: Chorale) -> NDArray[np.int64]:
    """int64[T + 1]: the sample at which each step begins, and at which the last one ends."""
    seconds = LEAD_SECONDS + np.arange(chorale.steps + 1) * step_seconds(chorale.metre[0][1])
    return np.rint(seconds * SAMPLE_RATE / BLOCK).astype(np.int64) * BLOCK


def clip_samples(chorale: Chorale) -> int:
    """Length of the clip: silence, music and reverberation."""
    return int(step_samples(chorale)[-1]) + round(TAIL_SECONDS * SAMPLE_RATE)


def common_samples(one: Chorale, other: Chorale) -> int | None:
    """Length of both clips where one is longer: that one's; None if both need the same."""
    lengths = {clip_samples(one), clip_samples(other)}
    return max(lengths) if len(lengths) > 1 else None


def key_events(chorale: Chorale) -> list[KeyEvent]:
    """The events of all four voices in order of time, read from the chorale's MIDI file.

    Examples
    --------
    >>> c = Chorale(pitch=[[72], [-1], [-1], [-1]], onset=[[1], [0], [0], [0]])
    >>> [(event.down, event.pitch) for event in key_events(c)]
    [(True, 72), (False, 72)]
    """
    samples = step_samples(chorale)
    gap = round(REPEAT_GAP_SECONDS * SAMPLE_RATE / BLOCK) * BLOCK
    events = []
    for notes in _voices(midi_bytes(chorale)):
        struck = {(note.start, note.pitch) for note in notes}
        for note in notes:
            down, up = int(samples[note.start]), int(samples[note.end])
            if (note.end, note.pitch) in struck:
                up = max(up - gap, (down + up) // 2 // BLOCK * BLOCK)
            events.append(KeyEvent(down, True, note.voice, note.pitch))
            events.append(KeyEvent(up, False, note.voice, note.pitch))
    return sorted(events)


@dataclass(frozen=True)
class _SoundingNote:
    voice: int
    start: int
    end: int
    pitch: int


def _voices(data: bytes) -> list[list[_SoundingNote]]:
    """The notes of each voice's track, in steps."""
    voices = []
    for track in mido.MidiFile(file=BytesIO(data)).tracks[1:]:
        notes, tick, down = [], 0, 0
        for message in track:
            tick += message.time
            if message.type == "note_on":
                down = tick
            elif message.type == "note_off":
                start, end = down // STEP, tick // STEP
                notes.append(_SoundingNote(message.channel, start, end, message.note))
        voices.append(notes)
    return voices
