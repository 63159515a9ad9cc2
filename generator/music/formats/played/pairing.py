"""Beginnings and ends of one key, paired into notes.

Of two notes of one pitch the first that began ends first. A note that begins where another ends is
a new note, in whatever order the two events stand in their tick.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from generator.music.formats.piano_text.midi_records import MidiRecord
from generator.music.formats.played.fitting import PlayedNote

_ALL_OFF = (120, 123)
"""Controllers: all sound off, all notes off."""


class KeyPress(NamedTuple):
    """A key that is struck or let go; `all_off` lets go of every note that sounds."""

    tick: int
    struck: bool
    all_off: bool = False


class Sounded(NamedTuple):
    """A note in ticks; `end` is None where it is never let go."""

    start: int
    end: int | None


class Keyboard:
    """The keys of all channels of one track."""

    def __init__(self) -> None:
        self._events: dict[tuple[int, int], list[KeyPress]] = {}
        self._sounding: set[tuple[int, int]] = set()

    def read(self, record: MidiRecord) -> None:
        match record.name, *record.values:
            case "Note_on_c" | "Note_off_c", int(channel), int(pitch), velocity:
                struck = record.name == "Note_on_c" and velocity != 0
                events = self._events.setdefault((channel, pitch), [])
                events.append(KeyPress(record.tick, struck))
                self._sounding.add((channel, pitch))
            case "Control_c", channel, control, _ if control in _ALL_OFF:
                ended = {key for key in self._sounding if key[0] == channel}
                self._sounding -= ended
                for key in ended:
                    self._events[key].append(KeyPress(record.tick, False, all_off=True))

    def notes(self) -> dict[int, list[PlayedNote]]:
        """The notes of each channel."""
        notes: dict[int, list[PlayedNote]] = {}
        for (channel, pitch), events in self._events.items():
            for start, end in paired(events):
                notes.setdefault(channel, []).append((start, end, pitch))
        return notes


def paired(events: Sequence[KeyPress]) -> list[Sounded]:
    """The notes of one key of one channel.

    Examples
    --------
    >>> on, off = (lambda tick: KeyPress(tick, True)), (lambda tick: KeyPress(tick, False))
    >>> [tuple(note) for note in paired([on(0), on(480), off(600), off(1440)])]
    [(0, 600), (480, 1440)]
    >>> [tuple(note) for note in paired([on(0), on(480), off(480), off(960)])]
    [(0, 480), (480, 960)]
    """
    notes, open_notes, last_end = _first_in_first_out(events)
    if all(start >= last_end for start in open_notes):
        return [*notes, *(Sounded(start, None) for start in open_notes)]
    # Some ends are missing: a note that is struck again ends there.
    return _struck_again(events)


def _first_in_first_out(events: Sequence[KeyPress]) -> tuple[list[Sounded], list[int], int]:
    """Notes, the beginnings of those that never end, and the last end."""
    notes: list[Sounded] = []
    begun: deque[int] = deque()
    last_end = 0
    # More ends than beginnings: some programs let every key go before they strike it.
    strays = sum(not event.struck for event in events) > sum(event.struck for event in events)
    for tick, group in groupby(events, key=lambda event: event.tick):
        here = list(group)
        ends = sum(not event.struck and not event.all_off for event in here)
        if any(event.all_off for event in here):
            ends = max(ends, len(begun))
        for _ in range(min(ends, len(begun))):
            notes.append(Sounded(begun.popleft(), tick))
            last_end = tick
            ends -= 1
        struck = sum(event.struck for event in here)
        # What is left ends a note that has no length.
        empty = min(ends, struck) if here[0].struck and not strays else 0
        notes += [Sounded(tick, tick)] * empty
        begun.extend([tick] * (struck - empty))
    return notes, list(begun), last_end


def _struck_again(events: Sequence[KeyPress]) -> list[Sounded]:
    notes: list[Sounded] = []
    start: int | None = None
    for tick, group in groupby(events, key=lambda event: event.tick):
        here = list(group)
        if start is not None and start < tick:
            notes.append(Sounded(start, tick))
            start = None
        if any(event.struck for event in here):
            start = tick
    return notes if start is None else [*notes, Sounded(start, None)]
