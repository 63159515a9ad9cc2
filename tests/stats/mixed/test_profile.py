from __future__ import annotations

import numpy as np
import pytest

from bachtest.stats.mixed.likelihood.glmm import design_matrix, fit_glmm, glmm_data
from bachtest.stats.mixed.profile import profile_interval
from tests.stats.mixed.tables import crossed_data
from tests.stats.reference import REFERENCE, rows_of

LME4 = REFERENCE["glmm_lme4_converged"]


def js_fakes_data():
    rows = rows_of("js_fakes_by_item.csv")
    correct, n = (np.array([float(row[name]) for row in rows]) for name in ("correct", "n"))
    items = np.arange(len(rows))
    return glmm_data(design_matrix(np.ones((len(rows), 1))), correct, n, [items], [len(rows)])


@pytest.mark.parametrize(
    ("at", "name"), [(0, "profile_sd_listener"), (1, "profile_sd_item"), (2, "profile_intercept")]
)
def test_agrees_with_lme4_on_crossed_effects(at, name):
    data = crossed_data(null=True)
    interval = profile_interval(data, fit_glmm(data), at, level=0.95)
    assert interval == pytest.approx(LME4["null"][name], rel=2e-3)


@pytest.mark.parametrize(("at", "name"), [(0, "profile_sd_item"), (1, "profile_intercept")])
def test_a_standard_deviation_that_may_be_zero_reaches_down_to_it(at, name):
    data = js_fakes_data()
    interval = profile_interval(data, fit_glmm(data), at, level=0.95)
    assert interval == pytest.approx(LME4["js_fakes"][name], rel=2e-3)
