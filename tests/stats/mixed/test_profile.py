from __future__ import annotations

import numpy as np
import pytest

from bachtest.stats.mixed.glmm import fit_glmm, make_problem, pattern_rows
from bachtest.stats.mixed.profile import profile_interval
from tests.stats.mixed.tables import crossed_problem
from tests.stats.reference import REFERENCE, rows_of

LME4 = REFERENCE["glmm_lme4_converged"]


def js_fakes_problem():
    rows = rows_of("js_fakes_by_item.csv")
    correct, n = (np.array([float(row[name]) for row in rows]) for name in ("correct", "n"))
    items = np.arange(len(rows))
    return make_problem(pattern_rows(np.ones((len(rows), 1))), correct, n, [items], [len(rows)])


NULL_POSITIONS = ["profile_sd_listener", "profile_sd_item", "profile_intercept"]
JS_FAKES_POSITIONS = ["profile_sd_item", "profile_intercept"]


@pytest.mark.parametrize("at", range(3))
def test_agrees_with_lme4_on_crossed_effects(at):
    problem = crossed_problem(null=True)
    interval = profile_interval(problem, fit_glmm(problem), at, level=0.95)
    assert interval == pytest.approx(LME4["null"][NULL_POSITIONS[at]], rel=2e-3)


@pytest.mark.parametrize("at", range(2))
def test_a_standard_deviation_that_may_be_none_reaches_down_to_zero(at):
    problem = js_fakes_problem()
    interval = profile_interval(problem, fit_glmm(problem), at, level=0.95)
    assert interval == pytest.approx(LME4["js_fakes"][JS_FAKES_POSITIONS[at]], rel=2e-3)
