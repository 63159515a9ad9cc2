from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import nct, t

from bachtest.stats.mixed.fit import Fitting
from bachtest.stats.planning.model_power import degrees_of_freedom, power_of_margin, power_of_test
from bachtest.stats.planning.plan import PlanSettings, make_plan
from bachtest.stats.planning.study_power import planned_study
from bachtest.stats.validate.simulate import SimulatedDesign, simulate

BOTH = PlanSettings(contrast=(0.55, 0.65))
ONE = PlanSettings(contrast=(0.55, 0.65), hear="one")


def model_of(listeners, items, assumed):
    design = SimulatedDesign(
        listeners, assumed.each, items, assumed.cells, hear=assumed.hear * (assumed.cells > 1)
    )
    table = simulate(np.random.default_rng(1), design, [0.4] * assumed.cells)
    return Fitting(table, ["condition"] * (assumed.cells > 1)).inference()


@pytest.mark.parametrize(
    ("listeners", "items", "assumed"),
    [
        *(
            (*size, assumed)
            for size in [(40, 12), (30, 25), (110, 30), (250, 105)]
            for assumed in (PlanSettings(), BOTH, ONE)
        ),
        (600, 30, PlanSettings(each=1)),
        (900, 104, PlanSettings(each=1)),
        (60, 12, PlanSettings(each=12)),
    ],
)
def test_the_degrees_of_freedom_are_those_of_the_model(listeners, items, assumed):
    inference = model_of(listeners, items, assumed)
    assert degrees_of_freedom(listeners, items, assumed) == inference.df(None)
    if assumed.contrast:
        contrast = degrees_of_freedom(listeners, items, assumed, contrast=True)
        assert contrast == inference.df(1)


@pytest.mark.parametrize("df", [2, 7, 39, 99])
@pytest.mark.parametrize("ratio", [0.5, 2, 3.5])
def test_power_is_that_of_the_noncentral_t(df, ratio):
    for alpha in (0.01, 0.05):
        expected = nct.sf(t.ppf(1 - alpha / 2, df), df, ratio)
        found = power_of_test(-0.1 * ratio, 0.1, df=df, alpha=alpha)
        assert found == pytest.approx(expected, abs=5e-4)


def test_many_degrees_of_freedom_are_the_normal_distribution():
    for power in (
        lambda df: power_of_test(0.3, 0.1, df=df, alpha=0.05),
        lambda df: power_of_margin(0.0, 0.1, margin=0.07, df=df, alpha=0.05),
    ):
        assert power(10**6) == pytest.approx(power(None), abs=1e-4)
        assert power(5) < power(20) < power(None)
    assert power_of_test(0.3, 0.1, df=0, alpha=0.05) == 0


def test_equivalence_at_the_margin_has_the_size_of_its_test():
    edge = math.log(0.6 / 0.4)
    power = power_of_margin(edge, 0.02, margin=0.1, df=30, alpha=0.05)
    assert power == pytest.approx(0.05, abs=1e-3)
    assert power_of_margin(-edge, 0.02, margin=0.1, df=30, alpha=0.05) == pytest.approx(power)


def test_the_power_is_less_than_independent_answers_would_have():
    # 12 items: 11 degrees of freedom. The normal distribution would promise 78%.
    study = planned_study(200, 12, PlanSettings(rate=0.6))
    assert study.df == 11
    assert 0.70 < study.difference < 0.72


def test_a_contrast_needs_items_and_listeners_who_hear_both():
    both, one = (planned_study(100, 40, assumed).contrast for assumed in (BOTH, ONE))
    assert one < both
    assert planned_study(100, 80, BOTH).contrast > both
    turned = PlanSettings(contrast=(0.65, 0.55))
    assert planned_study(100, 40, turned).contrast == pytest.approx(both)
    below = PlanSettings(contrast=(0.45, 0.35))
    assert below.rate == pytest.approx(0.4)
    assert planned_study(100, 40, below).contrast == pytest.approx(both)


def test_the_variance_of_a_contrast_is_that_of_simulated_studies():
    for assumed in (BOTH, ONE):
        design = SimulatedDesign(60, 8, 24, 2, hear=assumed.hear)
        rng = np.random.default_rng(3)
        logits = [design.logit(rate) for rate in assumed.contrast]
        differences = []
        for _ in range(1500):
            table = simulate(rng, design, logits)
            one, other = (table.right[table.cell == cell].mean() for cell in (0, 1))
            differences.append(np.log(other / (1 - other)) - np.log(one / (1 - one)))
        planned = PlanSettings(each=8, contrast=assumed.contrast, hear=assumed.hear)
        variance = planned.contrast_variance(60, 24)
        assert np.var(differences) == pytest.approx(variance, rel=0.15)


def test_below_one_half_a_plan_mirrors_the_one_above():
    for options in ({}, {"margin": 0.1}, {"design_effect": 2.0}):
        low, high = (make_plan(30, 20, PlanSettings(rate=rate, **options)) for rate in (0.4, 0.6))
        assert low.study.difference == pytest.approx(high.study.difference)
        assert low.study.half_width == pytest.approx(high.study.half_width)
        assert low.needed_difference == high.needed_difference
        assert low.advice == high.advice
