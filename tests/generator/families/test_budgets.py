"""Budgets of steps and of seconds, progress, and how a fill is stopped."""

from __future__ import annotations

import contextlib
import time

import pytest

from generator.families.fill_run import Budget, BudgetUsedUp, FillClock
from generator.families.markov.markov import Markov
from generator.music.grid.chorale import Chorale, repaired_onsets
from generator.music.grid.conditions import given_voices
from tests.generator.families.hostile import Harmless
from tests.generator.families.material import STEPS, a_chorale, assert_kept, melody

GIVEN = given_voices("ATB", STEPS)


def fill(family, **kwargs) -> Chorale:
    piece = family.fill(a_chorale(), GIVEN, seed=1, **kwargs)
    assert_kept(piece, a_chorale(), GIVEN)
    return piece


class Stopped(Exception):
    """Somebody does not want the piece any more."""


class Recorder:
    """Progress, written down; raises what it is told at the n-th call."""

    def __init__(self, error: Exception | None = None, at: int = 0) -> None:
        self.calls: list[tuple[int, int]] = []
        self.error, self.at = error, at

    def __call__(self, done: int, planned: int) -> None:
        self.calls.append((done, planned))
        if self.error is not None and len(self.calls) > self.at:
            raise self.error


@pytest.mark.parametrize(
    ("values", "message"),
    [({"steps": -1}, "a budget of -1 steps"), ({"seconds": 0}, "a budget of 0 seconds"),
     ({"seconds": -1.5}, "-1.5 seconds"), ({"seconds": float("nan")}, "nan seconds")],
)  # fmt: skip
def test_a_budget_that_cannot_be_is_refused(values, message):
    with pytest.raises(ValueError, match=message):
        Budget(**values)


class TestRun:
    """What a family has of its budget."""

    def test_without_a_budget_all_wanted_steps_are_taken(self):
        assert list(FillClock("x").run.steps(3)) == [0, 1, 2]

    def test_needed_steps_are_taken_whatever_the_budget(self):
        run = FillClock("x", Budget(steps=1)).run
        assert (len(run.needed(3)), len(run.steps(3)), len(run.steps(3))) == (3, 1, 0)

    def test_every_piece_has_the_whole_budget_of_steps(self):
        run = FillClock("x", Budget(steps=2)).run
        assert len(run.steps(5)) == 2
        run.next_piece()
        assert len(run.steps(5)) == 2

    def test_progress_counts_steps_of_all_kinds(self):
        progress = Recorder()
        clock = FillClock("x", Budget(steps=1), progress)
        needed, wanted = clock.run.needed(2), clock.run.steps(9)
        list(needed), list(wanted)
        clock.finish()
        assert progress.calls == [(0, 3), (1, 3), (2, 3), (3, 3)]

    def test_steps_that_were_not_wanted_after_all_are_done_at_the_end(self):
        progress = Recorder()
        clock = FillClock("x", None, progress)
        for _ in clock.run.steps(5):
            break
        clock.finish()
        assert progress.calls[-1] == (5, 5)

    def test_what_ended_it_ends_it_again(self):
        stop = Stopped("no")
        clock = FillClock("x", None, Recorder(stop))
        for again in (clock.run.check, clock.check, clock.finish):
            with pytest.raises(Stopped) as raised:
                again()
            assert raised.value is stop


# Of every family.


@pytest.mark.parametrize("steps", [0, 1, 5, 10_000])
def test_a_budget_of_steps_gives_a_whole_piece_and_always_the_same(family, steps):
    assert fill(family, budget=Budget(steps=steps)) == fill(family, budget=Budget(steps=steps))


def test_a_budget_of_more_steps_than_it_takes_changes_nothing(family):
    assert fill(family, budget=Budget(steps=10_000)) == fill(family)


def test_of_several_each_has_the_budget_of_steps_that_it_has_alone(family):
    budget = Budget(steps=3)
    task = a_chorale(), GIVEN
    pieces = family.fill_many([task, task], [1, 2], budget=budget)
    alone = [family.fill(*task, seed=seed, budget=budget) for seed in (1, 2)]
    assert pieces == alone


