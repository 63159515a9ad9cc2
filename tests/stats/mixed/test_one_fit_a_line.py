"""Every line of a result comes from one fit: interval and p follow from its estimate and se."""

from __future__ import annotations

import re

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import chi2, f, norm, t

from bachtest.stats.mixed.fit import fit_mixed
from bachtest.stats.report.analysis import analyse
from bachtest.stats.report.terminal import analysis_text
from bachtest.stats.tables.read_study_folder import read_source
from tests.stats.mixed.tables import crossed, simulated
from tests.stats.reference import DATA


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
    assert ("With the small-sample correction (use these):" in text) == bool(
        fit.corrected_coefficients
    )


NUMBER = r"(-?[\d.]+)"
COEFFICIENT = re.compile(
    rf"  (\S.*): {NUMBER}, se {NUMBER} \({NUMBER} to {NUMBER}\), df (\d+), p (= |< ){NUMBER}"
)
F_TEST = re.compile(rf"  (\w+): F {NUMBER} on (\d+) and (\d+), p (= |< ){NUMBER}")
CHI_SQUARE = re.compile(
    rf"  (\w+): likelihood ratio chi-square {NUMBER} on (\d+), p (= |< ){NUMBER}"
)


@pytest.fixture(scope="module")
def printed():
    """The two halves of the model as the command prints it."""
    source = read_source(DATA / "answers_crossed.csv")
    text = analysis_text(analyse(source, by=[("condition", "experience")]))
    _, model = text.split("With the small-sample correction (use these):\n")
    corrected, rest = model.split("By maximum likelihood, uncorrected:\n")
    return corrected.splitlines(), rest.split("Assumptions:\n")[0].splitlines()


def agrees(p, sign, shown):
    return p < 0.001 if sign == "< " else p == pytest.approx(float(shown), abs=6e-4)


@pytest.mark.parametrize("half", [0, 1])
def test_each_printed_coefficient_agrees_with_itself(printed, half):
    lines = [match for line in printed[half] if (match := COEFFICIENT.fullmatch(line))]
    assert len(lines) == 10
    for _, estimate, se, low, high, df, sign, p in (line.groups() for line in lines):
        estimate, se, df = float(estimate), float(se), int(df)
        limits = estimate - reach(df) * se, estimate + reach(df) * se
        assert (float(low), float(high)) == pytest.approx(limits, abs=6e-4)
        assert agrees(two_sided(estimate / se, df), sign, p)


def test_each_printed_test_agrees_with_itself_and_stands_beside_its_own_coefficients(printed):
    corrected, uncorrected = printed
    tests = [match for line in corrected if (match := F_TEST.fullmatch(line))]
    assert [match[1] for match in tests] == ["condition", "experience"]
    for _, value, df, df2, sign, p in (match.groups() for match in tests):
        assert agrees(f.sf(float(value), int(df), int(df2)), sign, p)
    tests = [match for line in uncorrected if (match := CHI_SQUARE.fullmatch(line))]
    assert [match[1] for match in tests] == ["condition", "experience"]
    for _, value, df, sign, p in (match.groups() for match in tests):
        assert agrees(chi2.sf(float(value), int(df)), sign, p)


def test_each_printed_standard_deviation_is_that_of_its_own_fit(printed, fit):
    shown = ["\n".join(half) for half in printed]
    for half, other in (shown, shown[::-1]):
        spreads = re.findall(r"  \d+ \w+: standard deviation ([\d.]+)", half)
        assert len(spreads) == 2
        assert not set(spreads) & set(re.findall(r"standard deviation ([\d.]+)", other))
