"""Records of MIDI files as CSV, as midicsv prints them, and read again.

A record is a line: track, time, name, and its values. Texts are in quotes; in them a quote is
doubled, and what cannot be printed in Latin-1 is a backslash and three octal digits. Lines that
begin with ``#`` or ``;`` are comments.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence

from generator.errors import in_one_line
from generator.music.formats.files import MAX_BYTES
from generator.music.formats.format_errors import FormatError
from generator.music.formats.piano_text.midi_records import (
    BYTES_STATUS,
    CHANNEL_FIELDS,
    END_OF_FILE,
    END_TRACK,
    HEADER,
    KEY_SIGNATURE,
    MAX_TICK,
    META_FIELDS,
    SEQUENCER,
    START,
    TEXT_TYPES,
    UNKNOWN_META,
    MidiRecord,
    MidiRecords,
    Value,
    check_values,
)

_NAMES = {
    name.lower(): name
    for name in (
        *CHANNEL_FIELDS, *TEXT_TYPES, *META_FIELDS, *BYTES_STATUS,
        KEY_SIGNATURE, SEQUENCER, UNKNOWN_META, HEADER, START, END_OF_FILE,
    )
}  # fmt: skip
_NUMBER = re.compile(r"[+-]?[0-9]{1,12}")
LARGEST = 10**12 - 1
_ESCAPED = re.compile(r"\\([0-7]{3}|\\)")
MAX_SHOWN = 40
# A text of a MIDI file may be longer than the module's own limit.
csv.field_size_limit(MAX_BYTES)


def records_to_csv(midi: MidiRecords) -> str:
    """The CSV of a MIDI file; write it in Latin-1.

    Examples
    --------
    >>> note = MidiRecord(1, 0, "Note_on_c", (0, 60, 80))
    >>> print(records_to_csv(MidiRecords(0, 1, 480, (note, MidiRecord(1, 120, "End_track")))))
    0, 0, Header, 0, 1, 480
    1, 0, Start_track
    1, 0, Note_on_c, 0, 60, 80
    1, 120, End_track
    0, 0, End_of_file
    <BLANKLINE>
    """
    lines = [_line(0, 0, HEADER, (midi.kind, midi.tracks, midi.division))]
    track = 0
    for record in midi.records:
        if record.track != track:
            track = record.track
            lines.append(_line(track, 0, START))
        lines.append(_line(track, record.tick, record.name, record.values))
    lines.append(_line(0, 0, END_OF_FILE))
    return "".join(f"{line}\n" for line in lines)


def csv_to_records(text: str) -> MidiRecords:
    """The records of a CSV.

    Raises
    ------
    FormatError
        The message names the line, what is wrong there, and what is right.
    """
    reader = _CsvReader()
    for number, line in enumerate(text.split("\n"), 1):
        words = line.strip()
        if not words or words[0] in "#;":
            continue
        try:
            reader.read(_fields(words), number)
        except FormatError as error:
            raise FormatError(f"line {number}: {error}") from error
    return reader.result()


def _line(track: int, tick: int, name: str, values: Sequence[Value] = ()) -> str:
    written = (f'"{_escaped(each)}"' if isinstance(each, str) else str(each) for each in values)
    return ", ".join((str(track), str(tick), name, *written))


def _escaped(text: str) -> str:
    """Quotes doubled, and what is no character of Latin-1 as octal digits."""
    signs = []
    for sign in text:
        if sign in '"\\':
            signs.append(sign * 2)
        elif sign.isprintable() or sign == "\xad":
            signs.append(sign)
        else:
            signs.append(f"\\{ord(sign):03o}")
    return "".join(signs)


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: _sign(found[1]), text)


def _sign(digits: str) -> str:
    return "\\" if digits == "\\" else chr(int(digits, 8) & 0xFF)


def _fields(line: str) -> list[str]:
    try:
        fields = next(csv.reader([line], skipinitialspace=True, strict=True))
    except csv.Error as error:
        raise FormatError(f"it cannot be read ({error}); close every quote") from error
    if len(fields) < 3:
        raise FormatError("a record has a track, a time and a name, with commas between them")
    return [field.strip() if place < 3 else field for place, field in enumerate(fields)]


class _CsvReader:
    """Reads records in their order, and holds what the file has told so far."""

    def __init__(self) -> None:
        self.header: tuple[int, int, int] | None = None
        self.records: list[MidiRecord] = []
        self.track = 0
        self.inside = False
        """Whether a track has begun and not ended."""
        self.now = 0
        self.ended = False

    def read(self, fields: list[str], line: int) -> None:
        track, tick = _whole(fields[0], "track"), _whole(fields[1], "time")
        name = _NAMES.get(fields[2].lower())
        if name is None:
            shown = in_one_line(fields[2], MAX_SHOWN)
            raise FormatError(f"unknown record {shown!r}; midicsv has none of this name")
        if self.ended:
            raise FormatError(f"{name} after {END_OF_FILE}; end the file there")
        if (self.header is None) != (name == HEADER):
            raise FormatError(f"the first record, and no other, is {HEADER}; this is {name}")
        if name == HEADER:
            self.header = _header(fields[3:])
        elif name == END_OF_FILE:
            self._end()
        elif name == START:
            self._start(track)
        else:
            self._event(MidiRecord(track, tick, name, _values(name, fields[3:]), line))

    def result(self) -> MidiRecords:
        if self.header is None:
            raise FormatError(f"the CSV has no record; it begins with 0, 0, {HEADER}")
        if not self.ended:
            raise FormatError(f"the CSV breaks off; its last record is 0, 0, {END_OF_FILE}")
        return MidiRecords(*self.header, tuple(self.records))

    def _start(self, track: int) -> None:
        if self.inside:
            raise FormatError(f"track {self.track} has not ended; put its {END_TRACK} before this")
        if track != self.track + 1:
            raise FormatError(f"track {track}; the next one is {self.track + 1}")
        self.track, self.inside, self.now = track, True, 0

    def _event(self, record: MidiRecord) -> None:
        if not self.inside or record.track != self.track:
            raise FormatError(
                f"{record.name} of track {record.track}, which has not begun or has ended; put it "
                f"between its {START} and {END_TRACK}"
            )
        if not self.now <= record.tick <= MAX_TICK:
            raise FormatError(
                f"time {record.tick} after {self.now}; times of a track rise, up to {MAX_TICK}"
            )
        check_values(record.name, record.values)
        self.now = record.tick
        self.inside = record.name != END_TRACK
        self.records.append(record)

    def _end(self) -> None:
        tracks = self.header[1] if self.header else 0
        if self.inside or self.track != tracks:
            ended = self.track - self.inside
            raise FormatError(f"{ended} tracks have ended here; the {HEADER} says {tracks}")
        self.ended = True


def _header(fields: list[str]) -> tuple[int, int, int]:
    if len(fields) != 3:
        raise FormatError(f"{HEADER} has {len(fields)} values; it needs format, tracks, division")
    kind, tracks = (_whole(field, "number") for field in fields[:2])
    division = int(fields[2]) if _NUMBER.fullmatch(fields[2]) else -0x10000
    if kind > 2 or not 0 < tracks <= 0xFFFF or not -0x8000 <= division <= 0xFFFF:
        raise FormatError(
            f"{HEADER} {kind}, {tracks}, {in_one_line(fields[2], MAX_SHOWN)}; use format 0 to 2, 1 "
            "to 65535 tracks and a division of -32768 to 65535"
        )
    return kind, tracks, (division + 0x8000) % 0x10000 - 0x8000


def _whole(field: str, what: str) -> int:
    if not _NUMBER.fullmatch(field) or int(field) < 0:
        raise FormatError(
            f"{what} {in_one_line(field, MAX_SHOWN)!r}; use a whole number of 0 to {LARGEST}"
        )
    return int(field)


def _values(name: str, fields: Sequence[str]) -> tuple[Value, ...]:
    if name in TEXT_TYPES:
        texts = tuple(_unescaped(field) for field in fields)
        if any(ord(sign) > 0xFF for text in texts for sign in text):
            raise FormatError(f"{name} has a character that Latin-1 lacks; leave it out")
        return texts
    numbers = fields[:1] if name == KEY_SIGNATURE else fields
    values: list[Value] = []
    for field in numbers:
        if not _NUMBER.fullmatch(field.strip()):
            shown = in_one_line(field, MAX_SHOWN)
            raise FormatError(f"{name} with {shown!r}; use whole numbers")
        values.append(int(field))
    return (*values, *(field.strip() for field in fields[len(numbers) :]))
