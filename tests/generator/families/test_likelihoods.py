"""How probable notes are to a family: what is asked, what it is shown, what is believed."""

from __future__ import annotations

import re

import numpy as np
import pytest

from generator.families.likelihoods import (
    COLUMNS,
    TIME_ORDER,
    Conditionals,
    JointLikelihood,
    LikelihoodRefused,
    Missing,
    distributions,
    nats_of,
    predictions,
)
from generator.families.trial import honest_predictions
from generator.music.grid.chorale import repaired_onsets
from generator.music.grid.conditions import given_for
from tests.generator.families.conftest import FAMILIES
from tests.generator.families.hostile import Harmless
from tests.generator.families.hostile_likelihoods import (
    AHEAD,
    LOOKING,
    NO_DISTRIBUTIONS,
    Echo,
    Even,
    MaskChanger,
)
from tests.generator.families.material import STEPS, a_chorale, masks

NOTHING = np.zeros((4, STEPS), dtype=bool)
TRIES = 12  # of a random cell


def with_method(name: str) -> list[str]:
    return [family for family, cls in FAMILIES.items() if hasattr(cls, name)]


@pytest.fixture(params=with_method("cell_distributions"))
def conditionals(request) -> Conditionals:
    return FAMILIES[request.param].debug().conditionals


@pytest.fixture(params=with_method("cell_predictions"))
def joint(request) -> JointLikelihood:
    return FAMILIES[request.param].debug().joint_likelihood


def other_open_cells(chorale, given):
    """The chorale with other notes wherever nothing is given."""
    other = a_chorale(seed=2)
    return other.with_voices(
        np.where(given, chorale.pitch, other.pitch), np.where(given, chorale.onset, other.onset)
    )


def test_a_family_says_what_it_has_or_why_not(family):
    for likelihood in (family.conditionals, family.joint_likelihood):
        assert likelihood is family or likelihood.reason


def test_a_family_without_likelihoods_gives_the_reason():
    family = Harmless.debug()
    assert family.conditionals == Missing("the family writes no distributions of open cells")
    words = "the family writes no likelihood from left to right"
    assert family.joint_likelihood == Missing(words)


class TestOneShot:
    """Of families that give distributions of open cells."""

    @pytest.mark.parametrize("name", masks())
    def test_probabilities_sum_to_one_under_every_mask(self, conditionals, name):
        told = distributions(conditionals, a_chorale(), masks()[name])
        assert told.pitch.shape == (4, STEPS, COLUMNS)
        assert np.allclose(np.exp(told.pitch).sum(-1), 1, atol=1e-3)
        if told.onset is not None:
            assert (told.onset <= 0).all()

    @pytest.mark.parametrize("name", ["ATB", "GAP", "NEXT"])
    def test_open_cells_and_names_are_never_read(self, conditionals, name):
        """Nor would the family read them if they were shown to it."""
        chorale, given = a_chorale(bwv="BWV1", title="A title"), masks()[name]
        mixed = other_open_cells(chorale, given)
        one, two = (distributions(conditionals, each, given) for each in (chorale, mixed))
        assert np.array_equal(one.pitch, two.pitch)
        one, two = (conditionals.cell_distributions(each, given) for each in (chorale, mixed))
        assert np.array_equal(one.pitch, two.pitch)

    def test_what_is_given_matters(self, conditionals):
        some, none = (
            distributions(conditionals, a_chorale(), given).pitch
            for given in (masks()["ATB"], NOTHING)
        )
        assert not np.allclose(some[1:], none[1:])


class TestLeftToRight:
    """Of families that give a joint likelihood."""

    def test_notes_never_change_what_was_before_them(self, joint):
        rng = np.random.default_rng(0)
        for _ in range(TRIES):
            told = honest_predictions(joint, a_chorale(), rng)
            assert np.allclose(np.exp(told.pitch).sum(-1), 1, atol=1e-3)
        honest_predictions(joint, a_chorale(1), rng)

    @pytest.mark.parametrize("voice", TIME_ORDER)
    def test_a_cell_is_expected_before_it_is_known(self, joint, voice):
        chorale = a_chorale().slice(0, 12)
        given = np.zeros((4, 12), dtype=bool)
        before = predictions(joint, chorale, given).pitch[voice, 6]
        pitch = chorale.pitch.copy()
        pitch[voice, 6] = 60 if pitch[voice, 6] != 60 else 61
        other = chorale.with_voices(pitch, repaired_onsets(pitch, chorale.onset & (pitch >= 0)))
        after = predictions(joint, other, given).pitch[voice, 6]
        assert np.allclose(np.exp(before), np.exp(after), atol=1e-4)

    def test_a_beat_after_given_ones_costs_what_it_costs_after_written_ones(self, joint):
        """The chain rule: the same cells are known either way."""
        chorale = a_chorale()
        beat = np.arange(STEPS) // 4
        whole = nats_of(predictions(joint, chorale, NOTHING), chorale)
        for number in (1, 3, 7):
            given = np.broadcast_to(beat < number, (4, STEPS))
            part = nats_of(predictions(joint, chorale, given), chorale)
            of_beat = (slice(None), beat == number)
            assert np.allclose(part.pitch[of_beat], whole.pitch[of_beat], atol=1e-3)

    def test_names_are_never_read(self, joint):
        named = predictions(joint, a_chorale(bwv="BWV1", title="A title"), NOTHING)
        assert np.array_equal(named.pitch, predictions(joint, a_chorale(), NOTHING).pitch)


class TestTricks:
    @pytest.mark.parametrize("hostile", NO_DISTRIBUTIONS)
    def test_what_is_no_distribution_is_refused_by_name(self, hostile):
        words = re.escape(f"family '{hostile.name}' {NO_DISTRIBUTIONS[hostile]}")
        for ask in (distributions, predictions):
            with pytest.raises(LikelihoodRefused, match=words) as raised:
                ask(hostile.debug(), a_chorale(), masks()["ATB"])
            assert str(raised.value).endswith("; its likelihoods are refused")

    @pytest.mark.parametrize("hostile", LOOKING)
    def test_one_that_knows_what_it_should_not_is_refused_by_name(self, hostile):
        rng = np.random.default_rng(1)
        with pytest.raises(LikelihoodRefused, match=f"family '{hostile.name}' {AHEAD}"):
            for _ in range(TRIES):
                honest_predictions(hostile.debug(), a_chorale(), rng)

    def test_one_that_knows_nothing_passes(self):
        rng = np.random.default_rng(0)
        for _ in range(TRIES):
            honest_predictions(Even.debug(), a_chorale(), rng)
        distributions(Even.debug(), a_chorale(), masks()["ATB"])

    @pytest.mark.parametrize("condition", ["ATB", "GAP", "SATB"])
    def test_one_that_repeats_what_it_sees_has_seen_rests(self, condition):
        chorale = a_chorale(bwv="BWV1", title="A title")
        given = given_for(condition, chorale)
        best = distributions(Echo.debug(), chorale, given).pitch.argmax(-1)
        assert (best[~given] == COLUMNS - 1).all()

    def test_masks_are_the_familys_own(self):
        given = masks()["ATB"]
        before = given.copy()
        distributions(MaskChanger.debug(), a_chorale(), given)
        predictions(MaskChanger.debug(), a_chorale(), given)
        assert np.array_equal(given, before)
