from __future__ import annotations

import json
import math

import numpy as np
import pytest

from bachtest.stats.mixed.fit import fit_mixed
from bachtest.stats.mixed.likelihood.glmm import MixedError
from tests.stats.mixed.tables import Columns, crossed, simulated
from tests.stats.reference import DATA, REFERENCE

LME4 = REFERENCE["glmm_lme4_converged"]
THREE_DIGITS = 5e-4


def every_number(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [number for one in value for number in every_number(one)]
    return [value] if isinstance(value, float) else []


@pytest.fixture(scope="module")
def reference_fit():
    return fit_mixed(crossed(), by=("condition", "experience"))


def test_agrees_with_a_converged_lme4(reference_fit):
    fit, lme4 = reference_fit, LME4["crossed"]
    assert [one.estimate for one in fit.coefficients] == pytest.approx(
        lme4["coef"], rel=THREE_DIGITS
    )
    assert [one.se for one in fit.coefficients] == pytest.approx(lme4["se"], rel=THREE_DIGITS)
    for one in fit.variance_components:
        assert one.variance == pytest.approx(lme4[f"var_{one.name}"], rel=THREE_DIGITS)
    assert fit.loglik == pytest.approx(lme4["loglik"], abs=1e-5)
    condition, experience = fit.tests
    assert (condition.name, condition.df) == ("condition", 6)
    assert condition.chi2 == pytest.approx(lme4["lrt_condition_chi2_df6"], abs=1e-4)
    assert condition.p_lrt == pytest.approx(lme4["lrt_condition_p"], rel=THREE_DIGITS)
    assert (experience.name, experience.df) == ("experience", 3)
    assert experience.chi2 == pytest.approx(lme4["lrt_experience_chi2_df3"], abs=1e-4)


def test_first_level_in_canonical_order_is_the_reference(reference_fit):
    names = [one.name for one in reference_fit.coefficients]
    assert names[:3] == ["(intercept)", "condition A", "condition T"]
    assert names[-3:] == ["experience intermediate", "experience advanced", "experience expert"]


def test_a_table_of_counts_agrees_with_the_reference_numbers():
    # The real answers on 500 machine chorales: counts by item, without listeners.
    with (DATA / "js_fakes_by_item.csv").open() as file:
        rows = [line.strip().split(",") for line in file][1:]
    table = Columns(
        {"item": [row[0] for row in rows]},
        [int(row[2]) for row in rows],
        [int(row[1]) for row in rows],
    )
    fit = fit_mixed(table)
    assert (fit.n, fit.correct) == (4048, 2321)
    lme4, [intercept] = LME4["js_fakes"], fit.coefficients
    assert [intercept.estimate] == pytest.approx(lme4["coef"], rel=THREE_DIGITS)
    assert [intercept.se] == pytest.approx(lme4["se"], rel=THREE_DIGITS)
    [item] = fit.variance_components
    assert item.variance == pytest.approx(lme4["var_item"], rel=THREE_DIGITS)


def test_rates_are_standardised_to_everybodys_experience():
    by = ("condition", "experience")
    fit = fit_mixed(crossed(), by=by, interactions=[by], tests=False)
    by_condition = fit.table("condition")
    crossed_rates = fit.table(*by)
    mix = {rate.labels[0]: rate.n / 960 for rate in fit.table("experience").rates}
    for rate in by_condition.rates:
        cells = [one for one in crossed_rates.rates if one.labels[0] == rate.labels[0]]
        mean = sum(mix[one.labels[1]] * one.estimate for one in cells)
        assert rate.estimate == pytest.approx(mean, abs=1e-9)
        assert rate.low < rate.estimate < rate.high


def test_few_items_bring_the_correction_and_many_do_not(reference_fit):
    assert "small-sample correction" in reference_fit.method
    assert (
        "(smallest cell: 6 listeners and 6 items; degrees of freedom: 116 and 35)"
        in reference_fit.method
    )
    shift, corrected = reference_fit.coefficients[1], reference_fit.corrected_coefficients[1]
    assert shift.df == corrected.df == 42 - 7
    assert corrected.se > shift.se
    assert shift.high - shift.low > 2 * 1.96 * shift.se
    assert reference_fit.tests[0].p > reference_fit.tests[0].p_lrt
    many = fit_mixed(simulated(np.random.default_rng(5), 120, 6, 120), tests=False)
    assert "Wald" in many.method
    assert many.coefficients[0].df is None
    assert many.corrected_coefficients == ()


def test_everything_can_become_json(reference_fit):
    text = json.dumps(reference_fit.to_json())
    numbers = every_number(json.loads(text))
    assert len(numbers) > 100
    assert all(math.isfinite(number) for number in numbers)


def test_the_item_effects_carry_their_raw_counts(reference_fit):
    (items,) = [one for one in reference_fit.effects if one.name == "item"]
    assert len(items.levels) == 42
    assert items.n.sum() == 960
    assert items.correct.sum() == 570


def test_swapping_right_and_wrong_mirrors_everything():
    table = simulated(np.random.default_rng(6), 60, 5, 24, logits=(0.2, 0.9))
    fit = fit_mixed(table, by=("condition",))
    mirror = fit_mixed(
        Columns(table.named, [1 - value for value in table.correct]), by=("condition",)
    )
    for one, other in zip(fit.coefficients, mirror.coefficients, strict=True):
        assert other.estimate == pytest.approx(-one.estimate, abs=1e-4)
        assert other.se == pytest.approx(one.se, rel=1e-3)
    for one, other in zip(fit.tables[1].rates, mirror.tables[1].rates, strict=True):
        assert (other.low, other.high) == pytest.approx((1 - one.high, 1 - one.low), abs=1e-3)


def test_names_of_listeners_and_the_order_of_rows_change_nothing():
    rng = np.random.default_rng(7)
    table = simulated(rng, 50, 5, 24)
    order = rng.permutation(len(table.n))
    renamed = Columns(
        {
            "listener": [f"x{table.named['listener'][i][::-1]}" for i in order],
            "item": [table.named["item"][i] for i in order],
        },
        [table.correct[i] for i in order],
    )
    fit, other = fit_mixed(table), fit_mixed(renamed)
    assert other.loglik == pytest.approx(fit.loglik, abs=1e-7)
    assert other.overall.low == pytest.approx(fit.overall.low, abs=1e-4)


def test_numbers_and_interactions_are_fitted_as_asked():
    rng = np.random.default_rng(8)
    table = simulated(rng, 200, 5, 40, logits=(0.5, 0.5), sds=(0.3, 0.3))
    trial = np.tile(np.arange(5), 200)
    table.named["trial"] = [str(value) for value in trial]
    right = rng.random(1000) < 1 / (1 + np.exp(-(0.3 * trial - 0.5)))
    table.correct = [int(value) for value in right]
    fit = fit_mixed(
        table, by=("condition",), numbers=("trial",), interactions=(("condition", "trial"),)
    )
    names = [one.name for one in fit.coefficients]
    assert names == ["(intercept)", "condition A", "trial", "condition A x trial"]
    assert abs(fit.coefficients[2].estimate - 0.3) < 3 * fit.coefficients[2].se
    assert [test.name for test in fit.tests] == ["condition x trial"]


@pytest.mark.parametrize(
    ("columns", "correct", "by", "says"),
    [
        ({"listener": [], "item": []}, [], (), "no answers"),
        ({"condition": ["S", "A"]}, [1, 0], (), "no column 'listener' and no column 'item'"),
        ({"item": ["1", "2"]}, [1, 0], ("skill",), "no column 'skill'"),
    ],
)
def test_tables_without_a_model_are_named(columns, correct, by, says):
    with pytest.raises(MixedError, match=says):
        fit_mixed(Columns(columns, correct), by=by)


def test_no_interval_is_narrower_than_all_answers_together_allow():
    """Three items in as many cells, few answers each: the listeners' spread runs away."""
    rows, correct = [], []
    for one in range(12):
        level = ("novice", "expert", "unstated")[one % 3]
        heard = [("2", "SATB", "flagship", one % 2 > 0)]
        heard += [("1", "S", "flagship", one % 4 > 0)] if one >= 2 else []
        heard += [("3", "AT", "markov", True)] if one < 4 else []
        for item, condition, composer, right in heard:
            rows.append((str(one), item, condition, composer, level))
            correct.append(int(right))
    names = ("listener", "item", "condition", "composer", "experience")
    columns = {name: [row[at] for row in rows] for at, name in enumerate(names)}
    fit = fit_mixed(Columns(columns, correct), by=("condition", "experience"))
    for rate in fit.table("condition").rates:
        assert rate.high - rate.low > 1.96 * 2 * math.sqrt(0.25 / len(rows)) * 0.9
