"""Handmade chorales for the tests of sound."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from generator.music.grid.chorale import REST, Chorale, repaired_onsets

FONT = Path("generator/rendering/soundfont/pipes.sf3").resolve()

# A chord a beat, S to B, with a repeated soprano note and a rest in the tenor.
CHORDS = (
    (67, 62, 59, 43),
    (67, 64, 60, 48),
    (69, 66, 62, 50),
    (71, 67, 62, 43),
    (72, 67, REST, 52),
    (71, 67, 62, 55),
    (69, 66, 62, 50),
    (67, 62, 59, 43),
)
FRAME = {"metre": ((0, "4/4"),), "key": "G major"}


def chorale(beats: int = 8, transposed: int = 0) -> Chorale:
    """Four steps a chord; every chord begins anew."""
    chords = np.array([CHORDS[at % len(CHORDS)] for at in range(beats)]).T
    chords = np.where(chords == REST, REST, chords + transposed)
    pitch = np.repeat(chords, 4, axis=1)
    begins = np.zeros(pitch.shape)
    begins[:, ::4] = 1
    return Chorale(pitch=pitch, onset=repaired_onsets(pitch, begins), **FRAME)


def other_chorale(beats: int = 8) -> Chorale:
    """As long, with other notes: one voice alone in sixteenths, then all held."""
    pitch = np.full((4, 4 * beats), REST)
    pitch[0] = 60 + np.arange(4 * beats) % 12
    pitch[1:, 2 * beats :] = [[55], [52], [48]]
    return Chorale(pitch=pitch, onset=repaired_onsets(pitch, np.zeros(pitch.shape)), **FRAME)


def one_note(pitch: int, steps: int = 16, *, repeated_at: int | None = None) -> Chorale:
    """The soprano alone."""
    notes = np.full((4, steps), REST)
    notes[0] = pitch
    begins = np.zeros(notes.shape)
    if repeated_at is not None:
        begins[0, repeated_at] = 1
    return Chorale(pitch=notes, onset=repaired_onsets(notes, begins))
