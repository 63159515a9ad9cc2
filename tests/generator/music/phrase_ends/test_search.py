"""The search finds the division with the highest sum: all divisions of short melodies are tried."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from generator.music.phrase_ends.features import (
    END_NAMES,
    MAX_NOTES,
    PAIR_NAMES,
    PHRASE_NAMES,
    features_of,
)
from generator.music.phrase_ends.line import line_of
from generator.music.phrase_ends.search import Weights, best_ends, summed
from generator.music.phrase_ends.weights import WEIGHTS
from tests.generator.music.phrase_ends.lines import TWINKLE, melody

NAMES = (*END_NAMES, *PHRASE_NAMES, *PAIR_NAMES)


def random_weights(seed: int) -> tuple[Weights, np.ndarray]:
    values = np.random.default_rng(seed).normal(size=len(NAMES))
    return Weights.of(dict(zip(NAMES, values.tolist(), strict=True))), values


def divisions(notes: int):
    for inner in range(notes):
        for ends in combinations(range(notes - 1), inner):
            yield [*ends, notes - 1]


@pytest.mark.parametrize("seed", range(8))
def test_no_other_division_has_a_higher_sum(seed):
    rng = np.random.default_rng(seed)
    letters = "".join(rng.choice(list("CDEFGABc-2"), size=11))
    features = features_of(line_of(melody("F", letters, anacrusis=4 * (seed % 3)), 0))
    weights, values = random_weights(seed)
    best = max(divisions(features.line.notes), key=lambda ends: summed(features, ends) @ values)
    assert best_ends(features, weights) == best


def test_one_note_is_one_phrase():
    assert best_ends(features_of(line_of(melody("F"), 0)), WEIGHTS) == [0]


def test_a_melody_without_any_sign_of_ends_is_still_divided():
    ends = best_ends(features_of(line_of(melody("F" * 100), 0)), WEIGHTS)
    assert ends[-1] == 99
    assert max(np.diff([-1, *ends])) <= MAX_NOTES


@pytest.mark.parametrize("shift", [-5, 7])
def test_a_melody_in_another_key_has_the_same_ends(shift):
    here = melody(*TWINKLE)
    there = melody(*TWINKLE, key={-5: "C major", 7: "C major"}[shift])
    pitch = there.pitch.copy()
    pitch[0] += shift
    moved = there.with_voices(pitch, there.onset)
    ends = best_ends(features_of(line_of(here, 0)), WEIGHTS)
    assert ends == [6, 13, 20, 27, 34, 41]
    assert best_ends(features_of(line_of(moved, 0)), WEIGHTS) == ends


def test_what_is_added_to_an_end_moves_it():
    features = features_of(line_of(melody(*TWINKLE), 0))
    extra = np.zeros(42)
    extra[6], extra[7] = -50, 50
    assert best_ends(features, WEIGHTS, extra)[0] == 7
