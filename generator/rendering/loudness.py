"""Loudness by ITU-R BS.1770, and the linear gain that makes every clip equally loud.

References
----------
ITU-R BS.1770-4, Algorithms to measure audio programme loudness and true-peak audio level.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from generator.errors import GenerationError
from generator.rendering.events import SAMPLE_RATE

TOLERANCE_LU = 0.1
MAX_PASSES = 5
# Leaves room for the encoder: decoded peaks are a little higher than those of its input.
MAX_PEAK = 10 ** (-1 / 20)
# Between samples the pipes reach less than half as much again, and few clips come so near.
NEAR_PEAK = MAX_PEAK / 1.5
OVERSAMPLING = 4


def loudness(sound: NDArray[np.float32]) -> float:
    """Integrated loudness in LUFS.

    Parameters
    ----------
    sound : float32[2, N]
        At `SAMPLE_RATE`, at least 0.4 s.

    Returns
    -------
    float
        ``-inf`` for silence.
    """
    # Imported here, so that the pages of the game do not load SciPy.
    from pyloudnorm import Meter

    with np.errstate(divide="ignore"):
        return float(Meter(SAMPLE_RATE).integrated_loudness(sound.T))


def true_peak(sound: NDArray[np.float32]) -> float:
    """The highest level that float32[channels, N] reaches, between samples too; 1 is full scale."""
    from scipy.signal import resample_poly

    return float(np.abs(resample_poly(sound, OVERSAMPLING, 1, axis=1)).max())


def levelled(
    sound: NDArray[np.float32], target: float, *, or_softer: bool = False
) -> tuple[NDArray[np.float32], float]:
    """The sound at `target` LUFS, and its loudness as measured afterwards.

    Parameters
    ----------
    sound : float32[2, N]
    target : float
    or_softer : bool
        A sound that would clip becomes as loud as its peaks allow: a few notes are mostly
        reverberation, and reach far above their loudness.

    Raises
    ------
    GenerationError
        If the sound is silent, cannot be brought to the level, or would clip.
    """
    levelled_sound, lufs = sound, loudness(sound)
    if not np.isfinite(lufs):
        raise GenerationError(
            "the clip is silent; a chorale needs at least one note", permanent=True
        )
    # BS.1770 ignores what is below -70 LUFS, so after a gain it may measure a little more sound.
    for _ in range(MAX_PASSES):
        gain = np.float32(10 ** ((target - lufs) / 20))
        levelled_sound = (levelled_sound * gain).astype(np.float32)
        lufs = loudness(levelled_sound)
        if abs(lufs - target) < TOLERANCE_LU / 5:
            break
    else:
        raise GenerationError(
            f"the clip has {lufs:.2f} LUFS and cannot be brought to {target}", permanent=True
        )
    peak = float(np.abs(levelled_sound).max())
    if peak > NEAR_PEAK:
        peak = max(peak, true_peak(levelled_sound))
    if peak > MAX_PEAK and or_softer:
        levelled_sound = (levelled_sound * np.float32(MAX_PEAK / peak)).astype(np.float32)
        lufs = loudness(levelled_sound)
    elif peak > MAX_PEAK:
        raise GenerationError(
            f"at {target} LUFS the clip peaks at {peak:.2f} and would clip above "
            f"{MAX_PEAK:.2f}; use a SoundFont with a softer attack",
            permanent=True,
        )
    return levelled_sound, lufs
