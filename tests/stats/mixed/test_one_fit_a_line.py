"""Every line of a result comes from one fit: interval and p follow from its estimate and se."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import chi2, f, norm, t

from bachtest.stats.mixed.fit import fit_mixed
from tests.stats.mixed.tables import crossed, simulated


def few_items():
    """Seven cells of three items, as a first study has them."""
    rng = np.random.default_rng(11)
    table = simulated(rng, 100, 10, 21, logits=(0.8, 0.5, 1.6, -0.1, 0.6, 1.0, 1.0))
    level = rng.integers(0, 3, 100)
    table.named["experience"] = [
        ("novice", "advanced", "expert")[level[int(name[1:])]] for name in table.named["listener"]
    ]
    return table


def many_items():
    rng = np.random.default_rng(12)
    return simulated(rng, 300, 8, 240, logits=(0.2, 0.9))


TABLES = {
    "few items": lambda: fit_mixed(few_items(), ("condition", "experience")),
    "the reference table": lambda: fit_mixed(crossed(), ("condition", "experience")),
    "many items": lambda: fit_mixed(many_items(), ("condition",)),
}


@pytest.fixture(scope="module", params=TABLES)
def fit(request):
    return TABLES[request.param]()


def reach(df):
    return norm.ppf(0.975) if df is None else t.ppf(0.975, df)


def two_sided(ratio, df):
    return 2 * (norm.sf(abs(ratio)) if df is None else t.sf(abs(ratio), df))


def test_each_coefficient_agrees_with_itself(fit):
    for one in (*fit.coefficients, *fit.corrected_coefficients):
        assert one.z == pytest.approx(one.estimate / one.se)
        assert one.p_wald == pytest.approx(two_sided(one.z, None))
        half = reach(one.df) * one.se
        assert (one.low, one.high) == pytest.approx((one.estimate - half, one.estimate + half))
        assert one.p == pytest.approx(two_sided(one.estimate / one.se, one.df))


def test_each_rate_agrees_with_itself(fit):
    for rate in (rate for table in fit.tables for rate in table.rates):
        centre, half = logit(rate.estimate), reach(rate.df) * rate.se_logit
        assert (rate.low, rate.high) == pytest.approx((expit(centre - half), expit(centre + half)))
        assert rate.p == pytest.approx(two_sided(centre / rate.se_logit, rate.df))


def test_each_test_of_a_term_agrees_with_itself(fit):
    assert fit.tests
    for test in fit.tests:
        assert test.p_lrt == pytest.approx(chi2.sf(test.chi2, test.df))
        if test.f is None:
            assert test.p == test.p_lrt
        else:
            assert test.p == pytest.approx(f.sf(test.f, test.df, test.df2))


def test_the_correction_tests_one_difference_as_its_coefficient_does():
    table = simulated(np.random.default_rng(13), 100, 8, 16, logits=(0.2, 0.9))
    fit = fit_mixed(table, ("condition",))
    [test], shift = fit.tests, fit.corrected_coefficients[1]
    assert test.f == pytest.approx((shift.estimate / shift.se) ** 2)
    assert (test.df2, test.p) == (shift.df, pytest.approx(shift.p))


def test_both_tables_of_coefficients_are_shown_where_items_are_few(fit):
    text = str(fit)
    for one in (*fit.coefficients, *fit.corrected_coefficients):
        assert str(one) in text
    assert ("with the small-sample correction (use these):" in text) == bool(
        fit.corrected_coefficients
    )
