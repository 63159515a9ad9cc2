"""The contents of a MIDI file, or of another object with the same things in it; times in ticks."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from generator.music.formats.piano_text.midi_records import MidiRecord
from generator.music.formats.played.fitting import PlayedNote, Ticks
from generator.music.formats.played.pairing import Keyboard
from generator.music.formats.played.percussion import DRUM_CHANNEL
from generator.music.formats.score import Remark
from generator.music.grid.spelling import key_name

OWN_FORMAT = "grid 1"
_MOST_SHARPS = 7
_LARGEST_UNIT = 6
"""Of a metre, as a power of two: 64ths. The grid has none below sixteenths."""

Line = tuple[int, int]
"""Track, from 0, and channel, from 0."""


@dataclass
class MidiContents:
    """Notes, names and marks of all tracks.

    Attributes
    ----------
    step_ticks : Fraction
        Ticks in a sixteenth.
    lines : dict of Line to list of PlayedNote
        None is empty.
    names : dict of track to str
        Track 0 of our own files is the frame.
    instruments : dict of track to str
        What the track is called where it has no name.
    programs : dict of Line to int
        The first instrument, from 0.
    drums : set of Line
    metres, markers, texts, lyrics : list of (tick, str)
    keys : list of (tick, track, str)
    ends : dict of track to tick
    remarks : list of Remark
    """

    step_ticks: Fraction
    lines: dict[Line, list[PlayedNote]] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    instruments: dict[int, str] = field(default_factory=dict)
    programs: dict[Line, int] = field(default_factory=dict)
    drums: set[Line] = field(default_factory=set)
    metres: list[tuple[Ticks, str]] = field(default_factory=list)
    keys: list[tuple[Ticks, int, str]] = field(default_factory=list)
    markers: list[tuple[Ticks, str]] = field(default_factory=list)
    texts: list[tuple[Ticks, str]] = field(default_factory=list)
    lyrics: list[tuple[Ticks, str]] = field(default_factory=list)
    ends: dict[int, Ticks] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)

    @property
    def is_own(self) -> bool:
        return any(text == OWN_FORMAT for _, text in self.texts)

    @property
    def end(self) -> Ticks:
        """Where the last track ends."""
        return max(self.ends.values(), default=0)

    def read_track(self, number: int, records: list[MidiRecord]) -> None:
        keyboard = Keyboard()
        for record in records:
            keyboard.read(record)
            self._read_mark(number, record)
            self.ends[number] = record.tick
        for channel, notes in keyboard.notes().items():
            self.lines[number, channel] = notes
            if channel == DRUM_CHANNEL:
                self.drums.add((number, channel))

    def _read_mark(self, number: int, record: MidiRecord) -> None:
        values, now = record.values, record.tick
        match record.name:
            case "Title_t" if text := decoded(str(values[0])).strip("\0 "):
                self.names.setdefault(number, text)
            case "Instrument_name_t" if text := decoded(str(values[0])).strip("\0 "):
                self.instruments.setdefault(number, text)
            case "Program_c":
                self.programs.setdefault((number, int(values[0])), int(values[1]))
            case "Time_signature":
                unit = 1 << min(int(values[1]), _LARGEST_UNIT)
                self.metres.append((now, f"{values[0]}/{unit}"))
            case "Key_signature":
                self._read_key(number, now, int(values[0]), str(values[1]))
            case "Marker_t":
                self.markers.append((now, decoded(str(values[0]))))
            case "Text_t":
                self.texts.append((now, decoded(str(values[0]))))
            case "Lyric_t":
                self.lyrics.append((now, decoded(str(values[0]))))

    def _read_key(self, number: int, now: int, sharps: int, mode: str) -> None:
        if abs(sharps) <= _MOST_SHARPS:
            self.keys.append((now, number, key_name(sharps, mode)))
        else:
            text = f"a key signature of {abs(sharps)} sharps or flats is no key and is ignored"
            self.remarks.append(Remark("key", text))


def decoded(text: str) -> str:
    """Text of a record, which has a character for each byte: UTF-8, or what else it can be."""
    data = text.encode("latin-1", "replace")
    try:
        return data.decode()
    except UnicodeDecodeError:
        return text
