"""From samples to bytes and back: MP3 at a constant bit rate without tags, FLAC, WAV."""

from __future__ import annotations

import io
import wave
from dataclasses import dataclass
from fractions import Fraction
from importlib.metadata import version

import lameenc
import numpy as np
import soundfile
from numpy.typing import NDArray

from generator.rendering.events import SAMPLE_RATE
from generator.rendering.profiles import Profile

# LAME makes everything softer by this factor, against clipping, so the input is made louder.
LAME_SCALE = 0.95
ENCODER = f"lameenc {version('lameenc')}, scipy {version('scipy')}"
# Nearly as small as at higher levels, in a third of the time.
FLAC_LEVEL = 0.5
# By which LAME delays the music, and a decoder adds to it.
_MP3_DELAY = 1105


@dataclass(frozen=True)
class Sound:
    """What the encoder gets: 16-bit samples int16[N, channels] at a rate."""

    samples: NDArray[np.int16]
    rate: int


def settings(profile: Profile) -> tuple[float, ...]:
    """All that shapes the bytes, beside the samples and the encoder's version."""
    return (profile.bit_rate, profile.rate, profile.quality, LAME_SCALE)


def encoder_input(sound: NDArray[np.float32], rate: int) -> Sound:
    """float32[2, N] in -1..1 at the encoder's rate and level."""
    # Imported here, so that the pages of the game do not load SciPy. LAME's own resampling takes
    # four times as long.
    from scipy.signal import resample_poly

    up, down = Fraction(rate, SAMPLE_RATE).as_integer_ratio()
    resampled = resample_poly(sound / np.float32(LAME_SCALE), up, down, axis=1)
    return Sound(_rounded(resampled.T), rate)


def mp3(sound: Sound, profile: Profile) -> bytes:
    """MP3 frames and nothing else."""
    # LAME writes its name into spare bytes of a frame, which no decoder reads.
    return _frames(sound, profile).replace(b"LAME", bytes(4))


def _frames(sound: Sound, profile: Profile) -> bytes:
    encoder = lameenc.Encoder()
    encoder.silence()
    encoder.set_bit_rate(profile.bit_rate)
    encoder.set_in_sample_rate(sound.rate)
    encoder.set_out_sample_rate(sound.rate)
    encoder.set_channels(sound.samples.shape[1])
    encoder.set_quality(profile.quality)
    return bytes(encoder.encode(sound.samples.tobytes()) + encoder.flush())


def flac(sound: Sound) -> bytes:
    """The samples without loss."""
    buffer = io.BytesIO()
    soundfile.write(
        buffer, sound.samples, sound.rate, "PCM_16", format="FLAC", compression_level=FLAC_LEVEL
    )
    return buffer.getvalue()


def decoded(content: bytes) -> Sound:
    """What a FLAC file contains; of an MP3 file, what comes nearest to the encoder's input.

    Raises
    ------
    ValueError
        If it is neither.
    """
    try:
        with soundfile.SoundFile(io.BytesIO(content)) as file:
            samples = file.read(dtype="int16", always_2d=True)
            rate, is_mp3 = file.samplerate, file.format != "FLAC"
    except soundfile.LibsndfileError as error:
        raise ValueError(f"no sound: {error}") from error
    if is_mp3:
        samples = _rounded(samples[_MP3_DELAY:] / np.float32(LAME_SCALE * 32767))
    return Sound(samples, rate)


def wav(sound: NDArray[np.float32]) -> bytes:
    """float32[2, N] in -1..1 as 16-bit WAV."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(_rounded(sound.T).tobytes())
    return buffer.getvalue()


def _rounded(sound: NDArray[np.float32]) -> NDArray[np.int16]:
    """16-bit little-endian samples of what is in -1..1."""
    steps = np.rint(sound * np.float32(32767))
    samples: NDArray[np.int16] = np.clip(steps, -32768, 32767).astype("<i2")
    return samples
