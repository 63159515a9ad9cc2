"""The chorale as a piano roll, and what each key of it sees: the inputs of the network.

Conventions
-----------
A roll is bool[T, N, 2]: whether a key sounds at a step, and whether a note begins on it there
(`PLAYS`, `BEGINS`). The N keys rise from the MIDI pitch `lowest`. Voices on one key share it: it
begins a note where one of them does. Nothing beyond the roll exists: a key at its edge has silence
for neighbours, never the keys of the other edge.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from generator.music.grid.chorale import BoolArray, Chorale

Floats = NDArray[np.float32]

PLAYS, BEGINS = 0, 1
REACH = 12  # keys that a key sees on either side of itself
VICINITY = 2 * (2 * REACH + 1)
BEAT_BITS = 4
INPUTS = 1 + 12 + VICINITY + 12 + BEAT_BITS
"""Position, pitch class, vicinity, context and beat: 79 numbers."""


def roll_of(chorale: Chorale, shown: BoolArray, lowest: int, keys: int) -> BoolArray:
    """The roll bool[T, N, 2] of the cells that are `shown`; pitches beyond the keys are left out.

    Parameters
    ----------
    chorale : Chorale
    shown : bool[4, T]
    lowest : MIDI pitch of the first key
    keys : the number of keys, N

    Examples
    --------
    >>> unison = Chorale(pitch=[[60, 60], [60, 60], [-1, -1], [-1, -1]],
    ...                  onset=[[1, 1], [1, 0], [0, 0], [0, 0]])
    >>> roll_of(unison, np.ones((4, 2), dtype=bool), 60, 1).astype(int).tolist()
    [[[1, 1]], [[1, 1]]]
    """
    roll = np.zeros((chorale.steps, keys, 2), dtype=np.bool_)
    key = chorale.pitch.astype(np.intp) - lowest
    seen = shown & (key >= 0) & (key < keys) & (chorale.pitch >= 0)
    steps = np.broadcast_to(np.arange(chorale.steps), key.shape)
    roll[steps[seen], key[seen], PLAYS] = True
    begun = seen & chorale.onset
    roll[steps[begun], key[begun], BEGINS] = True
    return roll


def beat_bits(phase: NDArray[np.integer]) -> Floats:
    """float32[T, 4]: the bits of a step's place in its bar, lowest first, each as -1 or 1.

    Bars of more than 16 steps begin again after 16.
    """
    bits = (phase[:, None].astype(np.int64) >> np.arange(BEAT_BITS)) & 1
    return (2 * bits - 1).astype(np.float32)


def key_inputs(previous: BoolArray, beats: Floats, lowest: int) -> Floats:
    """What every key sees at every step: float32[T, N, 79].

    In this order: the place of the key, from 0 to 1; its pitch class (12); whether each of the 25
    keys from an octave below to an octave above sounded and began a note in the step before (50);
    how many keys of each pitch class sounded then, counted up from the key's own class (12); the
    beat (4).

    Parameters
    ----------
    previous : bool[T, N, 2]
        The roll, one step late.
    beats : float32[T, 4]
    lowest : MIDI pitch of the first key
    """
    steps, keys, _ = previous.shape
    inputs = np.empty((steps, keys, INPUTS), dtype=np.float32)
    classes = (lowest + np.arange(keys)) % 12
    inputs[..., 0] = np.arange(keys) / max(1, keys - 1)
    inputs[..., 1:13] = np.eye(12)[classes]
    # Padding is what keeps the lowest keys from seeing the highest: an index below 0 would.
    padded = np.pad(previous, ((0, 0), (REACH, REACH), (0, 0)))
    near = sliding_window_view(padded, 2 * REACH + 1, axis=1)  # (T, N, 2, 25)
    inputs[..., 13 : 13 + VICINITY] = near.swapaxes(2, 3).reshape(steps, keys, VICINITY)
    counts = previous[..., PLAYS].astype(np.float32) @ np.eye(12, dtype=np.float32)[classes]
    turned = (classes[:, None] + np.arange(12)) % 12
    inputs[..., 13 + VICINITY : -BEAT_BITS] = counts[:, turned]
    inputs[..., -BEAT_BITS:] = beats[:, None]
    return inputs
