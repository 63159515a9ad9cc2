"""Tables at the edge: a defined, honest answer, and no number that is none."""

from __future__ import annotations

import json

import numpy as np
import pytest

from bachtest.stats.mixed.fit import Fitting, fit_mixed
from bachtest.stats.mixed.likelihood.glmm import fit_glmm
from bachtest.stats.mixed.likelihood.small_sample import MAX_FALL, restricted_fit
from bachtest.stats.verdict.model_verdict import interval_of
from tests.stats.mixed.tables import EXPERIENCES, Columns, simulated


def answers(listeners, items, conditions, correct):
    named = {"listener": listeners, "item": items, "condition": conditions}
    return Columns({name: [str(v) for v in values] for name, values in named.items()}, correct)


def checked(table, by=(), **options):
    fit = fit_mixed(table, by=by, **options)
    json.dumps(fit.to_json(effects=("listener", "item")), allow_nan=False)
    for rates in fit.tables:
        for rate in rates.rates:
            assert 0 <= rate.low <= rate.estimate <= rate.high <= 1
    return fit


def test_a_cell_with_all_right_reaches_one_and_is_named():
    rng = np.random.default_rng(1)
    table = simulated(rng, 60, 6, 42, logits=(0.5, 0.2))
    table.correct = [
        1 if condition == "A" else value
        for condition, value in zip(table.named["condition"], table.correct, strict=True)
    ]
    fit = checked(table, by=("condition",))
    assert fit.converged
    rate = fit.table("condition").rate("A")
    assert rate.high == 1.0
    assert rate.low > 0.9
    assert interval_of(rate, 0.95) == pytest.approx((rate.low, rate.high))
    assert any("all right or all wrong in A" in note for note in fit.notes)
    # The others are as sure as without that cell.
    assert fit.table("condition").rate("S").high < 0.8


@pytest.mark.parametrize("value", [0, 1])
def test_everything_right_or_wrong(value):
    table = simulated(np.random.default_rng(2), 20, 5, 20)
    table.correct = [value] * len(table.correct)
    fit = checked(table)
    assert (fit.overall.low, fit.overall.high)[value] == value
    assert 0.9 < abs(fit.overall.estimate - (1 - value)) < 1
    assert any(f"every answer is {['wrong', 'right'][value]}" in note for note in fit.notes)


def test_one_listener_speaks_for_that_listener():
    table = answers([1] * 40, range(40), "S" * 40, [1, 1, 1, 0] * 10)
    fit = checked(table)
    assert not fit.variance_component("listener").estimated
    assert "holds for that listener" in fit.variance_component("listener").note
    assert fit.overall.estimate == pytest.approx(0.75, abs=1e-6)


def test_one_item_speaks_for_that_item():
    table = answers(range(40), [7] * 40, "S" * 40, [1, 1, 1, 0] * 10)
    fit = checked(table)
    assert "holds for that item" in fit.variance_component("item").note
    assert "with one answer for each" in fit.variance_component("listener").note


def test_a_single_answer():
    fit = checked(answers([1], [1], "S", [1]))
    assert fit.n == 1
    assert fit.overall.high == 1.0
    assert fit.overall.low < 0.5


def test_as_many_items_as_cells_cannot_be_told_apart():
    rng = np.random.default_rng(3)
    listeners = np.repeat(np.arange(30), 4)
    items = np.tile(np.arange(4), 30)
    conditions = [("S", "A", "T", "B")[item] for item in items]
    fit = checked(
        answers(listeners, items, conditions, list(rng.integers(0, 2, 120))), by=("condition",)
    )
    assert "cannot be told apart" in fit.variance_component("item").note
    assert "holds for these items" in fit.variance_component("item").note


def test_two_pieces_a_cell_decide_little():
    rng = np.random.default_rng(4)
    table = simulated(rng, 100, 4, 8, logits=(0.5, 0.5, 0.5, 0.5), sds=(0.5, 0.8))
    fit = checked(table, by=("condition",))
    assert fit.coefficients[1].df == 4
    assert fit.overall.high - fit.overall.low > 0.1


def test_listeners_who_are_all_right_or_all_wrong_are_named():
    listeners = np.repeat(np.arange(60), 12)
    items = np.tile(np.arange(12), 60)
    correct = [int(listener % 2) for listener in listeners]
    fit = checked(answers(listeners, items, ["S"] * 720, correct))
    assert "all right or all wrong" in fit.variance_component("listener").note
    assert fit.overall.low < 0.5 < fit.overall.high


def test_cells_that_nobody_heard_are_excluded():
    table = simulated(np.random.default_rng(5), 60, 6, 42, logits=(0.5, 0.2))
    table.named["experience"] = [
        "novice" if condition == "S" else "expert" for condition in table.named["condition"]
    ]
    by = ("condition", "experience")
    fit = checked(table, by=by, interactions=[by])
    assert any("other columns: experience expert" in note for note in fit.notes)
    cells = [rate.labels for rate in fit.table("condition", "experience").rates]
    assert cells == [("S", "novice"), ("A", "expert")]


def test_excerpts_that_do_not_recur_have_no_spread_of_their_own():
    table = simulated(np.random.default_rng(6), 60, 6, 40)
    table.named["excerpt"] = [f"E{item}" for item in table.named["item"]]
    assert [one.name for one in fit_mixed(table).variance_components] == ["listener", "item"]
    asked = fit_mixed(table, excerpt=True)
    assert (
        "each excerpt has one item, where their spread is counted"
        in asked.variance_component("excerpt").note
    )


def test_excerpts_that_recur_are_taken():
    table = simulated(np.random.default_rng(7), 60, 6, 40)
    table.named["excerpt"] = [f"E{int(item[1:]) // 2}" for item in table.named["item"]]
    fit = checked(table)
    assert fit.variance_component("excerpt").levels == 20
    assert fit.formula == "correct ~ 1 + (1|listener) + (1|item) + (1|excerpt)"


def first_day(seed):
    rng = np.random.default_rng(seed)
    table = simulated(rng, 12, 5, 24, logits=(1.8,) * 7)
    experience = rng.integers(0, len(EXPERIENCES), 12)
    table.named["experience"] = [
        EXPERIENCES[experience[int(name[1:])]] for name in table.named["listener"]
    ]
    return table


# Without bounds two of these end with an estimate far below the answers, and one with none.
@pytest.mark.parametrize("seed", [2, 4, 402])
def test_sixty_answers_say_about_what_was_counted(seed):
    fit = checked(first_day(seed), by=("condition", "experience"))
    assert abs(fit.overall.estimate - fit.correct / fit.n) < 0.1
    assert max(one.restricted_sd for one in fit.variance_components) < 4
    assert max(abs(one.low) + abs(one.high) for one in fit.coefficients) < 30


@pytest.mark.parametrize("seed", [2, 4, 402])
def test_restricted_variances_stay_where_the_likelihood_allows(seed):
    fitting = Fitting(first_day(seed), ("condition", "experience"))
    theta = restricted_fit(fitting.data, fitting.ml, fitting.fixed_at_zero).theta
    start = np.concatenate([theta, fitting.ml.beta])
    restricted = fit_glmm(fitting.data, theta=theta, start=start, errors=False)
    assert fitting.ml.loglik - restricted.loglik < MAX_FALL + 0.3
