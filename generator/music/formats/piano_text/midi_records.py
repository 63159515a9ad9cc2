"""Events of MIDI files as records, each with the name and the numbers that midicsv gives it.

Conventions
-----------
Tracks count from 1. Times are in ticks from the beginning of the track. Texts have one character
for each byte of the file (Latin-1). Records of bytes of any length, such as `System_exclusive`,
have their length before them.

References
----------
J. Walker, midicsv(5): the format of the records.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from generator.music.formats.format_errors import FormatError

Value = int | str
Field = tuple[str, int, int]
"""Name, lowest and highest value of a number."""

MAX_TICK = (1 << 28) - 1
_BYTE = 255
_CHANNEL: Field = ("channel", 0, 15)
_NOTE: Field = ("note", 0, 127)

CHANNEL_FIELDS: dict[str, tuple[int, tuple[Field, ...]]] = {
    "Note_off_c": (0x80, (_CHANNEL, _NOTE, ("velocity", 0, 127))),
    "Note_on_c": (0x90, (_CHANNEL, _NOTE, ("velocity", 0, 127))),
    "Poly_aftertouch_c": (0xA0, (_CHANNEL, _NOTE, ("value", 0, 127))),
    "Control_c": (0xB0, (_CHANNEL, ("control", 0, 127), ("value", 0, 127))),
    "Program_c": (0xC0, (_CHANNEL, ("program", 0, 127))),
    "Channel_aftertouch_c": (0xD0, (_CHANNEL, ("value", 0, 127))),
    "Pitch_bend_c": (0xE0, (_CHANNEL, ("value", 0, (1 << 14) - 1))),
}
"""Events of a channel: their status byte, and their numbers."""
TEXT_TYPES: dict[str, int] = {
    "Text_t": 0x01,
    "Copyright_t": 0x02,
    "Title_t": 0x03,
    "Instrument_name_t": 0x04,
    "Lyric_t": 0x05,
    "Marker_t": 0x06,
    "Cue_point_t": 0x07,
}
META_FIELDS: dict[str, tuple[int, tuple[int, ...], tuple[Field, ...]]] = {
    "Sequence_number": (0x00, (2,), (("number", 0, 65535),)),
    "Channel_prefix": (0x20, (1,), (("channel", 0, _BYTE),)),
    "MIDI_port": (0x21, (1,), (("port", 0, _BYTE),)),
    "End_track": (0x2F, (), ()),
    "Tempo": (0x51, (3,), (("tempo", 0, (1 << 24) - 1),)),
    "SMPTE_offset": (
        0x54,
        (1, 1, 1, 1, 1),
        tuple((name, 0, _BYTE) for name in ("hour", "minute", "second", "frame", "fraction")),
    ),
    "Time_signature": (
        0x58,
        (1, 1, 1, 1),
        tuple((name, 0, _BYTE) for name in ("numerator", "denominator", "click", "notes")),
    ),
}
"""Other events: their type, the bytes of each number, and the numbers."""
KEY_SIGNATURE, KEY_TYPE, KEY_MODES = "Key_signature", 0x59, ("major", "minor")
BYTES_STATUS: dict[str, int] = {"System_exclusive": 0xF0, "System_exclusive_packet": 0xF7}
SEQUENCER, SEQUENCER_TYPE = "Sequencer_specific", 0x7F
UNKNOWN_META = "Unknown_meta_event"
HEADER, START, END_TRACK, END_OF_FILE = "Header", "Start_track", "End_track", "End_of_file"


@dataclass(frozen=True)
class MidiRecord:
    """One event of a track."""

    track: int
    tick: int
    name: str
    values: tuple[Value, ...] = ()
    line: int = 0
    """Of the CSV file that it was read from."""


@dataclass(frozen=True)
class MidiRecords:
    """All events of a MIDI file, track by track, in the order of their times."""

    kind: int
    """0 for one track, 1 for several that sound together, 2 for several pieces."""
    tracks: int
    division: int
    """Ticks in a quarter, -32768 to 32767. Below 0, the times are in seconds."""
    records: tuple[MidiRecord, ...]
    """Each track ends with its `End_track`."""


def check_values(name: str, values: Sequence[Value]) -> None:
    """Check the numbers and texts of a record.

    Raises
    ------
    FormatError
        If the name is unknown, there are more or fewer, or one is out of bounds.

    Examples
    --------
    >>> check_values("Note_on_c", (0, 60, 200))
    Traceback (most recent call last):
    ...
    generator.music.formats.format_errors.FormatError: Note_on_c with velocity 200; use 0 to 127
    """
    if name in TEXT_TYPES:
        if len(values) != 1:
            raise FormatError(f'{name} needs one text in quotes ("")')
    elif name == KEY_SIGNATURE:
        _check_numbers(name, values[:1], (("key", -128, 127),))  # some files have more than 7
        if values[1:] not in [(mode,) for mode in KEY_MODES]:
            raise FormatError(f'{name} needs a number and "major" or "minor"')
    elif name in BYTES_STATUS or name in (SEQUENCER, UNKNOWN_META):
        _check_bytes(name, values)
    elif name in CHANNEL_FIELDS:
        _check_numbers(name, values, CHANNEL_FIELDS[name][1])
    elif name in META_FIELDS:
        _check_numbers(name, values, META_FIELDS[name][2])
    else:
        raise FormatError(f"unknown record {name!r}; midicsv has none of this name")


def _check_numbers(name: str, values: Sequence[Value], fields: Sequence[Field]) -> None:
    if len(values) != len(fields):
        names = ", ".join(field for field, _, _ in fields) or "none"
        raise FormatError(f"{name} has {len(values)} values; it needs {len(fields)}: {names}")
    for value, (field, low, high) in zip(values, fields, strict=True):
        if not isinstance(value, int) or not low <= value <= high:
            raise FormatError(f"{name} with {field} {value}; use {low} to {high}")


def _check_bytes(name: str, values: Sequence[Value]) -> None:
    data = values[1:] if name == UNKNOWN_META else values
    if bad := [value for value in data[1:] if not isinstance(value, int) or not 0 <= value <= 255]:
        raise FormatError(f"{name} with byte {bad[0]}; use 0 to 255")
    if len(data) < 1 or data[0] != len(data) - 1:
        raise FormatError(f"{name} does not say how many bytes follow; put their number first")
    if name == UNKNOWN_META:
        _check_numbers(name, values[:1], (("type", 0, _BYTE),))
