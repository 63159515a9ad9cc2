"""A clip is never made to clip, not even between its samples."""

from __future__ import annotations

import numpy as np
import pytest

from generator.errors import GenerationError
from generator.rendering.events import SAMPLE_RATE
from generator.rendering.loudness import MAX_PEAK, levelled, loudness, true_peak


@pytest.fixture(scope="module")
def between() -> np.ndarray:
    """A tone whose samples all lie 3 dB below its crests."""
    phase = np.pi / 2 * np.arange(SAMPLE_RATE) + np.pi / 4
    return np.tile(np.sin(phase), (2, 1)).astype(np.float32)


def test_a_peak_between_two_samples_is_seen(between):
    assert np.abs(between).max() < MAX_PEAK
    assert true_peak(between) == pytest.approx(1, abs=0.1)


def test_what_would_clip_is_refused_for_good_and_what_does_not_is_levelled(between):
    full = loudness(between)
    with pytest.raises(GenerationError, match="would clip above") as caught:
        levelled(between, full)
    assert caught.value.permanent
    sound, lufs = levelled(between, full - 3)
    assert lufs == pytest.approx(full - 3, abs=0.1)
    assert true_peak(sound) < MAX_PEAK
