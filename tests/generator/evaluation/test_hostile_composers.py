"""No score is given to a family that peeks, overwrites or makes up its probabilities."""

from __future__ import annotations

import re
import time

import pytest

from generator.evaluation import test_set
from generator.evaluation.accuracy import one_shot_hits
from generator.evaluation.bach_reference import BachReference
from generator.evaluation.probability_scores import likelihood_scores, one_shot_scores
from generator.evaluation.report import (
    EvaluationSettings,
    evaluate,
    fill_all,
)
from generator.evaluation.scored_fold import Fold
from generator.evaluation.scores import ObjectiveScore
from generator.families.door import FillRefused
from generator.families.fill_run import Budget, BudgetUsedUp
from generator.families.likelihoods import CellDistributions, LikelihoodRefused
from generator.music.grid.conditions import given_voices
from tests.generator.families.forgers import FORGED
from tests.generator.families.hostile import CAUGHT, Breaker, Fickle, Harmless, Peeker, SameForAll
from tests.generator.families.hostile_likelihoods import (
    AHEAD,
    NO_DISTRIBUTIONS,
    Echo,
    Even,
    Knowing,
    KnowingWhenLong,
    MaskChanger,
    even,
)
from tests.generator.families.material import STEPS, a_chorale

# The door itself is tried by tests/generator/families, each time.
pytestmark = pytest.mark.slow

REFUSED = CAUGHT | FORGED


def works_of(number: int) -> test_set.TestSet:
    works = {
        f"BWV{each}": a_chorale(seed=each, bwv=f"BWV{each}", title="A title")
        for each in range(1, number + 1)
    }
    training = test_set.TrainingKnowledge({"BWV99": a_chorale(seed=99)})
    return test_set.TestSet("jsb", works, works, dict.fromkeys(works, "a tune"), training)


def one_work() -> test_set.TestSet:
    return works_of(1)


def folds(family) -> list[Fold]:
    return [Fold(family.debug(), one_work())]


def refused(family, message: str, error: type[Exception] = FillRefused):
    return pytest.raises(error, match=re.escape(f"family '{family.name}' {message}"))


@pytest.mark.parametrize("hostile", REFUSED)
def test_no_fill_of_a_hostile_family_is_scored(hostile):
    with refused(hostile, REFUSED[hostile]):
        fill_all(folds(hostile), "ATB", EvaluationSettings())


@pytest.mark.parametrize("condition", ["B", "NEXT", "GAP", "SATB"])
def test_a_peeker_is_refused_in_every_condition(condition):
    """It would be right in every cell if it were shown Bach's piece."""
    with refused(Peeker, "wrote nothing in "):
        fill_all(folds(Peeker), condition, EvaluationSettings())


@pytest.mark.parametrize("condition", ["B", "NEXT", "GAP", "AT"])
def test_a_breaker_is_refused_wherever_something_is_given(condition):
    with refused(Breaker, "changed given cells: voice "):
        fill_all(folds(Breaker), condition, EvaluationSettings())


def test_the_reference_alone_sees_what_bach_wrote():
    fills, _ = fill_all([Fold(BachReference(), one_work())], "ATB", EvaluationSettings())
    assert fills[0].piece == fills[0].bach
    fills, _ = fill_all(folds(Harmless), "ATB", EvaluationSettings())
    assert (fills[0].piece.pitch[1:] != fills[0].bach.pitch[1:]).mean() > 0.8


@pytest.mark.parametrize(
    ("hostile", "message"),
    [(SameForAll, "wrote the same piece for seeds 1 and 2"), (Fickle, "wrote two pieces for seed")],
)  # fmt: skip
def test_a_family_is_tried_out_before_it_is_scored(hostile, message):
    scores = evaluate(folds(hostile), EvaluationSettings(conditions=("ATB",)))
    with refused(hostile, message):
        list(scores)


def test_settings_that_leave_no_choice_are_no_cheat():
    """A cold chain may well write one piece for two seeds."""
    cold = EvaluationSettings(conditions=(), fill_settings={"temperature": 0.01})
    list(evaluate(folds(Harmless), cold))


def test_a_budget_of_seconds_ends_the_evaluation_and_shapes_no_score():
    class Slow(Harmless):
        name = "slow"

        def _fill(self, chorale, given, *, seed, settings, run):
            time.sleep(0.02)
            return super()._fill(chorale, given, seed=seed, settings=settings, run=run)

    with refused(Slow, "used up its budget of 0.01 seconds", BudgetUsedUp):
        fill_all(folds(Slow), "ATB", EvaluationSettings(budget=Budget(seconds=0.01)))


@pytest.mark.parametrize("hostile", NO_DISTRIBUTIONS)
def test_no_distribution_that_is_none_becomes_a_score(hostile):
    with refused(hostile, NO_DISTRIBUTIONS[hostile], LikelihoodRefused):
        list(likelihood_scores(folds(hostile)))
    with refused(hostile, NO_DISTRIBUTIONS[hostile], LikelihoodRefused):
        list(one_shot_scores(folds(hostile), ["ATB"]))


# Of the others, one random cell shows no more than some.
@pytest.mark.parametrize("hostile", [Knowing, KnowingWhenLong])
def test_no_likelihood_of_what_it_was_told_becomes_a_score(hostile):
    class Fair(hostile):
        def cell_distributions(self, chorale, given):
            return CellDistributions(even(chorale.pitch))

    with refused(hostile, AHEAD, LikelihoodRefused):
        list(likelihood_scores(folds(Fair)))


class TestMemory:
    def test_what_a_likelihood_has_shown_is_no_help_for_a_fill(self):
        class Remembers(Even):
            name = "remembers"
            seen = None

            def cell_predictions(self, chorale, given):
                self.seen = chorale
                return super().cell_predictions(chorale, given)

            def _fill(self, chorale, given, *, seed, settings, run):
                piece = super()._fill(chorale, given, seed=seed, settings=settings, run=run)
                return self.seen or piece

        fold = folds(Remembers)
        settings = EvaluationSettings(conditions=("SATB",))
        accuracy = [
            score.composer.estimate
            for score in evaluate(fold, settings)
            if isinstance(score, ObjectiveScore) and score.name == "fill accuracy, as played"
        ]
        assert accuracy[0] < 0.2

    def test_a_fill_that_depends_on_fills_before_it_is_refused(self):
        class Counts(Harmless):
            name = "counts"
            written = 0

            def _fill(self, chorale, given, *, seed, settings, run):
                self.written += 1
                seed += self.written // 4  # its trial shows nothing
                return super()._fill(chorale, given, seed=seed, settings=settings, run=run)

        fold = [Fold(Counts.debug(), works_of(5))]
        with refused(Counts, "writes a different piece after other fills"):
            list(evaluate(fold, EvaluationSettings(conditions=("ATB",))))


def test_a_family_that_repeats_what_it_sees_hits_rests_alone():
    chorale = a_chorale()
    hits = one_shot_hits(Echo.debug(), chorale, given_voices("ATB", STEPS))
    assert hits.right == (chorale.pitch[1:] == -1).sum()


def test_scores_are_taken_by_the_masks_that_were_asked_for():
    hits = one_shot_hits(MaskChanger.debug(), a_chorale(), given_voices("ATB", STEPS))
    assert hits.written == 3 * STEPS
