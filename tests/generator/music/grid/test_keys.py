from __future__ import annotations

import numpy as np
import pytest

from generator.music.grid.keys import estimated_key, key_of, tonic_class
from generator.music.grid.spelling import key_name, signature, tonic_name


@pytest.mark.parametrize(
    ("key", "tonic"), [("D minor", 2), ("Bb major", 10), ("F# minor", 6), ("Cb major", 11)]
)
def test_the_tonic_of_a_key(key, tonic):
    assert tonic_class(key) == tonic


@pytest.mark.parametrize("sharps", range(-7, 8))
@pytest.mark.parametrize("mode", ["major", "minor"])
def test_a_signature_and_a_mode_name_one_key(sharps, mode):
    key = key_name(sharps, mode)
    assert signature(key) == sharps
    assert tonic_class(key) == 7 * (sharps + (3 if mode == "minor" else 0)) % 12
    assert tonic_name(sharps + (3 if mode == "minor" else 0)) == key.split()[0]


@pytest.mark.parametrize("shift", range(12))
def test_both_estimates_find_the_key_of_a_cadence_in_any_transposition(shift):
    pitch = np.array([[72, 69, 71, 72], [67, 65, 67, 67], [64, 60, 62, 64], [48, 53, 55, 48]])
    key = key_name((7 * shift + 5) % 12 - 5, "major")
    moved = (pitch + shift).astype(np.int16)
    assert key_of(moved, signature(key)) == key
    estimated = estimated_key(moved.ravel(), final=int(moved[3, -1]))
    assert tonic_class(estimated) == shift
