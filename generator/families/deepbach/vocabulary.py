"""DeepBach's symbols: in each voice its pitches, a hold, a rest, and padding around the piece.

The symbols of a voice are numbered: the pitches of its range from the lowest to the highest, then
hold, rest and padding. So a symbol's number depends on nothing but the range. In the published code
it is the place of a note's name in a Python set, which changes with the hash seed of the process.

A hold continues the note before it and cannot follow a rest or begin a piece. A rest is written on
each of its steps. A repeated note is its pitch again, so repeats and held notes differ.

Legend: V a voice, T steps, W steps of context on each side, C classes that can be written.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from generator.music.grid.chorale import (
    REST,
    STEPS_PER_QUARTER,
    VOICE_RANGES,
    BoolArray,
    Chorale,
)
from generator.music.grid.keys import tonic_class

PITCHES = tuple(high - low + 1 for low, high in VOICE_RANGES)
HOLD = PITCHES
"""The number of the hold in each voice; the rest and the padding follow."""
REST_TOKEN = tuple(count + 1 for count in PITCHES)
PADDING = tuple(count + 2 for count in PITCHES)
FRAME_SIZES = {"fermata": 2, "tick": STEPS_PER_QUARTER, "signature": 12, "bar": 64}
"""Values of each input about a step; one more stands for padding."""

_LOW = np.array([[low] for low, _ in VOICE_RANGES])
_HIGH = np.array([[high] for _, high in VOICE_RANGES])
_HOLD, _REST, _PADDING = (np.array(each)[:, None] for each in (HOLD, REST_TOKEN, PADDING))


def sorted_pitches() -> NDArray[np.int16]:
    """int16[P]: the pitches of all voices in the order of their symbols, soprano first."""
    return np.concatenate([np.arange(low, high + 1) for low, high in VOICE_RANGES]).astype(np.int16)


def encode(chorale: Chorale) -> NDArray[np.int64]:
    """int64[4, T]: the symbol of each cell.

    A pitch out of its voice's range is read in the nearest octave inside.
    """
    pitch = chorale.pitch.astype(np.int64)
    pitch = np.where(pitch < _LOW, _LOW + (pitch - _LOW) % 12, pitch)
    pitch = np.where(pitch > _HIGH, _HIGH - (_HIGH - pitch) % 12, pitch)
    tokens = np.where(chorale.onset, pitch - _LOW, _HOLD)
    return np.where(chorale.pitch == REST, _REST, tokens)


def decode(tokens: NDArray[np.int64]) -> tuple[NDArray[np.int16], BoolArray]:
    """Pitches and onsets [4, T]; a hold that continues nothing is a rest."""
    steps = np.arange(tokens.shape[1])
    pitched, resting = tokens < _HOLD, tokens == _REST
    struck = np.maximum.accumulate(np.where(pitched, steps, -1), axis=1)
    silent = np.maximum.accumulate(np.where(resting, steps, -1), axis=1)
    pitch = np.take_along_axis(tokens, np.maximum(struck, 0), axis=1) + _LOW
    pitch = np.where(struck > silent, pitch, REST)
    return pitch.astype(np.int16), pitched


def transposed(tokens: NDArray[np.int64], semitones: int) -> NDArray[np.int64]:
    """Symbols moved by `semitones`, which must be among `shifts_inside` of them."""
    return np.where(tokens < _HOLD, tokens + semitones, tokens)


def shifts_inside(tokens: NDArray[np.int64], low: int, high: int) -> range:
    """The transpositions from `low` to `high` that leave every voice in its range.

    Parameters
    ----------
    tokens : int64[4, T]
    """
    pitched = tokens < _HOLD
    lowest = np.where(pitched, tokens, _HOLD).min(axis=1)
    highest = np.where(pitched, tokens, -1).max(axis=1)
    room = np.where(highest < 0, high, np.array(HOLD) - 1 - highest)
    return range(max(low, -int(lowest.min())), min(high, int(room.min())) + 1)


def frame_rows(chorale: Chorale, *, bar: bool) -> NDArray[np.int64]:
    """int64[K, T]: fermata, place in the beat, key signature and, if asked for, place in the bar.

    The signature is the pitch class of the major key that has it. Beats are counted from bar lines,
    so a piece may begin within a beat.
    """
    phase = chorale.bar_phase().astype(np.int64)
    rows = [
        chorale.fermata.astype(np.int64),
        phase % STEPS_PER_QUARTER,
        np.full(chorale.steps, signature(chorale.key)),
    ]
    if bar:
        rows.append(np.minimum(phase, FRAME_SIZES["bar"] - 1))
    return np.stack(rows)


def signature(key: str) -> int:
    """The tonic of the major key with this key's signature.

    Examples
    --------
    >>> signature("A minor"), signature("G major")
    (0, 7)
    """
    return (tonic_class(key) + (3 if key.endswith("minor") else 0)) % 12


def padded(rows: NDArray[np.int64], values: NDArray[np.int64], width: int) -> NDArray[np.int64]:
    """int64[R, width + T + width]: rows with their own padding values around them."""
    edge = np.repeat(values[:, None], width, axis=1)
    return np.concatenate([edge, rows, edge], axis=1)


def padded_piece(
    tokens: NDArray[np.int64], frame: NDArray[np.int64], width: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Symbols [4, T + 2 width] and frame [K, T + 2 width] of a piece between paddings."""
    outside = np.array(list(FRAME_SIZES.values())[: len(frame)])
    return padded(tokens, _PADDING[:, 0], width), padded(frame, outside, width)


def writable(chorale: Chorale, given: BoolArray) -> list[BoolArray]:
    """bool[T, C] for each voice: the symbols that each step may be written with.

    No written voice rests. No hold begins the piece or follows a given rest or a given note beyond
    the range: whatever is drawn elsewhere, every chain of holds leads back to a note of the range.
    """
    unheld = (chorale.pitch < _LOW) | (chorale.pitch > _HIGH)  # among them the rests
    tables = []
    for voice, hold in enumerate(HOLD):
        allowed = np.ones((chorale.steps, hold + 2), dtype=np.bool_)
        allowed[:, REST_TOKEN[voice]] = False
        allowed[0, hold] = False
        allowed[1:, hold] = ~(given[voice, :-1] & unheld[voice, :-1])
        tables.append(allowed)
    return tables
