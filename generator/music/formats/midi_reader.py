"""MIDI files read into parts on the grid; `midi.py` says what our own files carry."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction
from io import BytesIO

import mido
import numpy as np

from generator.music.formats.format_errors import FormatError
from generator.music.formats.score import (
    MAX_FILE_STEPS,
    Note,
    Part,
    Score,
    beat_name,
    on_grid,
    parts_by_name,
)
from generator.music.grid.chorale import STEPS_PER_QUARTER, VOICE_NAMES, BoolArray, Metre
from generator.music.grid.spelling import enharmonic_keys, note_name

Ticks = int | Fraction

OWN_FORMAT = "grid 1"
MAX_MIDI_BYTES = 500_000
"""A chorale as long as the grid may be, with a note on every step, takes less; ours take 5,000."""
MAX_TRACKS = 100
MAX_NAME = 60
"""Characters of a track's name, of which messages speak."""
MAX_TICKS = 1 << 28
"""Between two events; the format has no more."""
# A number of a MIDI file has 4 bytes; one that never ends would be added up for hours.
_ENDLESS = re.compile(rb"[\x80-\xff]{300}")
_MARK = re.compile(r"fermata|fermata end|pickup .*")
_PICKUP = re.compile(r"pickup (\d{1,4}) of (\d+/\d+)")
_BROKEN = (OSError, EOFError, ValueError, LookupError, TypeError, mido.KeySignatureError)


def midi_score(data: bytes, source: str) -> Score:
    """The parts of a MIDI file on the grid.

    Raises
    ------
    FormatError
        If it is not a MIDI file or has notes off the grid.
    """
    _check_size(data, source)
    try:
        file = mido.MidiFile(file=BytesIO(data), clip=True)
    except _BROKEN as error:
        reason = str(error) or type(error).__name__
        raise FormatError(f"{source} is not a MIDI file that can be read: {reason}") from error
    if file.type not in (0, 1) or file.ticks_per_beat < 1:
        raise FormatError(f"{source} has no beats (SMPTE time or type 2); export it as type 1")
    contents = MidiContents(Fraction(file.ticks_per_beat, STEPS_PER_QUARTER))
    for number, track in enumerate(file.tracks):
        contents.read_track(number, track)
    return contents.score()


def _check_size(data: bytes, source: str) -> None:
    """Refuse what would take long: each event becomes an object."""
    if len(data) > MAX_MIDI_BYTES:
        raise FormatError(
            f"{source} has {len(data):,} bytes; a MIDI file of one piece has at most "
            f"{MAX_MIDI_BYTES:,}"
        )
    if (tracks := int.from_bytes(data[10:12], "big")) > MAX_TRACKS:
        raise FormatError(
            f"{source} has {tracks:,} tracks; put each of four voices into its own, at most "
            f"{MAX_TRACKS} are read"
        )
    if _ENDLESS.search(data):
        raise FormatError(
            f"{source} is not a MIDI file that can be read: a number or text never ends"
        )


