from __future__ import annotations

import numpy as np
import pytest

from bachtest.stats.mixed.fit import fit_mixed
from bachtest.stats.tables.read_study_folder import read_source
from tests.stats.mixed.tables import crossed, simulated
from tests.stats.reference import DATA, REFERENCE

BY = ("condition", "experience")
CASES = DATA.parent / "tables" / "cases"


@pytest.fixture(scope="module")
def interacting():
    table = read_source(CASES / "interaction.csv.gz").table
    return fit_mixed(table, BY, find_interactions=True)


def test_agrees_with_lme4(interacting):
    lme4 = REFERENCE["glmm_lme4_converged"]["interaction"]
    assert interacting.loglik == pytest.approx(lme4["loglik"], abs=1e-5)
    # The reference level is another: the crossed coefficient is the same but for its sign.
    assert interacting.coefficients[-1].estimate == pytest.approx(-lme4["coef"][-1], rel=5e-4)
    assert interacting.coefficients[-1].se == pytest.approx(lme4["se"][-1], rel=5e-4)


def test_rates_by_both_are_about_what_was_counted(interacting):
    for rate in interacting.table(*BY).rates:
        assert rate.estimate == pytest.approx(rate.correct / rate.n, abs=0.01)
    novice = interacting.table(*BY).rate("S", "novice")
    assert (novice.correct, novice.n) == (666, 789)
    assert novice.estimate == pytest.approx(0.8447, abs=5e-4)


def test_one_that_matters_is_found_and_fitted(interacting):
    [test] = interacting.interaction_tests
    assert (test.first, test.second, test.df) == (*BY, 1)
    assert test.p_holm == test.p < 1e-10
    # The likelihood ratio of the two models.
    assert test.chi2 == pytest.approx(interacting.tests[0].chi2, rel=0.1)


def test_without_one_there_are_no_rates_by_both():
    fit = fit_mixed(crossed(), BY, find_interactions=True, tests=False)
    [test] = fit.interaction_tests
    assert test.p > 0.05
    assert [table.by for table in fit.tables] == [(), ("condition",), ("experience",)]
    asked = fit_mixed(crossed(), BY, interactions=[BY], find_interactions=True)
    assert asked.interaction_tests == ()
    assert asked.tables[-1].by == BY
    [ratio] = [one for one in asked.tests if " x " in one.name]
    assert test.chi2 == pytest.approx(ratio.chi2, rel=0.2)
    assert test.df == ratio.df


def test_columns_that_cannot_be_told_apart_do_not_interact():
    table = simulated(np.random.default_rng(5), 60, 6, 42, logits=(0.5, 0.2))
    table.named["composer"] = [f"of {name}" for name in table.named["condition"]]
    fit = fit_mixed(table, ("condition", "composer"), find_interactions=True)
    assert fit.interaction_tests == ()


def test_three_columns_are_adjusted_for_three_pairs():
    table = crossed()
    table.named["half"] = [str(at % 2) for at in range(len(table.n))]
    fit = fit_mixed(table, (*BY, "half"), find_interactions=True, tests=False)
    assert len(fit.interaction_tests) == 3
    assert all(test.p_holm >= test.p for test in fit.interaction_tests)
