"""PrettyMIDI objects, which most notebooks on MIDI use: from the grid, and back to it.

A chorale becomes an object as its MIDI file does when pretty_midi loads it. On the way back the
contents of the object go to the reader of MIDI files, so pickup, key, metre and fermatas are
defined once, in `midi.py` and `midi_reader.py`.

Conventions
-----------
PrettyMIDI counts in seconds, as floats. The object's own tempo changes turn them into ticks, which
need not be whole; ticks become steps as in a MIDI file. pretty_midi's writer is not used on the
way: it rounds to whole ticks, moves what lies before the start, and holds a note without length to
the end.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from fractions import Fraction
from io import BytesIO
from typing import Any

import numpy as np
import pretty_midi

from generator.music.formats.format_errors import FormatError
from generator.music.formats.midi import CHURCH_ORGAN, midi_bytes
from generator.music.formats.midi_reader import contents_score
from generator.music.formats.played.contents import MidiContents
from generator.music.formats.played.fitting import PlayedNote, Ticks
from generator.music.formats.score import Remark, chorale_of
from generator.music.formats.voices.choice import four_voices
from generator.music.grid.chorale import STEPS_PER_QUARTER, VOICE_NAMES, Chorale
from generator.music.grid.spelling import note_name

# Far above the error of a float, far below what a step may be off the grid.
_FLOAT_ERROR = 1e-6


def to_pretty_midi(chorale: Chorale) -> pretty_midi.PrettyMIDI:
    """The PrettyMIDI object of a chorale, at the standard tempo.

    Its instruments are Soprano, Alto, Tenor and Bass, in this order, also those that only rest.

    Examples
    --------
    >>> c = Chorale(pitch=[[72], [67], [64], [48]], onset=[[1]] * 4)
    >>> [(i.name, i.notes[0].pitch) for i in to_pretty_midi(c).instruments]
    [('Soprano', 72), ('Alto', 67), ('Tenor', 64), ('Bass', 48)]
    """
    midi = pretty_midi.PrettyMIDI(BytesIO(midi_bytes(chorale)), charset="utf-8")
    # pretty_midi drops tracks without notes.
    sounding = {instrument.name: instrument for instrument in midi.instruments}
    midi.instruments = [
        sounding.get(name) or pretty_midi.Instrument(CHURCH_ORGAN, name=name)
        for name in map(str.capitalize, VOICE_NAMES)
    ]
    return midi


def from_pretty_midi(midi: pretty_midi.PrettyMIDI, remarks: list[Remark] | None = None) -> Chorale:
    """The chorale of a PrettyMIDI object with four voices, ours or foreign.

    Objects of `to_pretty_midi`, and those that pretty_midi loads from our MIDI files, come back
    unchanged, or with the changes that were made to their notes. Other objects are read as
    `read_midi` reads foreign files; their instruments are the voices. What is decided and bent is
    added to `remarks`.

    Raises
    ------
    FormatError
        If a note begins off the grid or before the start, or there are not four single voices.
    """
    said: list[Remark] = [] if remarks is None else remarks
    score = contents_score(_contents(midi))
    said += score.remarks
    return chorale_of(score, four_voices(score, said), said)


def _contents(midi: pretty_midi.PrettyMIDI) -> MidiContents:
    contents, clock = MidiContents(Fraction(midi.resolution, STEPS_PER_QUARTER)), _Clock(midi)
    # Number 0 is the track of the frame, which has no instrument.
    for number, instrument in enumerate(midi.instruments, start=1):
        name = instrument.name.strip() or f"instruments[{number - 1}]"
        contents.names[number] = name
        contents.programs[number, 0] = instrument.program
        if instrument.is_drum:
            contents.drums.add((number, 0))
        if instrument.notes:
            contents.lines[number, 0] = [_note(note, name, clock) for note in instrument.notes]
    for change in midi.time_signature_changes:
        metre = f"{change.numerator}/{change.denominator}"
        contents.metres.append((clock.ticks(change.time, f"metre {metre} begins"), metre))
    for change in midi.key_signature_changes:
        key = _key(change.key_number)
        contents.keys.append((clock.ticks(change.time, f"key {key} begins"), 0, key))
    for text in midi.text_events:
        words = _as_written(text.text, midi)
        contents.texts.append((clock.ticks(text.time, f"text {words!r} lies"), words))
    return contents


class _Clock:
    """Seconds of a PrettyMIDI object as ticks."""

    def __init__(self, midi: pretty_midi.PrettyMIDI) -> None:
        seconds, quarters_per_minute = midi.get_tempo_changes()
        rates = quarters_per_minute / 60 * midi.resolution
        self._changes: list[float] = seconds.tolist()
        self._rates: list[float] = rates.tolist()
        self._ticks: list[float] = [0.0, *np.cumsum(np.diff(seconds) * rates[:-1]).tolist()]

    def ticks(self, seconds: float, event: str) -> Ticks:
        """The place of a time, exact; `event` begins the message of an error."""
        if not -_FLOAT_ERROR < seconds < math.inf:
            raise FormatError(f"{event} at {seconds:g} seconds; the piece begins at 0")
        index = max(bisect_right(self._changes, seconds) - 1, 0)
        ticks = self._ticks[index] + (seconds - self._changes[index]) * self._rates[index]
        whole = round(ticks)
        return whole if abs(ticks - whole) < _FLOAT_ERROR else Fraction(ticks)


def _note(note: pretty_midi.Note, name: str, clock: _Clock) -> PlayedNote:
    start = clock.ticks(note.start, f"{name}: a note begins")
    end = clock.ticks(note.end, f"{name}: a note ends")
    pitch = _pitch(note, name)
    if end <= start:
        raise FormatError(
            f"{name}: {note_name(pitch)} at {note.start:.2f} seconds has no length; "
            "give it one or delete it"
        )
    return start, end, pitch


def _pitch(note: pretty_midi.Note, name: str) -> int:
    if note.pitch not in range(128):
        raise FormatError(
            f"{name}: a note at {note.start:.2f} seconds has pitch {note.pitch}; "
            "pitches are whole numbers from 0 to 127"
        )
    return int(note.pitch)


def _key(number: Any) -> str:
    if number not in range(24):
        raise FormatError(
            f"a key signature has key_number {number}; "
            "it is 0 to 11 (C to B major) or 12 to 23 (C to B minor)"
        )
    tonic, mode = pretty_midi.key_number_to_key_name(int(number)).split()
    return f"{tonic} {mode.lower()}"


def _as_written(text: str, midi: pretty_midi.PrettyMIDI) -> str:
    """Text as the file has it: pretty_midi reads Latin-1 unless told otherwise; we write UTF-8."""
    try:
        return text.encode(midi._charset).decode()
    except UnicodeError:
        return text
