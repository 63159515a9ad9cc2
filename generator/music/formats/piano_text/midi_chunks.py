"""Records read from the bytes of a MIDI file, and written to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from generator.music.formats.format_errors import FormatError
from generator.music.formats.piano_text.midi_records import (
    BYTES_STATUS,
    CHANNEL_FIELDS,
    END_TRACK,
    KEY_MODES,
    KEY_SIGNATURE,
    KEY_TYPE,
    MAX_TICK,
    META_FIELDS,
    SEQUENCER,
    SEQUENCER_TYPE,
    TEXT_TYPES,
    UNKNOWN_META,
    MidiRecord,
    MidiRecords,
    Value,
    check_values,
)

META = 0xFF
_FIRST_OTHER_STATUS = 0xF0
_TEXTS = {kind: name for name, kind in TEXT_TYPES.items()}
_METAS = {kind: name for name, (kind, _, _) in META_FIELDS.items()}
_CHANNELS = {status: name for name, (status, _) in CHANNEL_FIELDS.items()}
_BYTES = {status: name for name, status in BYTES_STATUS.items()}
_BEND = "Pitch_bend_c"


def read_records(data: bytes) -> MidiRecords:
    """The records of a MIDI file.

    Raises
    ------
    FormatError
        If it is not a MIDI file, or breaks off; the message names the place.
    """
    if data[:4] != b"MThd" or len(data) < 14:
        raise FormatError("it is not a MIDI file: it does not begin with MThd; give a .mid file")
    length = int.from_bytes(data[4:8], "big")
    kind, tracks = (int.from_bytes(data[at : at + 2], "big") for at in (8, 10))
    division = int.from_bytes(data[12:14], "big", signed=True)
    if kind > 2:
        raise FormatError(f"a MIDI file of type {kind}; use type 0, 1 or 2")
    if not tracks:
        raise FormatError("the MIDI file has no track; give a file with music")
    at, records, found = 8 + length, list[MidiRecord](), 0
    while at < len(data) and found < tracks:
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "big")
        body = data[at + 8 : at + 8 + size]
        if len(body) < size or len(data) < at + 8:
            raise FormatError(f"the MIDI file breaks off in byte {len(data)}; get a whole copy")
        if name == b"MTrk":  # others are of programs, and are skipped
            found += 1
            records += TrackReader(found, body).records()
        at += 8 + size
    if found < tracks:
        raise FormatError(f"the MIDI file has {found} of {tracks} tracks; get a whole copy")
    return MidiRecords(kind, tracks, division, tuple(records))


def write_records(midi: MidiRecords) -> bytes:
    """The MIDI file of these records."""
    header = (midi.kind, midi.tracks, midi.division % 0x10000)
    out = [b"MThd", (6).to_bytes(4, "big"), *(number.to_bytes(2, "big") for number in header)]
    for _, records in groupby(midi.records, key=lambda record: record.track):
        body, now, status = bytearray(), 0, 0
        for record in records:
            event = _event_bytes(record)
            body += _varying(record.tick - now)
            # An event of the same kind and channel as the one before needs no status.
            body += event[1:] if event[0] == status < _FIRST_OTHER_STATUS else event
            now, status = record.tick, event[0]
        out += [b"MTrk", len(body).to_bytes(4, "big"), bytes(body)]
    return b"".join(out)


class TrackReader:
    """Reads the bytes of one track from the first to the last.

    `must_end` is false for a track that may lack the event that ends it.
    """

    def __init__(self, track: int, data: bytes, *, must_end: bool = True) -> None:
        self.track = track
        self.data = data
        self.must_end = must_end
        self.breaks_off = False
        self.at = 0
        self.status = 0
        """Of the last event of a channel; events of other kinds do not change it."""

    def records(self) -> Iterator[MidiRecord]:
        now, name = 0, ""
        while name != END_TRACK and (self.must_end or self.at < len(self.data)):
            now += self._number()
            if now > MAX_TICK:
                raise self._error(f"lasts more than {MAX_TICK:,} ticks")
            name, values = self._event()
            try:
                check_values(name, values)
            except FormatError as error:
                raise self._error(f"has an event that cannot be: {error}") from error
            yield MidiRecord(self.track, now, name, values)

    def _event(self) -> tuple[str, tuple[Value, ...]]:
        status = self._byte() if self._peek() & 0x80 else self.status
        if status < _FIRST_OTHER_STATUS:
            self.status = status
        if status == META:
            return self._meta(self._byte())
        if status in _BYTES:
            data = self._bytes(self._number())
            return _BYTES[status], (len(data), *data)
        name = _CHANNELS.get(status & 0xF0)
        if name is None:
            raise self._error(f"has the status byte {status}, which no file may hold")
        first = self._byte()
        second = [self._byte()] if len(CHANNEL_FIELDS[name][1]) == 3 or name == _BEND else []
        values = [first | second.pop() << 7] if name == _BEND else [first, *second]
        return name, (status & 0x0F, *values)

    def _meta(self, kind: int) -> tuple[str, tuple[Value, ...]]:
        """An event as midicsv prints it: bytes after those that it needs are left out."""
        data = self._bytes(self._number())
        if kind in _TEXTS:
            return _TEXTS[kind], (data.decode("latin-1"),)
        if kind == KEY_TYPE and len(data) >= 2:
            return KEY_SIGNATURE, (data[0] - (256 if data[0] > 127 else 0), KEY_MODES[data[1] > 0])
        if kind == SEQUENCER_TYPE:
            return SEQUENCER, (len(data), *data)
        if kind in _METAS and len(data) >= sum(META_FIELDS[_METAS[kind]][1]):
            name, numbers, at = _METAS[kind], list[int](), 0
            for size in META_FIELDS[name][1]:
                numbers.append(int.from_bytes(data[at : at + size], "big"))
                at += size
            return name, tuple(numbers)
        return UNKNOWN_META, (kind, len(data), *data)

    def _number(self) -> int:
        """A number of up to four bytes; the last one is below 128."""
        number = 0
        for _ in range(4):
            byte = self._byte()
            number = number << 7 | byte & 0x7F
            if byte < 0x80:
                return number
        raise self._error("has a number that never ends")

    def _peek(self) -> int:
        if self.at >= len(self.data):
            raise self._broken()
        return self.data[self.at]

    def _byte(self) -> int:
        byte = self._peek()
        self.at += 1
        return byte

    def _bytes(self, length: int) -> bytes:
        if self.at + length > len(self.data):
            raise self._broken()
        self.at += length
        return self.data[self.at - length : self.at]

    def _broken(self) -> FormatError:
        self.breaks_off = True
        return self._error("breaks off before its end")

    def _error(self, what: str) -> FormatError:
        return FormatError(f"track {self.track} {what} (byte {self.at} of it); get a whole copy")


def _event_bytes(record: MidiRecord) -> bytes:
    name, values = record.name, record.values
    if name in CHANNEL_FIELDS:
        channel, first, *rest = (int(value) for value in values)
        data = [first & 0x7F, first >> 7] if name == _BEND else [first, *rest]
        return bytes([CHANNEL_FIELDS[name][0] | channel, *data])
    if name in BYTES_STATUS:
        return bytes([BYTES_STATUS[name]]) + _varying(len(values) - 1) + _all_bytes(values[1:])
    if name in TEXT_TYPES:
        return _meta_bytes(TEXT_TYPES[name], str(values[0]).encode("latin-1"))
    if name == KEY_SIGNATURE:
        return _meta_bytes(KEY_TYPE, bytes([int(values[0]) % 256, KEY_MODES.index(str(values[1]))]))
    if name == SEQUENCER:
        return _meta_bytes(SEQUENCER_TYPE, _all_bytes(values[1:]))
    if name == UNKNOWN_META:
        return _meta_bytes(int(values[0]), _all_bytes(values[2:]))
    kind, sizes, _ = META_FIELDS[name]
    numbers = zip(values, sizes, strict=True)
    return _meta_bytes(kind, b"".join(int(value).to_bytes(size, "big") for value, size in numbers))


def _meta_bytes(kind: int, data: bytes) -> bytes:
    return bytes([META, kind]) + _varying(len(data)) + data


def _all_bytes(values: Sequence[Value]) -> bytes:
    return bytes(int(value) for value in values)


def _varying(number: int) -> bytes:
    """A number in as many bytes as it needs, seven bits in each."""
    data = [number & 0x7F]
    while number := number >> 7:
        data.append(number & 0x7F | 0x80)
    return bytes(reversed(data))
