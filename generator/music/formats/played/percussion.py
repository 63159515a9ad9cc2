"""Drums and clicks in MIDI files, by channel, by program or by name."""

from __future__ import annotations

from generator.music.formats.voices.part_names import is_percussion_name

DRUM_CHANNEL = 9
"""Channel 10 in the usual count."""
# Timpani, tinkle bell, agogo, woodblock, taiko, toms, synth drum and reverse cymbal, from 0.
_DRUM_PROGRAMS = frozenset({47, 112, 113, 115, 116, 117, 118, 119})


def is_percussion(channel: int, program: int | None, name: str) -> bool:
    """Whether a line of a MIDI file is never a voice.

    Examples
    --------
    >>> is_percussion(9, None, "Melody"), is_percussion(0, 115, ""), is_percussion(0, 0, "Alto")
    (True, True, False)
    """
    return channel == DRUM_CHANNEL or program in _DRUM_PROGRAMS or is_percussion_name(name)