@dataclass
class MidiContents:
    """The contents of all tracks; times in ticks.

    Attributes
    ----------
    step_ticks : Fraction
        Ticks in a sixteenth.
    lines : dict of (track, channel) to list of (start, end, pitch)
    names : dict of track to str
        Track 0 of our own files is the frame.
    metres, keys, markers, texts : list of (tick, str)
    end : int or Fraction
        Where the last track ends.
    """

    step_ticks: Fraction
    lines: dict[tuple[int, int], list[tuple[Ticks, Ticks, int]]] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    metres: list[tuple[Ticks, str]] = field(default_factory=list)
    keys: list[tuple[Ticks, str]] = field(default_factory=list)
    markers: list[tuple[Ticks, str]] = field(default_factory=list)
    texts: list[tuple[Ticks, str]] = field(default_factory=list)
    end: Ticks = 0

    @property
    def is_own(self) -> bool:
        return any(text == OWN_FORMAT for _, text in self.texts)

    def read_track(self, number: int, track: mido.MidiTrack) -> None:
        now = 0
        begun: dict[tuple[int, int], int] = {}
        for message in track:
            if message.time >= MAX_TICKS:
                raise FormatError(
                    f"track {number + 1} waits {MAX_TICKS:,} ticks or more; no MIDI file can"
                )
            now += message.time
            if message.type in ("note_on", "note_off"):
                # A note that is struck again before it ended ends here.
                start = begun.pop((message.channel, message.note), None)
                if start is not None:
                    line = self.lines.setdefault((number, message.channel), [])
                    line.append((start, now, message.note))
                if message.type == "note_on" and message.velocity > 0:
                    begun[message.channel, message.note] = now
            elif message.is_meta:
                self._read_meta(number, message, now)
        for (channel, pitch), start in begun.items():
            self.lines.setdefault((number, channel), []).append((start, now, pitch))
        self.end = max(self.end, now)

    def _read_meta(self, number: int, message: mido.MetaMessage, now: int) -> None:
        match message.type:
            case "track_name":
                self.names.setdefault(number, _utf8(message.name))
            case "time_signature":
                self.metres.append((now, f"{message.numerator}/{message.denominator}"))
            case "key_signature":
                tonic = message.key.removesuffix("m")
                self.keys.append((now, f"{tonic} {'major' if tonic == message.key else 'minor'}"))
            case "marker":
                self.markers.append((now, _utf8(message.text)))
            case "text":
                self.texts.append((now, _utf8(message.text)))

    def score(self) -> Score:
        parts = self._parts()
        steps = max((note.end for part in parts for note in part.notes), default=0)
        if self.is_own:
            steps = max(steps, self._own_end())
        if steps > MAX_FILE_STEPS:
            raise FormatError(
                f"the file lasts {steps} sixteenths, more than {MAX_FILE_STEPS}; "
                "give a single chorale"
            )
        metre, anacrusis = self._frame()
        return Score(
            parts=parts,
            steps=steps,
            metre=metre,
            key=self._key(),
            anacrusis=anacrusis,
            fermata=self._fermata(steps) if self.is_own else None,
            bwv=self._own_text("bwv"),
            title=(self.is_own and self.names.get(0)) or self._own_text("title"),
        )

    def _own_text(self, word: str) -> str:
        """The rest of our own file's first text that begins with a word; empty without one."""
        texts = [text for _, text in self.texts if text.startswith(f"{word} ")]
        return texts[0].removeprefix(f"{word} ") if self.is_own and texts else ""

    def _own_end(self) -> int:
        ends = [tick for tick, text in self.texts if text == "end"]
        return self._step(max(ends, default=self.end), "the file ends")

    def _own_marks(self) -> list[tuple[Ticks, str]]:
        """Fermatas and the pickup: the markers, or the texts where a program dropped those."""
        markers = [(tick, text) for tick, text in self.markers if _MARK.fullmatch(text)]
        return markers or [(tick, text) for tick, text in self.texts if _MARK.fullmatch(text)]

    def _key(self) -> str:
        """The signature's key, in the spelling of our own text if that is the same key."""
        text, signed = self._own_text("key"), min(self.keys)[1] if self.keys else ""
        return text if not signed or text in enharmonic_keys(signed) else signed

    def _parts(self) -> tuple[Part, ...]:
        silent = {
            (number, -1): self.names[number] for number in self.names if number or not self.is_own
        }
        for number, _ in self.lines:
            silent.pop((number, -1), None)
        shared = [number for number, _ in self.lines]
        parts = {key: Part(name, ()) for key, name in silent.items()}
        for (number, channel), line in self.lines.items():
            name = self.names.get(number, "").strip()[:MAX_NAME] or f"track {number + 1}"
            if shared.count(number) > 1:
                name = f"{name} channel {channel + 1}"
            notes = [self._note(name, *note) for note in line]
            parts[number, channel] = Part(
                name, tuple(sorted(notes, key=lambda note: (note.start, note.end)))
            )
        ordered = tuple(parts[key] for key in sorted(parts))
        return _with_silent_voices(ordered) if self.is_own else ordered

    def _note(self, name: str, start: Ticks, end: Ticks, pitch: int) -> Note:
        label = f"{name}: {note_name(pitch)}"
        note = Note(self._step(start, f"{label} begins"), self._step(end, f"{label} ends"), pitch)
        if note.end <= note.start:
            raise FormatError(
                f"{label} at beat {beat_name(note.start)} is shorter than a sixteenth; "
                "give it a length or delete it"
            )
        return note

    def _step(self, tick: Ticks, event: str) -> int:
        step, remainder = divmod(tick * self.step_ticks.denominator, self.step_ticks.numerator)
        if not remainder:
            return int(step)
        # One tick of rounding, but at most an eighth of a step and at least a sixtieth.
        tolerance = max(min(1 / self.step_ticks, Fraction(1, 8)), Fraction(1, 60))
        return on_grid(tick / self.step_ticks, float(tolerance), event)

    def _frame(self) -> tuple[Metre, int]:
        changes = {self._step(tick, f"metre {metre} begins"): metre for tick, metre in self.metres}
        changes.setdefault(0, "4/4")
        metre = sorted(changes.items())
        if self.is_own:
            for _, text in self._own_marks():
                if match := _PICKUP.fullmatch(text):
                    return _own_pickup(metre, int(match[1]), match[2])
            return tuple(metre), 0
        return _foreign_pickup(metre)

    def _fermata(self, steps: int) -> BoolArray:
        marks = np.zeros(steps, dtype=np.bool_)
        for tick, text in sorted(self._own_marks(), key=lambda mark: mark[0]):
            if text.startswith("fermata"):
                marks[self._step(tick, f"{text!r} lies") :] = text == "fermata"
        return marks


def _with_silent_voices(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """pretty_midi drops tracks without notes; in our own files, a voice without a track rests."""
    named = parts_by_name(parts)
    if any(part.notes and part not in named.values() for part in parts):
        return parts
    lacking = [name for voice, name in enumerate(VOICE_NAMES) if voice not in named]
    return (*parts, *(Part(name, ()) for name in lacking))


def _own_pickup(metre: list[tuple[int, str]], pickup: int, first: str) -> tuple[Metre, int]:
    rest = metre[1:]
    if metre[0][1] != first and (pickup, first) in rest:
        rest.remove((pickup, first))
    return ((0, first), *rest), pickup


def _foreign_pickup(metre: list[tuple[int, str]]) -> tuple[Metre, int]:
    """Notation programs export a pickup as a first bar in a shorter metre."""
    if len(metre) > 1:
        bar, (change, name) = _sixteenths(metre[0][1]), metre[1]
        if change == bar < _sixteenths(name):
            return ((0, name), *metre[2:]), change
    return tuple(metre), 0


def _sixteenths(metre: str) -> Fraction:
    return Fraction(metre) * 16


def _utf8(text: str) -> str:
    """mido reads Latin-1; most programs, and we, write UTF-8."""
    return text.encode("latin-1", "replace").decode("utf-8", "replace")
