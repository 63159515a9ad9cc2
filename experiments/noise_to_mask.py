"""How far the noise of an encoder lies below what the music masks: the noise-to-mask ratio.

The model is the FFT-based ear of ITU-R BS.1387 (PEAQ, basic version), for each channel by itself.
One thing is added: noise that is below the threshold in quiet is not heard, as in the models of the
MP3 standard. PEAQ's own threshold is lower above 10 kHz, and lets nobody's ears be worse.

References
----------
ITU-R BS.1387-1, Method for objective measurements of perceived audio quality, annex 2: the ear in
section 2.1, noise-to-mask ratio and disturbed frames in 4.5 and 4.6.
ISO/IEC 11172-3, annex D. E. Terhardt, Calculating virtual pitch, Hearing Research 1 (1979).
P. Kabal, An Examination and Interpretation of ITU-R BS.1387, McGill University, 2003.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

Floats = NDArray[np.float64]

RATE, SIZE = 48_000, 2048
HOP = SIZE // 2
# A sine of full scale is played at this level, in dB SPL.
FULL_SCALE_SPL = 92.0
BARK_STEP, LOWEST, HIGHEST = 0.25, 80.0, 18_000.0
# A frame with a band above it is *disturbed* in the recommendation.
DISTURBED_DB = 1.5
# A band reaches the threshold in quiet with a quarter of the power of a whole Bark.
QUARTER_DB = -6.0
# Frames this soft are the silence around the music.
SILENT_DB = -70.0


@dataclass(frozen=True)
class Bands:
    """Critical bands a quarter of a Bark wide."""

    centres: Floats
    weights: Floats
    """float[bands, bins]: the share of each bin of the spectrum, with the ear's own weighting."""
    inner_noise: Floats
    offset: Floats
    """By which the mask lies below the excitation, as a factor."""
    decay: Floats
    """Of the excitation from frame to frame."""
    quiet: Floats
    """The threshold in quiet."""


@dataclass(frozen=True)
class Mask:
    """What the music hides: the most noise for each frame that sounds, and band."""

    level: Floats
    sounds: NDArray[np.bool_]
    amplitude: Floats
    """The spectrum of the music itself."""


@cache
def bands() -> Bands:
    low, high = (7 * np.arcsinh(edge / 650) for edge in (LOWEST, HIGHEST))
    count = int(np.ceil((high - low) / BARK_STEP))
    edges = np.minimum(low + BARK_STEP * np.arange(count + 1), high)
    hertz = 650 * np.sinh(edges / 7)
    centres = 650 * np.sinh((edges[:-1] + edges[1:]) / 14)
    bins = np.arange(SIZE // 2 + 1) * RATE / SIZE
    half = RATE / SIZE / 2
    top = np.minimum(hertz[1:, None], bins + half)
    shares = np.clip(top - np.maximum(hertz[:-1, None], bins - half), 0, None) / (2 * half)
    ear = _ear_decibels(np.maximum(bins, 1.0) / 1000)
    kilohertz = centres / 1000
    quiet = 3.64 * kilohertz**-0.8 - 6.5 * np.exp(-0.6 * (kilohertz - 3.3) ** 2)
    quiet += 0.001 * kilohertz**4 + _ear_decibels(kilohertz) + QUARTER_DB
    bark = BARK_STEP * np.arange(count)
    seconds = 0.008 + 100 / centres * (0.030 - 0.008)
    return Bands(
        centres=centres,
        weights=shares * 10 ** (ear / 10),
        inner_noise=10 ** (0.1456 * (centres / 1000) ** -0.8),
        offset=10 ** (np.where(bark <= 12, 3.0, 0.25 * bark) / 10),
        decay=np.exp(-HOP / RATE / seconds),
        quiet=10 ** (quiet / 10),
    )


def _ear_decibels(kilohertz: Floats) -> Floats:
    """Weight of the outer and middle ear."""
    resonance = 6.5 * np.exp(-0.6 * (kilohertz - 3.3) ** 2)
    return np.asarray(-2.184 * kilohertz**-0.8 + resonance - 0.001 * kilohertz**3.6)


def mask_of(music: Floats) -> Mask:
    """Of one channel at `RATE`."""
    ear = bands()
    power = spectrum(music)
    spread = _spread(_in_bands(power) + ear.inner_noise)
    smeared = np.zeros_like(spread)
    state = np.zeros(len(ear.centres))
    for frame, level in enumerate(spread):
        state = ear.decay * state + (1 - ear.decay) * level
        smeared[frame] = np.maximum(state, level)
    loud = 10 * np.log10(_frames(music).var(axis=1) + 1e-20)
    level = np.maximum(smeared / ear.offset, ear.quiet)
    return Mask(level, loud > SILENT_DB, np.sqrt(power))


def noise_to_mask(mask: Mask, heard: Floats) -> Floats:
    """float[frames, bands]: as a factor, in the frames that sound; of a channel's `spectrum`."""
    noise = (np.sqrt(heard) - mask.amplitude) ** 2
    return (_in_bands(noise) / mask.level)[mask.sounds]


def resampled(sound: Floats, rate: int) -> Floats:
    """float[channels, N] at `RATE`."""
    ratio = Fraction(RATE, rate)
    return np.asarray(resample_poly(sound, *ratio.as_integer_ratio(), axis=1))


def _frames(sound: Floats) -> Floats:
    count = (len(sound) - SIZE) // HOP + 1
    windows = np.lib.stride_tricks.sliding_window_view(sound, SIZE)[::HOP]
    return windows[:count]


def spectrum(sound: Floats) -> Floats:
    """float[frames, bins]: power of one channel at `RATE`; a sine of full scale has its SPL."""
    window = np.hanning(SIZE + 1)[:-1]
    power = np.abs(np.fft.rfft(_frames(sound) * window, axis=1)) ** 2
    # The main lobe of the window spreads a sine over some bins, whose sum this takes.
    full_scale = SIZE * (window**2).sum() / 4
    scaled: Floats = power * (10 ** (FULL_SCALE_SPL / 10) / full_scale)
    return scaled


def _in_bands(power: Floats) -> Floats:
    return np.maximum(power @ bands().weights.T, 1e-12)


def _spread(excitation: Floats) -> Floats:
    """Along the bands: 27 dB a Bark downwards, upwards the less the louder it is."""
    spread = _unscaled(excitation)
    return spread / _unscaled(np.ones((1, excitation.shape[1])))


def _unscaled(excitation: Floats) -> Floats:
    centres = bands().centres
    count = len(centres)
    distance = BARK_STEP * (np.arange(count)[:, None] - np.arange(count))
    result = np.zeros_like(excitation)
    for band in range(count):
        level = 10 * np.log10(excitation[:, band])
        upwards = -24 - 230 / centres[band] + 0.2 * level
        away = distance[:, band]
        slope = np.where(away < 0, 27.0 * away, upwards[:, None] * np.maximum(away, 0))
        shape = 10 ** (slope / 10)
        shape /= shape.sum(axis=1, keepdims=True)
        result += (excitation[:, band, None] * shape) ** 0.4
    return result ** (1 / 0.4)
