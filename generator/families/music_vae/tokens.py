"""What MusicVAE reads and writes: for each voice and step, an event.

An event is a rest, the note before going on, or a pitch that begins: so a held note and a repeated
one differ. What has *sounded* by then is read as another token, which says the pitch of a held note
too. A rest has an event of its own at each of its steps.

Conventions
-----------
Events are 0 for a rest, 1 for going on, 2.. for the pitches from `LOW` that begin. Heard tokens are
0 for nothing (before the beginning and after the end), 1 for a rest, then the pitches that are
held, then the pitches that begin. A pitch outside the vocabulary is read in a nearer octave.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generator.music.grid.chorale import REST, VOICE_RANGES, BoolArray, Chorale

IntArray = NDArray[np.int64]

SEGMENT = 32
"""Steps of a segment: two bars of 4/4."""
LOW = min(low for low, _ in VOICE_RANGES)
HIGH = max(high for _, high in VOICE_RANGES)
PITCHES = HIGH - LOW + 1
REST_EVENT, HOLD_EVENT, FIRST_EVENT = 0, 1, 2
EVENTS = FIRST_EVENT + PITCHES
NOTHING, REST_HEARD, FIRST_HELD = 0, 1, 2
FIRST_BEGUN = FIRST_HELD + PITCHES
HEARD = FIRST_BEGUN + PITCHES
PHASES = 64
"""Steps since the bar line that are told apart."""
NO_EVENT = -1
"""In a table of events: nothing is there, or nothing is given."""


def heard_tokens(chorale: Chorale) -> IntArray:
    """int64[4, T]: what sounds at each step, and whether it begins.

    Parameters
    ----------
    chorale : Chorale

    Examples
    --------
    >>> notes = Chorale([[60, 60, 60, -1]] * 4, [[1, 0, 1, 0]] * 4)
    >>> (heard_tokens(notes)[0] - np.array([FIRST_BEGUN, FIRST_HELD, FIRST_BEGUN, 0])).tolist()
    [27, 27, 27, 1]
    """
    pitch = folded(chorale.pitch)
    sounding = np.where(chorale.onset, FIRST_BEGUN, FIRST_HELD) + pitch - LOW
    return np.where(chorale.pitch == REST, REST_HEARD, sounding).astype(np.int64)


def folded(pitch: NDArray[np.int16]) -> IntArray:
    """Pitches in the vocabulary: those outside it in the nearest octave; rests mean nothing."""
    notes = pitch.astype(np.int64)
    notes = np.where(notes < LOW, LOW + (notes - LOW) % 12, notes)
    return np.where(notes > HIGH, HIGH - (HIGH - notes) % 12, notes)


def events_of(heard: IntArray) -> IntArray:
    """The events that lead to these heard tokens; `NO_EVENT` where nothing is."""
    events = np.where(heard >= FIRST_BEGUN, heard - FIRST_BEGUN + FIRST_EVENT, HOLD_EVENT)
    events = np.where(heard == REST_HEARD, REST_EVENT, events)
    return np.where(heard == NOTHING, NO_EVENT, events)


def next_heard() -> IntArray:
    """int64[HEARD, EVENTS]: what is heard after an event; a rest that goes on is a rest."""
    table = np.empty((HEARD, EVENTS), dtype=np.int64)
    table[:, REST_EVENT] = REST_HEARD
    table[:, FIRST_EVENT:] = FIRST_BEGUN + np.arange(PITCHES)
    before = np.arange(HEARD)
    table[:, HOLD_EVENT] = np.where(before >= FIRST_BEGUN, before - PITCHES, before)
    return table


def writable() -> BoolArray:
    """bool[4, HEARD, EVENTS]: what a voice may write after what is heard.

    It keeps to its range and never rests, and only a note can go on.
    """
    may = np.zeros((4, HEARD, EVENTS), dtype=np.bool_)
    for voice, (low, high) in enumerate(VOICE_RANGES):
        may[voice, :, FIRST_EVENT + low - LOW : FIRST_EVENT + high - LOW + 1] = True
        for first in (FIRST_HELD, FIRST_BEGUN):
            may[voice, first + low - LOW : first + high - LOW + 1, HOLD_EVENT] = True
    return may


def notes_of(heard: IntArray) -> tuple[NDArray[np.int16], BoolArray]:
    """Pitches and onsets of heard tokens; the inverse of `heard_tokens`."""
    pitch = LOW + (heard - FIRST_HELD) % PITCHES
    return np.where(heard < FIRST_HELD, REST, pitch).astype(np.int16), heard >= FIRST_BEGUN


def transposed(heard: IntArray, shift: int) -> IntArray:
    """Heard tokens moved by `shift` semitones, as far as `shifts_of` allows."""
    return np.where(heard >= FIRST_HELD, heard + shift, heard)


def shifts_of(heard: IntArray, low: int = -5, high: int = 6) -> range:
    """By how many semitones these tokens can be moved without a voice leaving its range.

    Parameters
    ----------
    heard : int64[4, S]
    low, high : int
        The furthest that they are moved at all.

    Returns
    -------
    range
        0 is among them, even if a voice is out of its range already.
    """
    pitch, _ = notes_of(heard)
    for voice, (bottom, top) in enumerate(VOICE_RANGES):
        sung = pitch[voice][pitch[voice] != REST]
        if sung.size:
            low, high = max(low, bottom - int(sung.min())), min(high, top - int(sung.max()))
    return range(min(low, 0), max(high, 0) + 1)


@dataclass(frozen=True)
class Segment:
    """Up to two bars as the network takes them.

    Parameters
    ----------
    heard : int64[4, 33]
        What is heard just before the segment, then its steps; `NOTHING` past the end.
    phase : int64[32]
        Steps since the bar line.
    """

    heard: IntArray
    phase: IntArray


def phases(chorale: Chorale) -> IntArray:
    """int64[T]: steps since the bar line, as the network takes them."""
    return np.minimum(chorale.bar_phase(), PHASES - 1).astype(np.int64)


def segment(heard: IntArray, phase: IntArray, start: int) -> Segment:
    """The segment that begins at a step, filled up with nothing past the end.

    Parameters
    ----------
    heard : int64[4, T]
    phase : int64[T]
    start : int
        From 0 up to, but not including, T.
    """
    steps = heard[:, start : start + SEGMENT]
    before = heard[:, start - 1 : start] if start else np.full((4, 1), NOTHING)
    rest = SEGMENT - steps.shape[1]
    filled = np.concatenate([before, steps, np.full((4, rest), NOTHING)], axis=1)
    own = phase[start : start + SEGMENT]
    return Segment(filled, np.concatenate([own, np.zeros(rest, dtype=np.int64)]))


def alone(each: Segment) -> Segment:
    """The segment with nothing before it: what is held over its beginning begins there."""
    heard = each.heard.copy()
    held = (heard[:, 1] >= FIRST_HELD) & (heard[:, 1] < FIRST_BEGUN)
    heard[:, 1] += PITCHES * held
    heard[:, 0] = NOTHING
    return Segment(heard, each.phase)


def segments(chorale: Chorale) -> list[Segment]:
    """A chorale in segments, from its beginning; the last one may be filled up."""
    heard, phase = heard_tokens(chorale), phases(chorale)
    return [segment(heard, phase, start) for start in range(0, chorale.steps, SEGMENT)]
