from __future__ import annotations

import numpy as np
import pytest

from generator.families.flagship_draft import Heat, _chances, _drawn

KINDS = np.array([0, 1, 4])  # a rest, three pitches held, three begun


@pytest.fixture
def logits() -> np.ndarray:
    return np.random.default_rng(1).normal(0, 2, (50, 7)).astype(np.float32)


def shares(chances: np.ndarray) -> np.ndarray:
    return chances / chances.sum(-1, keepdims=True)


def softmax(logits: np.ndarray) -> np.ndarray:
    return shares(np.exp(logits.astype(np.float64)))


def by_kind(chances: np.ndarray) -> np.ndarray:
    return np.add.reduceat(shares(chances), KINDS, axis=-1)


@pytest.mark.parametrize("heat", [0.5, 1.0, 2.0])
def test_without_kinds_the_temperature_is_that_of_pitch(logits, heat):
    chances = _chances(logits, Heat(pitch=heat, rhythm=1.0), np.array([0]))
    assert shares(chances) == pytest.approx(softmax(logits / heat), abs=1e-6)


def test_at_temperature_one_nothing_is_changed(logits):
    chances = _chances(logits, Heat(pitch=1.0, rhythm=1.0), KINDS)
    assert shares(chances) == pytest.approx(softmax(logits), abs=1e-6)


def test_a_low_temperature_of_pitch_takes_the_best_of_each_kind_and_leaves_the_rhythm(logits):
    chances = shares(_chances(logits, Heat(pitch=1e-3, rhythm=1.0), KINDS))
    assert by_kind(chances) == pytest.approx(by_kind(softmax(logits)), abs=1e-6)
    assert ((chances > 1e-3).sum(-1) <= len(KINDS)).all()


def test_a_low_temperature_of_rhythm_leaves_one_kind(logits):
    kinds = by_kind(_chances(logits, Heat(pitch=1.0, rhythm=1e-3), KINDS))
    assert kinds.max(-1) == pytest.approx(1.0)


@pytest.mark.parametrize("barred", [[2, 6], [0], [0, 4, 5, 6]])
def test_what_is_barred_is_never_drawn(logits, barred):
    logits[:, barred] = -np.inf
    chances = _chances(logits, Heat(pitch=0.5, rhythm=0.7), KINDS)
    drawn = {int(_drawn(chances, np.full(50, level))[0]) for level in np.linspace(0, 0.999, 200)}
    assert drawn and not drawn & set(barred)
