"""The tracks of a MIDI file as events; large and cut-off files are refused."""

from __future__ import annotations

from typing import NamedTuple

from generator.music.formats.format_errors import FormatError
from generator.music.formats.piano_text.midi_chunks import TrackReader
from generator.music.formats.piano_text.midi_records import MidiRecord

MAX_MIDI_BYTES = 500_000
"""A chorale as long as the grid may be, with a note on every step, takes less; ours take 5,000."""
MAX_TRACKS = 100
_HEADER = 14


class MidiTracks(NamedTuple):
    """The events of each track, with their ticks."""

    ticks_per_quarter: int
    tracks: list[list[MidiRecord]]


def looks_like_midi(data: bytes) -> bool:
    return data.startswith(b"MThd") or (data.startswith(b"RIFF") and data[8:12] == b"RMID")


def read_tracks(data: bytes, source: str) -> MidiTracks:
    """The tracks of a MIDI file, plain or in a RIFF wrapper.

    Raises
    ------
    FormatError
        If it is too large, no MIDI file, cut off, or without beats.
    """
    if len(data) > MAX_MIDI_BYTES:
        raise FormatError(
            f"{source} has {len(data):,} bytes; a MIDI file of one piece has at most "
            f"{MAX_MIDI_BYTES:,}"
        )
    before = _wrapper(data, source)
    header = data[before : before + _HEADER]
    if not header.startswith(b"MThd"):
        raise FormatError(f"{source} is not a MIDI file that can be read: it has no header MThd")
    if len(header) < _HEADER:
        raise _cut_off(data, source, "its header is not whole")
    kind, count = (int.from_bytes(header[at : at + 2], "big") for at in (8, 10))
    division = int.from_bytes(header[12:], "big", signed=True)
    if count > MAX_TRACKS:
        raise FormatError(
            f"{source} has {count:,} tracks; put each of four voices into its own, at most "
            f"{MAX_TRACKS} are read"
        )
    if kind not in (0, 1) or division < 1:
        raise FormatError(f"{source} has no beats (SMPTE time or type 2); export it as type 1")
    at = before + 8 + int.from_bytes(header[4:8], "big")
    return MidiTracks(division, _tracks(data, at, count, source))


def _tracks(data: bytes, at: int, count: int, source: str) -> list[list[MidiRecord]]:
    tracks: list[list[MidiRecord]] = []
    while len(tracks) < count:
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "big")
        body = data[at + 8 : at + 8 + size]
        number = len(tracks) + 1
        if len(data) < at + 8:
            raise _cut_off(data, source, f"track {number} of {count} is missing")
        if len(body) < size:
            more = size - len(body)
            how_many, are = ("1 byte", "is") if more == 1 else (f"{more} bytes", "are")
            raise _cut_off(data, source, f"{how_many} of track {number} of {count} {are} missing")
        if name == b"MTrk":  # other chunks belong to programs
            tracks.append(_events(data, at + 8, size, number, source))
        at += 8 + size
    return tracks


def _events(data: bytes, start: int, size: int, number: int, source: str) -> list[MidiRecord]:
    reader = TrackReader(number, data[start : start + size], must_end=False)
    try:
        return list(reader.records())
    except FormatError as error:
        if reader.breaks_off:
            raise _cut_off(data[: start + size], source, f"within track {number}") from error
        raise FormatError(f"{source} is not a MIDI file that can be read: {error}") from error


def _wrapper(data: bytes, source: str) -> int:
    """The place of the MIDI file inside a RIFF file; 0 where there is no wrapper."""
    if not data.startswith(b"RIFF"):
        return 0
    at = 12
    while at + 8 <= len(data):
        if data[at : at + 4] == b"data":
            return at + 8
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + size + size % 2
    raise _cut_off(data, source, "its RIFF wrapper has no data")


def _cut_off(data: bytes, source: str, what: str) -> FormatError:
    return FormatError(
        f"{source} is not a MIDI file that can be read: it is cut off at byte {len(data)} "
        f"({what}); get a whole copy, or export it again"
    )
