from __future__ import annotations

import numpy as np
import pytest

from generator.evaluation.accuracy import fill_hits, one_shot_hits
from generator.evaluation.bootstrap import ratio_over_works, share_over_works
from generator.evaluation.likelihood import joint_nll, orderless_nll
from generator.music.grid.chorale import REST, Chorale, repaired_onsets
from generator.music.grid.conditions import given_voices


class FixedProbability:
    """A family that gives Bach's own pitch a fixed probability everywhere."""

    def __init__(self, probability: float) -> None:
        self.probability = probability
        self.givens: list[np.ndarray] = []

    def pitch_log_probs(self, chorale, given):
        givens = given if isinstance(given, list) else [given]
        self.givens += givens
        bach = np.where(chorale.pitch == REST, 128, chorale.pitch)
        log_probs = np.full((len(givens), *bach.shape, 129), np.log((1 - self.probability) / 128))
        np.put_along_axis(log_probs, bach[None, ..., None], np.log(self.probability), axis=-1)
        return log_probs.astype(np.float32)

    def log_likelihood(self, chorale, given):
        return float((~given).sum() * np.log(self.probability))


@pytest.fixture
def chorale() -> Chorale:
    pitch = np.random.default_rng(0).integers(50, 60, size=(4, 40))
    pitch[1, 7] = REST
    return Chorale(pitch=pitch, onset=repaired_onsets(pitch, pitch < 0))


def test_uniform_probabilities_cost_four_times_log_129_a_frame(chorale):
    nats = orderless_nll(FixedProbability(1 / 129), chorale, masks=10, rng=np.random.default_rng(0))
    assert nats.total / nats.frames == pytest.approx(4 * np.log(129), rel=1e-5)


def test_the_number_of_masked_cells_is_spread_over_all_sizes(chorale):
    family = FixedProbability(0.5)
    orderless_nll(family, chorale, masks=10, rng=np.random.default_rng(0))
    written = sorted(int((~given).sum()) for given in family.givens)
    assert [(count - 1) // 16 for count in written] == list(range(10))


def test_joint_likelihood_counts_every_frame_of_a_work(chorale):
    nats = joint_nll(FixedProbability(0.5), chorale)
    assert nats.total / nats.frames == pytest.approx(4 * np.log(2), rel=1e-5)
    assert nats.frames == 40


def test_no_masks_are_refused(chorale):
    with pytest.raises(ValueError, match="0 masks"):
        orderless_nll(FixedProbability(0.5), chorale, masks=0, rng=np.random.default_rng(0))


def test_accuracy_counts_written_cells_only(chorale):
    given = given_voices("AT", 40)
    right = one_shot_hits(FixedProbability(0.9), chorale, given)
    wrong = one_shot_hits(FixedProbability(0.001), chorale, given)
    assert (right.right, right.written) == (80, 80)
    assert wrong.right == 0
    pitch = chorale.pitch.copy()
    pitch[0, :] += 1
    pitch[1, :3] += 1
    other = chorale.with_voices(pitch, repaired_onsets(pitch, chorale.onset))
    assert fill_hits(chorale, other, given).right == 77


def test_bootstrap_over_works_covers_and_is_seeded():
    rng = np.random.default_rng(0)
    counts, totals = rng.binomial(50, 0.3, size=60), np.full(60, 50)
    first = ratio_over_works(counts, totals, rng=np.random.default_rng(1))
    again = ratio_over_works(counts, totals, rng=np.random.default_rng(1))
    assert first == again
    assert first.low < 0.3 < first.high
    assert first.estimate == pytest.approx(counts.sum() / 3000)
    # Of 60 works with 50 answers each the standard error is .3 * .7 / 3000, its root .0084.
    assert first.high - first.low == pytest.approx(4 * 0.0084, rel=0.3)


def test_nothing_counted_has_no_ratio():
    assert ratio_over_works([0, 0], [0, 0], rng=np.random.default_rng(0)) is None
    with pytest.raises(ValueError, match="1 counts for 2 totals"):
        ratio_over_works([1], [1, 2], rng=np.random.default_rng(0))
    assert share_over_works([0, 1], rng=np.random.default_rng(0)).estimate == 0.5
