"""Predictions for items and listeners, against whole matrices, differences and hand sums."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from bachtest.stats.mixed.fit import Fitting, fit_mixed
from bachtest.stats.mixed.level_predictions import LevelPredictions
from bachtest.stats.mixed.likelihood.laplace import find_mode
from bachtest.stats.mixed.likelihood.search import information_of_coefficients
from bachtest.stats.mixed.logit_normal import mean_rate
from tests.stats.mixed.tables import CONDITIONS, Columns, crossed


def with_excerpts():
    """48 items, four of each of 12 excerpts, in three conditions; experience is the listener's."""
    rng = np.random.default_rng(4)
    skill, ease, shift = (rng.normal(0, 0.9, size) for size in (60, 48, 12))
    listener = np.repeat(np.arange(60), 12)
    item = np.concatenate([rng.permutation(48)[:12] for _ in range(60)])
    logit = np.array([0.2, 0.9, 0.5])[item % 3] + skill[listener] + ease[item] + shift[item // 4]
    named = {
        "listener": [f"L{i}" for i in listener],
        "item": [f"I{i}" for i in item],
        "excerpt": [f"E{i // 4}" for i in item],
        "condition": [CONDITIONS[i % 3] for i in item],
        "experience": ["novice" if i % 3 else "expert" for i in listener],
    }
    return Columns(named, [int(value) for value in rng.random(len(item)) < expit(logit)])


@pytest.fixture(scope="module")
def fit():
    return fit_mixed(with_excerpts(), ("condition", "experience"), tests=False)


def items_of(fit):
    return LevelPredictions(fit.inference, fit.data, "item", within=("excerpt",))


def test_errors_are_those_of_the_joint_inverse(fit):
    """With known variances: Henderson's matrix, whole, with the weights of the mode."""
    data, used = fit.data, fit.inference.used
    layout, x = data.layout, data.x.patterns[data.x.index]
    mode = find_mode(data, used.phi, np.zeros(layout.levels + layout.width))
    z = np.concatenate([np.eye(size)[layout.code_of(f)] for f, size in enumerate(layout.sizes)], 1)
    whole = np.concatenate([x, z], axis=1)
    prior = np.repeat(1 / used.theta**2, layout.sizes)
    joint = whole.T @ (mode.weight[:, None] * whole)
    joint += np.diag(np.concatenate([np.zeros(x.shape[1]), prior]))
    inverse = np.linalg.inv(joint)

    covariance = np.zeros_like(used.covariance)
    covariance[3:, 3:] = np.linalg.inv(
        information_of_coefficients(data, used.beta, mode.weight, mode.precision)
    )
    known = replace(fit.inference, used=replace(used, covariance=covariance))
    items = LevelPredictions(known, data, "item", within=("excerpt",))
    assert items.own == [1, 2]
    row = items.row
    contrast = np.zeros((len(items.levels), whole.shape[1]))
    contrast[:, : x.shape[1]] = items.mix.means()[items.mix.of_level]
    starts = x.shape[1] + np.cumsum([0, *layout.sizes])
    for factor in items.own:
        contrast[np.arange(len(row)), starts[factor] + layout.code_of(factor)[row]] = 1.0
    brute = np.sqrt(np.einsum("ij,jk,ik->i", contrast, inverse, contrast))
    assert items.se == pytest.approx(brute, rel=1e-6)


def test_effects_move_with_the_parameters_as_differences_say(fit):
    items, data, phi = items_of(fit), fit.data, fit.inference.used.phi

    def effects(at):
        mode = find_mode(data, at, np.zeros(data.layout.levels + data.layout.width))
        return sum(
            at[f] * data.layout.effects_of(f, mode.v)[data.layout.code_of(f)[items.row]]
            for f in items.own
        )

    assert items.effect == pytest.approx(effects(phi), abs=1e-6)
    for column in range(len(phi)):
        step = np.zeros(len(phi))
        step[column] = 1e-4
        slope = (effects(phi + step) - effects(phi - step)) / 2e-4
        assert items.effect_gradient[:, column] == pytest.approx(slope, abs=1e-6)


def test_an_items_rate_is_that_of_new_listeners_in_the_overall_mix(fit):
    items, used = items_of(fit), fit.inference.used
    table = with_excerpts()
    expert = np.mean([value == "expert" for value in table.named["experience"]])
    named = {one.name: one.estimate for one in fit.corrected_coefficients or fit.coefficients}
    at = items.levels.index("I1")
    logit = named["(intercept)"] + named["condition A"] + items.effect[at]
    spread = float(used.theta[0])
    rates = mean_rate([logit, logit + named["experience expert"]], spread)
    by_hand = (1 - expert) * rates[0] + expert * rates[1]
    assert items.rates().estimate[at] == pytest.approx(by_hand, abs=1e-9)
    own = items.logit[at]
    assert own == pytest.approx(logit + expert * named["experience expert"], abs=1e-9)


def test_the_rates_error_follows_from_its_gradient(fit):
    items, data, inference = items_of(fit), fit.data, fit.inference

    def logits(phi):
        used = inference.used
        moved = replace(used, theta=phi[:3], beta=phi[3:], effects=used.effects)
        rate = LevelPredictions(
            replace(inference, used=moved), data, "item", within=("excerpt",)
        ).rates(np.array([5])).estimate  # fmt: skip
        return float(np.log(rate / (1 - rate))[0])

    phi, gradient = inference.used.phi, np.zeros(len(inference.used.phi))
    for column in range(len(phi)):
        step = np.zeros(len(phi))
        step[column] = 1e-4
        gradient[column] = (logits(phi + step) - logits(phi - step)) / 2e-4
    rates = items.rates(np.array([5]))
    half = (np.log(rates.high / (1 - rates.high)) - np.log(rates.low / (1 - rates.low)))[0] / 2
    se = half / inference.half_width(inference.df(None))
    from_parameters = gradient @ inference.used.covariance @ gradient
    assert se**2 > from_parameters
    share = (se**2 - from_parameters) / items.effect_variance[5]
    assert 0.7 < share < 1.0  # the mean over listeners flattens the logit


def test_without_a_random_effect_an_items_rate_is_its_cells():
    """One answer of each listener and as many cells as items: only fixed effects are left."""
    table = Columns(
        {"item": ["a", "b"] * 40, "condition": ["S", "A"] * 40},
        [1, 0] * 10 + [1, 1] * 20 + [0, 0] * 10,
    )
    fit = fit_mixed(table, ("condition",), tests=False)
    items = LevelPredictions(fit.inference, fit.data, "item")
    rates = items.rates()
    cells = [fit.table("condition").rate(label) for label in ("S", "A")]
    assert rates.estimate == pytest.approx([cell.estimate for cell in cells], abs=1e-6)
    assert rates.low == pytest.approx([cell.low for cell in cells], abs=1e-4)
    assert items.se**2 == pytest.approx([1 / (40 * p * (1 - p)) for p in expit(items.logit)], 1e-3)


def test_columns_that_cannot_be_told_apart_leave_each_item_its_own_mix():
    table = with_excerpts()
    table.named["twin"] = [f"t{value}" for value in table.named["condition"]]
    fit = fit_mixed(table, ("condition", "twin", "experience"), tests=False)
    assert fit.inference.design.excluded
    items = items_of(fit)
    rates = items.rates()
    assert len(rates.estimate) == 48
    assert (rates.low < rates.estimate).all()
    assert (rates.estimate < rates.high).all()


def test_a_factor_that_the_model_lacks_is_refused(fit):
    with pytest.raises(KeyError):
        LevelPredictions(fit.inference, fit.data, "choir")


def test_effects_and_their_conditional_errors_are_those_of_lme4():
    """R: ``ranef(glmer(correct ~ 1 + (1|listener) + (1|item)), condVar = TRUE)``, converged."""
    fitting = Fitting(crossed())
    inference = fitting.inference(correct_few=False)
    items = LevelPredictions(inference, fitting.data, "item")
    at = [items.levels.index(name) for name in ("I0", "I1", "I10", "I11", "I12")]
    lme4 = [0.1081723, 0.5734692, -0.1936415, -0.4855746, 0.0729333]
    assert items.effect[at] == pytest.approx(lme4, abs=2e-5)
    sds = [0.385260, 0.382508, 0.382622, 0.356013, 0.351238]
    assert np.sqrt(items.effect_variance[at]) == pytest.approx(sds, abs=2e-5)
    assert (items.se > np.sqrt(items.effect_variance)).all()
