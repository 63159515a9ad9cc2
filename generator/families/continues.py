"""Families that go on from a beginning without end, and the door to them.

`continued` is to a stream what `Family.fill` is to a piece: it hides the name of the work from the
family, and checks each event before anybody hears it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import numpy as np

from generator.errors import GeneratorError
from generator.families.door import FillRefused
from generator.families.settings import Choices, Settings, Values, checked_values
from generator.music.grid.chorale import REST, VOICE_RANGES, VOICES, Chorale

MAX_EVENT_STEPS = 64
"""Sixteenths of the longest event: nobody holds a chord for longer than four bars."""
MAX_SILENCE = 64
"""Sixteenths of the longest silence of all four voices."""


@dataclass(frozen=True)
class ChordEvent:
    """Four voices for some steps.

    Attributes
    ----------
    step : int
        Where it begins: sixteenths since the end of the beginning.
    steps : int
    pitch : of S, A, T, B: MIDI numbers, or `REST`
    onset : of S, A, T, B: whether the voice begins a note; one that does not holds its note over
    """

    step: int
    steps: int
    pitch: tuple[int, ...]
    onset: tuple[bool, ...]


@runtime_checkable
class Continues(Protocol):
    """Goes on from a beginning, in bounded memory."""

    def continue_from(
        self, beginning: Chorale, *, seed: int, settings: Values
    ) -> Iterator[ChordEvent]:
        """Events one after the other, without end.

        Parameters
        ----------
        beginning : Chorale
            What has sounded so far. Rests alone say no more than the key and the metre.
        settings : all of them, with checked values
        """
        ...


def continued(
    family: object, beginning: Chorale, *, seed: int, settings: Choices | None = None
) -> Iterator[ChordEvent]:
    """What a family goes on with; it is asked for each event when the event is asked for.

    Raises
    ------
    ValueError
        If a setting does not exist or is out of bounds.
    FillRefused
        If the family cannot go on, and later if it fails, stops, or gives what is no event.
    """
    name = str(getattr(family, "name", type(family).__name__))
    if not isinstance(family, Continues):
        raise FillRefused(name, "cannot go on without end")
    known: Settings = getattr(family, "settings", {})
    values = checked_values(known, settings or {})
    nameless = replace(beginning, bwv="", title="")
    return _checked(name, family.continue_from(nameless, seed=seed, settings=values), nameless)


def _checked(name: str, events: Iterator[ChordEvent], beginning: Chorale) -> Iterator[ChordEvent]:
    sounds: tuple[int, ...] = tuple(beginning.pitch[:, -1].tolist())
    step = silent = 0
    while True:
        try:
            event = next(events, None)
        except GeneratorError:
            raise
        except Exception as error:  # a family is code of others, which may raise anything
            raise FillRefused(name, f"failed ({type(error).__name__}: {error})") from error
        if event is None:
            raise FillRefused(name, f"stopped after {step} steps")
        _check_event(name, event, step, sounds)
        silent = silent + event.steps if set(event.pitch) == {REST} else 0
        if silent > MAX_SILENCE:
            raise FillRefused(name, f"wrote nothing in {silent} steps")
        yield event
        step, sounds = step + event.steps, event.pitch


def _check_event(name: str, event: object, step: int, sounds: tuple[int, ...]) -> None:
    """Check that an event follows on the notes that sound before it."""
    if type(event) is not ChordEvent:
        raise FillRefused(name, f"gave {type(event).__name__}, not an event")
    whole = (event.step, event.steps, *event.pitch)
    if any(type(number) is not int for number in whole) or len(event.pitch) != 4:
        raise FillRefused(name, f"gave numbers that are not whole, or not four pitches: {event}")
    if len(event.onset) != 4 or any(type(begins) is not bool for begins in event.onset):
        raise FillRefused(name, f"gave onsets that are not four truth values: {event}")
    if event.step != step or not 1 <= event.steps <= MAX_EVENT_STEPS:
        raise FillRefused(
            name, f"gave {event.steps} steps from step {event.step}; step {step} was next"
        )
    for voice, pitch, (low, high) in zip(VOICES, event.pitch, VOICE_RANGES, strict=True):
        if pitch != REST and not low <= pitch <= high:
            raise FillRefused(name, f"gave voice {voice} pitch {pitch} at step {step}")
    onset = np.array([[pitch != REST for pitch in sounds], event.onset]).T
    try:
        Chorale(np.array([sounds, event.pitch]).T, onset)
    except ValueError as error:
        raise FillRefused(name, f"gave no notes at step {step}: {error}") from error
