"""From samples to bytes: MP3 at a constant bit rate without tags, and WAV."""

from __future__ import annotations

import io
import wave
from fractions import Fraction
from importlib.metadata import version

import lameenc
import numpy as np
from numpy.typing import NDArray

from generator.rendering.events import SAMPLE_RATE

BIT_RATE = 96
# The pipes have nothing above 14 kHz, and at this rate every frame has the same 432 bytes.
MP3_RATE = 32_000
# LAME's own scale: 2 is best, 7 fastest. Below 6 kHz, where the pipes are heard, 7 is closer than 5
# by 8 to 18 dB: the ear model of 5 spends bits on what lies 42 dB lower.
QUALITY = 7
# LAME makes everything softer by this factor, against clipping, so the input is made louder.
LAME_SCALE = 0.95
_RATIO = Fraction(MP3_RATE, SAMPLE_RATE).as_integer_ratio()
SETTINGS = (BIT_RATE, MP3_RATE, QUALITY, LAME_SCALE)
ENCODER = f"lameenc {version('lameenc')}, scipy {version('scipy')}"


def mp3(sound: NDArray[np.float32]) -> bytes:
    """float32[2, N] in -1..1 as MP3 frames and nothing else."""
    # LAME writes its name into spare bytes of a frame, which no decoder reads.
    return _frames(sound).replace(b"LAME", bytes(4))


def wav(sound: NDArray[np.float32]) -> bytes:
    """float32[2, N] in -1..1 as 16-bit WAV."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(_pcm(sound))
    return buffer.getvalue()


def _frames(sound: NDArray[np.float32]) -> bytes:
    # Imported here, so that the pages of the game do not load SciPy. LAME's own resampling takes
    # four times as long.
    from scipy.signal import resample_poly

    resampled = resample_poly(sound / np.float32(LAME_SCALE), *_RATIO, axis=1)
    encoder = lameenc.Encoder()
    encoder.silence()
    encoder.set_bit_rate(BIT_RATE)
    encoder.set_in_sample_rate(MP3_RATE)
    encoder.set_out_sample_rate(MP3_RATE)
    encoder.set_channels(2)
    encoder.set_quality(QUALITY)
    return bytes(encoder.encode(_pcm(resampled)) + encoder.flush())


def _pcm(sound: NDArray[np.float32]) -> bytes:
    """Interleaved 16-bit little-endian samples."""
    return np.rint(sound.T * 32767).astype("<i2").tobytes()
