"""Loudness by ITU-R BS.1770, and the linear gain that makes every clip equally loud.

References
----------
ITU-R BS.1770-4, Algorithms to measure audio programme loudness and true-peak audio level.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from generator.rendering.errors import RenderError
from generator.rendering.events import SAMPLE_RATE

TARGET_LUFS = -18.0
TOLERANCE_LU = 0.1
ROUNDS = 5
# Room for the encoder, whose decoded peaks are a little higher than what it was given.
HIGHEST_PEAK = 10 ** (-1 / 20)


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
    # Here, because it imports scipy, which a web process does without.
    from pyloudnorm import Meter

    with np.errstate(divide="ignore"):
        return float(Meter(SAMPLE_RATE).integrated_loudness(sound.T))


def levelled(sound: NDArray[np.float32]) -> tuple[NDArray[np.float32], float]:
    """The sound at `TARGET_LUFS` and its loudness, measured again.

    Raises
    ------
    RenderError
        If the sound is silent, cannot be brought to the level, or would clip.
    """
    level, found = sound, loudness(sound)
    if not np.isfinite(found):
        raise RenderError("the clip is silent; a chorale needs at least one note", permanent=True)
    # BS.1770 leaves out what is below -70 LUFS, so a gain can bring a little more into the measure.
    for _ in range(ROUNDS):
        level = (level * np.float32(10 ** ((TARGET_LUFS - found) / 20))).astype(np.float32)
        found = loudness(level)
        if abs(found - TARGET_LUFS) < TOLERANCE_LU / 5:
            break
    else:
        raise RenderError(
            f"the clip has {found:.2f} LUFS and cannot be brought to {TARGET_LUFS}", permanent=True
        )
    peak = float(np.abs(level).max())
    if peak > HIGHEST_PEAK:
        raise RenderError(
            f"at {TARGET_LUFS} LUFS the clip peaks at {peak:.2f} and would clip above "
            f"{HIGHEST_PEAK:.2f}; use a SoundFont with a softer attack",
            permanent=True,
        )
    return level, found
