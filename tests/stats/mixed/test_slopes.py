"""By-listener random slopes."""

from __future__ import annotations

import numpy as np
import pytest

from bachtest.stats.mixed import random_factors
from bachtest.stats.mixed.fit import fit_mixed
from bachtest.stats.mixed.likelihood.glmm import MixedError
from tests.stats.mixed.tables import Columns, simulated
from tests.stats.reference import REFERENCE

CONDITIONS = ("S", "AT", "SATB")


def uneven():
    rng = np.random.default_rng(7)
    listeners, items, each = 40, 30, 18
    skill, ease = rng.normal(0, 0.6, listeners), rng.normal(0, 0.5, items)
    slopes = rng.normal(0, 1.2, (listeners, 3))
    listener = np.repeat(np.arange(listeners), each)
    item = np.concatenate([rng.permutation(items)[:each] for _ in range(listeners)])
    logit = np.array([0.2, 0.6, 1.1])[item % 3] + skill[listener] + ease[item]
    logit = logit + slopes[listener, item % 3]
    right = rng.random(len(item)) < 1 / (1 + np.exp(-logit))
    named = {
        "listener": [f"L{i}" for i in listener],
        "item": [f"I{i}" for i in item],
        "condition": [CONDITIONS[i % 3] for i in item],
    }
    return Columns(named, [int(value) for value in right])


@pytest.fixture(scope="module")
def fit():
    return fit_mixed(uneven(), by=("condition",), slopes=("condition",))


def test_agrees_with_a_converged_lme4(fit):
    lme4 = REFERENCE["glmm_lme4_converged"]["slopes"]
    assert [one.estimate for one in fit.coefficients] == pytest.approx(lme4["coef"], rel=5e-4)
    assert [one.se for one in fit.coefficients] == pytest.approx(lme4["se"], rel=5e-4)
    for one in fit.variance_components:
        assert one.variance == pytest.approx(lme4[f"var_{one.name}"], rel=5e-4)
    assert fit.loglik == pytest.approx(lme4["loglik"], abs=1e-5)
    assert fit.tests[0].chi2 == pytest.approx(lme4["lrt_condition_chi2_df2"], abs=1e-4)


def test_says_what_it_takes_listeners_to_be(fit):
    assert any("listeners differ in what condition does" in one for one in fit.assumptions)
    assert not any("no by-listener slopes" in one for one in fit.assumptions)
    without = fit_mixed(uneven(), by=("condition",))
    assert any("no by-listener slopes" in one for one in without.assumptions)
    # Comparisons within listeners were too sure.
    assert fit.coefficients[1].se > 1.2 * without.coefficients[1].se


def test_what_does_not_vary_within_a_listener_has_no_slope():
    table = uneven()
    table.named["experience"] = [
        "novice" if name < "L2" else "expert" for name in table.named["listener"]
    ]
    fit = fit_mixed(table, slopes=("experience",))
    component = fit.variance_component("listener:experience")
    assert not component.estimated
    assert "where their spread is counted" in component.note


def test_a_slope_needs_a_column_and_more_than_one_answer():
    with pytest.raises(MixedError, match="no column 'mood'"):
        fit_mixed(uneven(), slopes=("mood",))
    component = fit_mixed(uneven(), slopes=("item",)).variance_component("listener:item")
    assert "cannot be told from chance" in component.note


def test_slopes_need_listeners():
    table = Columns({"item": ["a", "b"] * 4}, [0, 1] * 4)
    with pytest.raises(MixedError, match="no column 'listener'"):
        fit_mixed(table, slopes=("item",))


def test_slopes_of_too_many_listeners_are_refused(monkeypatch):
    monkeypatch.setattr(random_factors, "MAX_DENSE_LEVELS", 60)
    table = simulated(np.random.default_rng(1), 50, 5, 20)
    with pytest.raises(MixedError, match="70 listeners, items and excerpts"):
        fit_mixed(table, slopes=("condition",))
