"""MIDI files read into parts on the grid; `midi.py` says what our own files carry."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction
from io import BytesIO

import mido
import numpy as np

from generator.music.formats.format_errors import FormatError
from generator.music.formats.score import MAX_FILE_STEPS, Note, Part, Score, beat_name, on_grid
from generator.music.grid.chorale import STEPS_PER_QUARTER, BoolArray, Metre
from generator.music.grid.spelling import note_name

OWN_FORMAT = "grid 1"
_PICKUP = re.compile(r"pickup (\d{1,4}) of (\d+/\d+)")
_BROKEN = (OSError, EOFError, ValueError, LookupError, TypeError, mido.KeySignatureError)


def midi_score(data: bytes, source: str) -> Score:
    """The parts of a MIDI file on the grid.

    Raises
    ------
    FormatError
        If it is not a MIDI file or has notes off the grid.
    """
    try:
        file = mido.MidiFile(file=BytesIO(data), clip=True)
    except _BROKEN as error:
        reason = str(error) or type(error).__name__
        raise FormatError(f"{source} is not a MIDI file that can be read: {reason}") from error
    if file.type not in (0, 1) or file.ticks_per_beat < 1:
        raise FormatError(f"{source} has no beats (SMPTE time or type 2); export it as type 1")
    contents = _MidiContents(Fraction(file.ticks_per_beat, STEPS_PER_QUARTER))
    for number, track in enumerate(file.tracks):
        contents.read_track(number, track)
    return contents.score()


@dataclass
class _MidiContents:
    """The contents of all tracks; times in ticks."""

    step_ticks: Fraction
    lines: dict[tuple[int, int], list[tuple[int, int, int]]] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    metres: list[tuple[int, str]] = field(default_factory=list)
    keys: list[tuple[int, str]] = field(default_factory=list)
    markers: list[tuple[int, str]] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    end: int = 0

    @property
    def is_own(self) -> bool:
        word, version = OWN_FORMAT.split()
        return self.texts.get(word) == version

    def read_track(self, number: int, track: mido.MidiTrack) -> None:
        now = 0
        begun: dict[tuple[int, int], int] = {}
        for message in track:
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
                self.markers.append((now, message.text))
            case "text":
                word, _, rest = _utf8(message.text).partition(" ")
                self.texts.setdefault(word, rest)

    def score(self) -> Score:
        parts = self._parts()
        steps = max((note.end for part in parts for note in part.notes), default=0)
        if self.is_own:
            steps = max(steps, self._step(self.end, "the file ends"))
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
            key=(self.is_own and self.texts.get("key")) or (min(self.keys)[1] if self.keys else ""),
            anacrusis=anacrusis,
            fermata=self._fermata(steps) if self.is_own else None,
            bwv=self.texts.get("bwv", "") if self.is_own else "",
            title=self.names.get(0, "") if self.is_own else "",
        )

    def _parts(self) -> tuple[Part, ...]:
        silent = {
            (number, -1): self.names[number] for number in self.names if number or not self.is_own
        }
        for number, _ in self.lines:
            silent.pop((number, -1), None)
        shared = [number for number, _ in self.lines]
        parts = {key: Part(name, ()) for key, name in silent.items()}
        for (number, channel), line in self.lines.items():
            name = self.names.get(number, "").strip() or f"track {number + 1}"
            if shared.count(number) > 1:
                name = f"{name} channel {channel + 1}"
            notes = [self._note(name, *note) for note in line]
            parts[number, channel] = Part(
                name, tuple(sorted(notes, key=lambda note: (note.start, note.end)))
            )
        return tuple(parts[key] for key in sorted(parts))

    def _note(self, name: str, start: int, end: int, pitch: int) -> Note:
        label = f"{name}: {note_name(pitch)}"
        note = Note(self._step(start, f"{label} begins"), self._step(end, f"{label} ends"), pitch)
        if note.end <= note.start:
            raise FormatError(
                f"{label} at beat {beat_name(note.start)} is shorter than a sixteenth; "
                "give it a length or delete it"
            )
        return note

    def _step(self, tick: int, event: str) -> int:
        step, remainder = divmod(tick * self.step_ticks.denominator, self.step_ticks.numerator)
        if not remainder:
            return step
        # One tick of rounding, but at most an eighth of a step and at least a sixtieth.
        tolerance = max(min(1 / self.step_ticks, Fraction(1, 8)), Fraction(1, 60))
        return on_grid(tick / self.step_ticks, float(tolerance), event)

    def _frame(self) -> tuple[Metre, int]:
        changes = {self._step(tick, f"metre {metre} begins"): metre for tick, metre in self.metres}
        changes.setdefault(0, "4/4")
        metre = sorted(changes.items())
        if self.is_own:
            for _, text in self.markers:
                if match := _PICKUP.fullmatch(text):
                    return _own_pickup(metre, int(match[1]), match[2])
            return tuple(metre), 0
        return _foreign_pickup(metre)

    def _fermata(self, steps: int) -> BoolArray:
        marks = np.zeros(steps, dtype=np.bool_)
        for tick, text in sorted(self.markers, key=lambda marker: marker[0]):
            if text in ("fermata", "fermata end"):
                marks[self._step(tick, f"marker {text!r} lies") :] = text == "fermata"
        return marks


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
