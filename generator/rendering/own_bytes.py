"""Bytes that a clip has only in one round: nobody without the key can make them.

The corpus, the font and the encoder are public, so anybody can render Bach's clip at home. Here the
lead-in, the gain and the dither follow from a key. All are far too small to be heard.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from generator.rendering import encoding
from generator.rendering.encoding import Sound
from generator.rendering.profiles import Profile

# Two clips of a round begin at most twice this apart; pipes speak at times that differ by more.
MAX_SHIFT_SECONDS = 0.004
# Two clips that differ by as much as their level allows stay within the tolerance.
MAX_GAIN_DB = 0.025
_DRAWS = 8


def own_mp3(sound: Sound, key: bytes, profile: Profile) -> bytes:
    """The sound as MP3, as long as without a key; the same key gives the same bytes."""
    # Not a generator of NumPy's: what follows from the key may not lead back to it.
    stream = hashlib.shake_256(key).digest(_DRAWS + 2 * sound.samples.size)
    shift, gain = (int.from_bytes(stream[at : at + 4]) / 2**32 * 2 - 1 for at in (0, 4))
    samples = _shifted(sound, round(shift * MAX_SHIFT_SECONDS * sound.rate)).astype(np.float32)
    samples *= np.float32(10 ** (gain * MAX_GAIN_DB / 20))
    samples += _dither(stream[_DRAWS:]).reshape(samples.shape)
    np.rint(samples, out=samples)
    own = np.clip(samples, -32768, 32767, out=samples).astype("<i2")
    return encoding.mp3(Sound(own, sound.rate), profile)


def _shifted(sound: Sound, shift: int) -> NDArray[np.int16]:
    """Later, or earlier by a piece of the silence that every clip begins with."""
    moved = np.zeros_like(sound.samples)
    length = len(moved) - abs(shift)
    moved[max(shift, 0) :][:length] = sound.samples[max(-shift, 0) :][:length]
    return moved


def _dither(noise: bytes) -> NDArray[np.float32]:
    """Of triangular distribution, up to one step of 16 bits."""
    halves = np.frombuffer(noise, dtype=np.uint8).reshape(2, -1)
    steps: NDArray[np.float32] = halves.sum(axis=0, dtype=np.float32) / np.float32(256)
    return steps - np.float32(1)
