"""The mixed model as the Rasch model, and the items that fool most."""

from __future__ import annotations

import json

import numpy as np
import pytest

from bachtest.stats.__main__ import main
from bachtest.stats.mixed.fit import fit_mixed
from bachtest.stats.validate.simulate import SimulatedDesign, simulate
from bachtest.stats.verdict.item_effects import item_effects_of_fit
from bachtest.stats.verdict.rasch import rasch_model
from tests.stats.mixed.tables import Columns, crossed
from tests.stats.reference import DATA


@pytest.fixture(scope="module")
def fit():
    return fit_mixed(crossed(), ("condition", "experience"), tests=False)


@pytest.fixture(scope="module")
def rasch(fit):
    return rasch_model(fit, in_full=True)


def test_a_logit_is_ability_minus_difficulty(fit, rasch):
    ability = {one.name: one.estimate for one in rasch.listeners}
    difficulty = {one.name: one.estimate for one in rasch.items}
    data, used = fit.data, fit.inference.used
    logit = data.x.times(used.beta)
    for factor, effects in enumerate(used.effects):
        logit = logit + effects[data.layout.code_of(factor)]
    listeners, items = (factor.factor.levels for factor in fit.inference.random_factors)
    for row in range(0, len(logit), 37):
        listener = listeners[data.layout.code_of(0)[row]]
        item = items[data.layout.code_of(1)[row]]
        assert ability[listener] - difficulty[item] == pytest.approx(logit[row], abs=1e-9)


def test_reliability_is_the_spread_of_the_effects_that_is_not_error(fit, rasch):
    assert (rasch.item_kinds, rasch.listener_kinds) == (("condition",), ("experience",))
    found = {"item": rasch.item_reliability, "listener": rasch.listener_reliability}
    for one, sd in zip(fit.effects, fit.inference.used.theta, strict=True):
        # Of shrunken effects, spread and error add up to the variance of the true ones.
        by_hand = 1 - np.mean(np.square(one.sd)) / sd**2
        assert found[one.name] == pytest.approx(by_hand, abs=0.08)
    assert "Reliability of the items' difficulties, given condition: " in "\n".join(rasch.lines)


def test_conditions_that_differ_are_no_reliability_of_items():
    from_conditions = items_alike(1, (-1.5, 0.0, 1.5))
    assert from_conditions.item_reliability < 0.3
    assert np.mean([items_alike(seed, (0.0,) * 7).item_reliability for seed in range(12)]) < 0.15


def items_alike(seed, logits):
    design = SimulatedDesign(60, 10, 6 * len(logits), len(logits), sd_item=0.0)
    answers = simulate(np.random.default_rng(seed), design, logits)
    return rasch_model(fit_mixed(answers, ("condition",), tests=False))


def test_where_nothing_differs_nothing_is_listed_and_nothing_is_reliable():
    table = crossed()
    alike = rasch_model(fit_mixed(Columns(dict(table.named), [1] * len(table.n)), tests=False))
    assert (alike.item_reliability, alike.listener_reliability) == (0, 0)
    assert alike.items == alike.listeners == ()
    assert "No differences between listeners were found, so none is listed." in alike.lines


def test_reliable_where_listeners_answer_much():
    rng = np.random.default_rng(3)
    skill, ease = rng.normal(0, 1.0, 40), rng.normal(0, 1.0, 150)
    right = rng.random((40, 150)) < 1 / (1 + np.exp(-skill[:, None] - ease))
    table = Columns(
        {
            "listener": [f"L{i:02}" for i in range(40) for _ in range(150)],
            "item": [f"I{j:03}" for _ in range(40) for j in range(150)],
        },
        [int(value) for value in right.ravel()],
    )
    rasch = rasch_model(fit_mixed(table, tests=False))
    assert rasch.listener_reliability > 0.94
    assert 0.8 < rasch.item_reliability < 0.95
    true = {f"L{i:02}": value for i, value in enumerate(skill)}
    estimates = [one.estimate for one in rasch.listeners]
    found = np.corrcoef(estimates, [true[one.name] for one in rasch.listeners])[0, 1] ** 2
    assert rasch.listener_reliability == pytest.approx(found, abs=0.05)


def test_items_that_fool_most_have_the_lowest_rates_and_not_the_lowest_residuals(fit):
    effects = item_effects_of_fit(fit, count=42)
    rates = [item.estimate for item in effects.most]
    assert rates == sorted(rates)
    assert all(item.low < item.estimate < item.high for item in effects.most)
    residuals = [item.residual for item in effects.most]
    assert residuals != sorted(residuals)
    hardest = [one.name for one in rasch_model(fit).items[:10]]
    assert hardest == [item.name for item in effects.most[:10]]
    assert str(effects.most[0]).startswith("I41: 36.3% (22.6% to 52.5%), residual -0.52, 6 of 25")


def test_many_listeners_are_listed_in_full_only_if_asked(fit, rasch):
    short = rasch_model(fit)
    assert (len(short.items), len(short.listeners), short.listener_count) == (42, 10, 120)
    assert len(rasch.listeners) == 120
    assert "The 10 ablest of 120 listeners (ability, standard error, right answers):" in short.lines
    assert "The 10 hardest of 42 items" in "\n".join(short.lines)
    assert len(rasch.lines) == 3 + 1 + 42 + 1 + 120


def test_the_command_lists_it_and_the_public_report_names_no_listener(capsys):
    table = str(DATA / "answers_crossed.csv")
    assert main([table, "--rasch", "--json"]) == 0
    results = json.loads(capsys.readouterr().out)["results"]
    assert len(results["rasch"]["listeners"]) == 120
    assert results["best_listeners"]["low"] < results["best_listeners"]["estimate"]
    assert results["fooling"]["most"][0]["residual"] < 0
    for options in (["--public"], ["--public", "--json"]):
        assert main([table, "--rasch", *options]) == 0
        assert "L43" not in capsys.readouterr().out


def test_one_answer_each_gives_no_abilities():
    table = crossed()
    table.named["listener"] = [f"L{at}" for at in range(len(table.n))]
    assert rasch_model(fit_mixed(table, tests=False)) is None
