from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from generator.evaluation.accuracy import fill_hits, one_shot_hits
from generator.evaluation.bootstrap import ratio_over_works, share_over_works
from generator.evaluation.likelihood import joint_nll, orderless_nll
from generator.families.likelihoods import (
    CellDistributions,
    distributions,
    pitch_columns,
)
from generator.music.grid.chorale import REST, Chorale, repaired_onsets
from generator.music.grid.conditions import given_voices


class FixedProbability:
    """Gives the pitch of every cell of a chorale that it knows a fixed probability."""

    name = "fixed"

    def __init__(self, probability: float, known: Chorale, onset: float | None = None) -> None:
        self.probability, self.known, self.onset = probability, known, onset
        self.tasks: list[tuple[Chorale, np.ndarray]] = []

    def cell_distributions(self, chorale, given):
        self.tasks.append((chorale, given))
        bach = pitch_columns(self.known)
        log_probs = np.full((*bach.shape, 129), np.log((1 - self.probability) / 128))
        np.put_along_axis(log_probs, bach[..., None], np.log(self.probability), axis=-1)
        onset = None if self.onset is None else np.full(log_probs.shape, np.log(self.onset))
        return CellDistributions(log_probs.astype(np.float32), onset)

    cell_predictions = cell_distributions


@pytest.fixture
def chorale() -> Chorale:
    pitch = np.random.default_rng(0).integers(50, 60, size=(4, 40))
    pitch[1, 7] = REST
    return Chorale(pitch=pitch, onset=repaired_onsets(pitch, pitch < 0))


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_uniform_probabilities_cost_four_times_log_129_a_frame(chorale):
    nats = orderless_nll(FixedProbability(1 / 129, chorale), chorale, masks=10, rng=rng())
    assert nats.total / nats.frames == pytest.approx(4 * np.log(129), rel=1e-5)
    assert nats.with_onsets is None


def test_no_cell_that_is_asked_for_is_shown(chorale):
    family = FixedProbability(0.5, chorale)
    orderless_nll(family, replace(chorale, bwv="BWV1"), masks=10, rng=rng())
    one_shot_hits(family, replace(chorale, bwv="BWV1"), given_voices("AT", 40))
    assert len(family.tasks) == 11
    for seen, given in family.tasks:
        assert seen.bwv == ""
        held = given[:, 1:] & ~chorale.onset[:, 1:] & (chorale.pitch[:, 1:] != REST)
        named = given | np.pad(held, ((0, 0), (0, 1)))  # by a note that a given cell holds over
        assert (seen.pitch[~named] == REST).all()


def test_onsets_are_counted_where_a_note_could_be_held_or_begun(chorale):
    family = FixedProbability(0.5, chorale, onset=0.25)
    sounding = chorale.pitch != REST
    begun, held = (sounding & chorale.onset).sum(), (sounding & ~chorale.onset).sum()
    expected = 160 * np.log(2) - begun * np.log(0.25) - held * np.log(0.75)
    nats = joint_nll(family, chorale, secret=rng())
    assert nats.total == pytest.approx(160 * np.log(2))
    assert nats.with_onsets == pytest.approx(expected)
    all_cells_open = np.zeros(chorale.pitch.shape, dtype=bool)
    told = distributions(family, chorale, all_cells_open)
    assert np.exp(told.onset).max() == pytest.approx(0.25)
    estimate = orderless_nll(family, chorale, masks=400, rng=rng())
    assert estimate.total == pytest.approx(160 * np.log(2), rel=1e-5)
    assert estimate.with_onsets == pytest.approx(expected, rel=0.05)


def test_an_onset_that_is_certain_costs_nothing_and_its_absence_is_no_infinity(chorale):
    family = FixedProbability(0.5, chorale, onset=1.0)
    nats = orderless_nll(family, chorale, masks=4, rng=rng())
    assert np.isfinite(nats.with_onsets)


def test_the_number_of_masked_cells_is_spread_over_all_sizes(chorale):
    family = FixedProbability(0.5, chorale)
    orderless_nll(family, chorale, masks=10, rng=rng())
    written = sorted(int((~given).sum()) for _, given in family.tasks)
    assert [(count - 1) // 16 for count in written] == list(range(10))


def test_joint_likelihood_counts_every_frame_of_a_work(chorale):
    nats = joint_nll(FixedProbability(0.5, chorale), chorale, secret=rng())
    assert nats.total / nats.frames == pytest.approx(4 * np.log(2), rel=1e-5)
    assert nats.frames == 40


def test_no_masks_are_refused(chorale):
    with pytest.raises(ValueError, match="0 masks"):
        orderless_nll(FixedProbability(0.5, chorale), chorale, masks=0, rng=rng())


def test_accuracy_counts_written_cells_only(chorale):
    given = given_voices("AT", 40)
    right = one_shot_hits(FixedProbability(0.9, chorale), chorale, given)
    wrong = one_shot_hits(FixedProbability(0.001, chorale), chorale, given)
    assert (right.right, right.written) == (80, 80)
    assert wrong.right == 0
    pitch = chorale.pitch.copy()
    pitch[0, :] += 1
    pitch[1, :3] += 1
    other = chorale.with_voices(pitch, repaired_onsets(pitch, chorale.onset))
    assert fill_hits(chorale, other, given).right == 77


def test_bootstrap_over_works_covers_and_is_seeded():
    counts, totals = rng().binomial(50, 0.3, size=60), np.full(60, 50)
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