def test_seconds_that_are_used_up_end_the_fill_by_name(family):
    words = f"family '{family.name}' used up its budget of 1e-09 seconds; allow more, or change"
    with pytest.raises(BudgetUsedUp, match=words) as raised:
        fill(family, budget=Budget(seconds=1e-9))
    assert raised.value.permanent


def test_seconds_that_suffice_change_nothing(family):
    assert fill(family, budget=Budget(seconds=3600)) == fill(family)


def test_progress_rises_to_all_that_is_planned(family):
    progress = Recorder()
    assert fill(family, progress=progress) == fill(family)
    done = [done for done, _ in progress.calls]
    assert done == sorted(done)
    assert len(set(done)) > 3
    assert all(0 <= done <= planned for done, planned in progress.calls)
    assert progress.calls[-1][0] == progress.calls[-1][1] > 0


def test_progress_is_told_of_a_fill_that_needs_no_long_work(family):
    progress = Recorder()
    family.fill(melody([67]), given_voices("ATB", 1), seed=1, progress=progress)
    assert progress.calls


@pytest.mark.parametrize("at", [0, 1, 3])
@pytest.mark.parametrize(
    "error", [Stopped("nobody wants it"), ValueError("a bug"), KeyError("x")], ids=repr
)
def test_what_progress_raises_ends_the_fill_as_it_is(family, at, error):
    """A mistake of the caller's is not taken for one of the family's."""
    progress = Recorder(error, at)
    with pytest.raises(type(error)) as raised:
        fill(family, progress=progress)
    assert raised.value is error
    assert len(progress.calls) == at + 1


def test_where_all_is_given_nothing_is_spent(family):
    whole = GIVEN | True
    budget = Budget(seconds=1e-9)
    progress = Recorder()
    assert family.fill(a_chorale(), whole, seed=1, budget=budget, progress=progress) == a_chorale()
    assert not progress.calls


# Of families that do not play by the rules.


class Sleeper(Harmless):
    """Never looks at its budget."""

    name = "sleeper"

    def _fill(self, chorale, given, *, seed, settings, run):
        time.sleep(0.02)
        return super()._fill(chorale, given, seed=seed, settings=settings, run=run)


class Stubborn(Harmless):
    """Goes on after it was stopped."""

    name = "stubborn"

    def _fill(self, chorale, given, *, seed, settings, run):
        with contextlib.suppress(Exception):
            run.check()
        return super()._fill(chorale, given, seed=seed, settings=settings, run=run)


class Excuse(Stubborn):
    """Gives another reason than the one for which it was stopped."""

    name = "excuse"

    def _fill(self, chorale, given, *, seed, settings, run):
        super()._fill(chorale, given, seed=seed, settings=settings, run=run)
        raise ValueError("no chord fits")


class Stepwise(Markov):
    """Writes nothing but what its steps allow: a note higher with each."""

    name = "stepwise"

    def _fill(self, chorale, given, *, seed, settings, run):
        steps = sum(1 for _ in run.steps(10))
        pitch = chorale.pitch.copy()
        pitch[~given] = 60 + steps
        return chorale.with_voices(pitch, repaired_onsets(pitch, chorale.onset))


def test_a_family_that_never_looks_at_the_clock_is_stopped_by_the_door():
    with pytest.raises(BudgetUsedUp, match=r"'sleeper' used up its budget of 0\.01 sec"):
        fill(Sleeper.debug(), budget=Budget(seconds=0.01))
    fill(Sleeper.debug(), budget=Budget(seconds=60))


@pytest.mark.parametrize("stubborn", [Stubborn, Excuse])
def test_a_family_that_goes_on_or_makes_excuses_has_ended_all_the_same(stubborn):
    with pytest.raises(Stopped, match="nobody wants it"):
        fill(stubborn.debug(), progress=Recorder(Stopped("nobody wants it")))
    with pytest.raises(BudgetUsedUp, match=f"'{stubborn.name}' used up"):
        fill(stubborn.debug(), budget=Budget(seconds=1e-9))


def test_pieces_that_are_written_one_by_one_do_not_share_their_budget():
    task = a_chorale(), GIVEN
    pieces = Stepwise.debug().fill_many([task] * 3, [1, 2, 3], budget=Budget(steps=4))
    assert [int(piece.pitch[3, 0]) for piece in pieces] == [64] * 3
