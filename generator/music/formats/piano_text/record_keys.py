"""From records of a MIDI file to the keys of a piano on the grid, and back.

All tracks and channels are heard as one piano, but for the drums (channel 9, counted from 0). A
step is a sixteenth, so a quarter of the file's division. Back, there is one track; tempo, velocity
and instrument of a piece do not stand in its keys, and are always the same.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from fractions import Fraction

import numpy as np

from generator.music.formats.format_errors import FormatError
from generator.music.formats.piano_text.key_text import MAX_TEXT_STEPS
from generator.music.formats.piano_text.midi_records import END_TRACK, MidiRecord, MidiRecords
from generator.music.grid.chorale import STEPS_PER_QUARTER, BoolArray
from generator.music.grid.tempo import BEATS_PER_MINUTE
from generator.music.grid.voice_assignment import KEYS

DRUMS = 9
DIVISION = 480
STEP_TICKS = DIVISION // STEPS_PER_QUARTER
VELOCITY = 80
PIANO = 0
NOTE_ON, NOTE_OFF = "Note_on_c", "Note_off_c"

Span = tuple[MidiRecord, MidiRecord]
"""The records at which a note begins and ends."""


def records_to_keys(midi: MidiRecords, *, nearest: bool = False) -> tuple[BoolArray, BoolArray]:
    """The keys that sound at each step, and those that begin there: bool[T, 128] each.

    Notes on one key of a channel may overlap: the key sounds while one of them is open, each
    strikes it, and an end is that of the oldest. A note without an end lasts as long as its track.
    The piece lasts as long as its longest track.

    Parameters
    ----------
    midi : MidiRecords
    nearest : bool
        Whether notes off the grid go to the nearest step, and last one at least.

    Raises
    ------
    FormatError
        If there are no notes, a note is off the grid, it is a file of several pieces, or its times
        are in seconds.
    """
    if midi.division <= 0:
        raise FormatError(
            f"division {midi.division}: the times are in seconds, not beats; export the file with "
            "ticks of a beat"
        )
    if midi.kind == 2:
        raise FormatError("the file has several pieces (format 2); give one piece")
    grid = _Grid(Fraction(midi.division, STEPS_PER_QUARTER), nearest)
    spans = [(grid.note(begin, end), int(begin.values[1])) for begin, end in _notes(midi.records)]
    if not spans:
        raise FormatError(f"there are no notes; give a file with {NOTE_ON}")
    last = max(record.tick for record in midi.records)
    steps = max(grid.end(last), max(end for (_, end), _ in spans))
    if steps > MAX_TEXT_STEPS:
        raise FormatError(f"the piece lasts {steps:,} sixteenths; use {MAX_TEXT_STEPS:,} at most")
    sounding = np.zeros((steps, KEYS), dtype=np.bool_)
    struck = np.zeros_like(sounding)
    for (start, end), key in spans:
        sounding[start:end, key] = True
        struck[start, key] = True
    return sounding, struck


def keys_to_records(sounding: BoolArray, struck: BoolArray) -> MidiRecords:
    """One track with the notes of these keys, at the standard tempo.

    Parameters
    ----------
    sounding, struck : bool[T, 128]
    """
    steps = len(sounding)
    before = np.zeros_like(sounding)
    before[1:] = sounding[:-1]
    begins = sounding & (struck | ~before)
    ends = np.zeros((steps + 1, KEYS), dtype=np.bool_)
    ends[:steps] = before & (~sounding | struck)
    ends[steps] = sounding[-1]
    notes: list[tuple[int, str, int, int]] = []
    for step, key in np.argwhere(ends).tolist():
        notes.append((step, NOTE_OFF, key, 0))
    for step, key in np.argwhere(begins).tolist():
        notes.append((step, NOTE_ON, key, VELOCITY))
    frame = [
        MidiRecord(1, 0, "Tempo", (round(60e6 / BEATS_PER_MINUTE),)),
        MidiRecord(1, 0, "Program_c", (0, PIANO)),
    ]
    played = [
        MidiRecord(1, step * STEP_TICKS, name, (0, key, velocity))
        for step, name, key, velocity in sorted(notes)  # at each step, ends come first
    ]
    end = MidiRecord(1, steps * STEP_TICKS, END_TRACK)
    return MidiRecords(0, 1, DIVISION, (*frame, *played, end))


def transposed_keys(keys: BoolArray, semitones: int) -> BoolArray:
    """The keys so many semitones higher.

    Raises
    ------
    FormatError
        If one of them would leave the 128 keys of MIDI.

    Examples
    --------
    >>> transposed_keys(np.eye(128, dtype=bool)[[60]], -2)[0].nonzero()[0].tolist()
    [58]
    """
    used: list[int] = np.flatnonzero(keys.any(axis=0)).tolist()
    if not used:
        return keys.copy()
    if not (used[0] + semitones >= 0 and used[-1] + semitones < KEYS):
        raise FormatError(
            f"keys {used[0]} to {used[-1]} cannot be transposed by {semitones} semitones; keys are "
            f"0 to {KEYS - 1}"
        )
    return np.roll(keys, semitones, axis=1)


def _notes(records: Iterable[MidiRecord]) -> Iterator[Span]:
    # A program may write the next note's begin before the end of the one before, and two voices of
    # a channel may sing one key. So each key of a channel has a queue of open notes.
    begun: defaultdict[tuple[int, ...], deque[MidiRecord]] = defaultdict(deque)
    for record in records:
        if record.name in (NOTE_ON, NOTE_OFF) and record.values[0] != DRUMS:
            opened = begun[record.track, int(record.values[0]), int(record.values[1])]
            if record.name == NOTE_ON and record.values[2] != 0:
                opened.append(record)
            elif opened:
                yield opened.popleft(), record
        elif record.name == END_TRACK:
            for opened in begun.values():
                for start in opened:
                    yield start, record
            begun.clear()


class _Grid:
    """Steps of a sixteenth over ticks."""

    def __init__(self, step_ticks: Fraction, nearest: bool) -> None:
        self.step_ticks = step_ticks
        self._ticks, self._parts = step_ticks.numerator, step_ticks.denominator
        self.nearest = nearest
        # A file may round by a tick, but no more than an eighth of a step.
        self.tolerance = min(1 / step_ticks, Fraction(1, 8))

    def note(self, begin: MidiRecord, end: MidiRecord) -> tuple[int, int]:
        """The first step of a note, and the one after its last."""
        start, stop = self._step(begin), self._step(end)
        if stop > start:
            return start, stop
        if not self.nearest:
            raise FormatError(
                f"{_place(begin)}note {begin.values[1]} at tick {begin.tick} is shorter than a "
                "sixteenth; make it longer, or use --nearest"
            )
        return start, start + 1

    def end(self, tick: int) -> int:
        """The steps of a piece that lasts until a tick; one that has begun counts whole."""
        exact = tick / self.step_ticks
        step = round(exact)
        return step if self.nearest or abs(exact - step) <= self.tolerance else math.ceil(exact)

    def _step(self, record: MidiRecord) -> int:
        step, remainder = divmod(record.tick * self._parts, self._ticks)
        if not remainder:
            return step
        exact = record.tick / self.step_ticks
        step = round(exact)
        if not self.nearest and abs(exact - step) > self.tolerance:
            raise FormatError(
                f"{_place(record)}{record.name} at tick {record.tick} is not on a sixteenth "
                f"({self.step_ticks} ticks); quantise the file, or use --nearest"
            )
        return step


def _place(record: MidiRecord) -> str:
    return f"line {record.line}: " if record.line else f"track {record.track}: "
