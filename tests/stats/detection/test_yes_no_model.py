from __future__ import annotations

import json
import math

import numpy as np
import pytest

from bachtest.stats.detection.yes_no_model import fit_yes_no
from bachtest.stats.rates.result import plain
from bachtest.stats.report.analysis import analyse
from bachtest.stats.report.terminal import analysis_json, analysis_text
from bachtest.stats.tables.read_study_folder import read_source
from bachtest.stats.verdict.finding import Finding
from tests.stats.mixed.tables import Columns
from tests.stats.reference import DATA, REFERENCE

CASES = DATA.parent / "tables" / "cases"
LME4 = REFERENCE["glmm_lme4_converged"]["yes_no"]


@pytest.fixture(scope="module")
def case():
    return analyse(read_source(CASES / "yn.csv.gz", protocol="yes-no"))


def judged(d, *, seed=1, criterion=0.2, sds=(0.4, 0.4), composers=("x", "y"), shift=0.0):
    """Thirty listeners judge forty clips; the second composer's are nearer Bach's by `shift`."""
    rng = np.random.default_rng(seed)
    bias, ease = rng.normal(0, sds[0], 30), rng.normal(0, sds[1], 40)
    rows = [(listener, item) for listener in range(30) for item in range(40)]
    listener, item = np.array(rows).T
    is_bach = item % 2 == 0
    second = item % 4 == 3
    eta = np.where(is_bach, d / 2, -d / 2 + shift * second) - criterion
    said = rng.normal(size=len(rows)) < eta + bias[listener] + ease[item]
    composer = np.where(is_bach, "", np.where(second, composers[1], composers[0]))
    table = Columns(
        {
            "listener": [f"l{at}" for at in listener],
            "item": [f"i{at}" for at in item],
            "composer": composer.tolist(),
            "half": [str(at % 8 > 3) for at in item],
        },
        (said == is_bach).astype(int).tolist(),
    )
    return table, is_bach


def test_agrees_with_lme4(case):
    fit = case.model
    assert [one.estimate for one in fit.coefficients] == pytest.approx(LME4["coef"], abs=2e-5)
    assert [one.se for one in fit.coefficients] == pytest.approx(LME4["se"], abs=2e-5)
    assert fit.variance_component("listener").sd == pytest.approx(LME4["sd_listener"], abs=2e-5)
    assert fit.variance_component("item").sd == pytest.approx(LME4["sd_item"], abs=2e-5)
    assert fit.loglik == pytest.approx(LME4["loglik"], abs=1e-5)


def test_odd_clips_are_not_sensitivity(case):
    assert case.pooled.finding is Finding.CAN_TELL
    assert case.verdict.finding is Finding.UNDECIDED
    overall = case.yes_no_model.overall
    assert overall.df == 38
    assert overall.low < 0 < overall.high
    assert (overall.hits, overall.bach, overall.false_alarms, overall.machine) == (
        394, 800, 337, 800,
    )  # fmt: skip


def test_d_and_criterion_are_those_of_the_simulation():
    model = fit_yes_no(*judged(1.0))
    assert model.overall.low < 1.0 < model.overall.high
    assert model.overall.criterion_low < 0.2 < model.overall.criterion_high
    assert model.overall.p < 0.001


def test_swapping_bach_and_machine_turns_d_and_keeps_the_criterion():
    table, is_bach = judged(0.6)
    plain_model = fit_yes_no(table, is_bach)
    table.correct = [1 - right for right in table.correct]
    turned = fit_yes_no(table, ~is_bach)
    assert turned.overall.estimate == pytest.approx(-plain_model.overall.estimate, abs=1e-3)
    assert turned.overall.criterion == pytest.approx(plain_model.overall.criterion, abs=1e-3)


def test_composers_are_compared_with_all_of_bachs_clips():
    table, is_bach = judged(1.2, shift=0.8)
    [by_composer] = fit_yes_no(table, is_bach, ["composer"]).tables
    first, second = by_composer.cells
    assert (first.labels, second.labels) == (("x",), ("y",))
    assert first.bach == second.bach == 600
    assert first.estimate - second.estimate == pytest.approx(0.8, abs=0.5)


def test_columns_that_bachs_clips_share_are_crossed():
    table, is_bach = judged(1.0)
    model = fit_yes_no(table, is_bach, ["half"])
    [by_half] = model.tables
    assert [cell.bach for cell in by_half.cells] == [300, 300]
    mean = sum(cell.estimate for cell in by_half.cells) / 2
    assert mean == pytest.approx(model.overall.estimate, abs=0.1)


def test_perfect_listeners_have_a_d_without_end():
    source = read_source(CASES / "s06_yes_no_perfect.csv", protocol="yes-no")
    analysis = analyse(source)
    overall = analysis.yes_no_model.overall
    assert overall.low > 0
    assert overall.high == math.inf
    assert analysis.verdict.finding is Finding.CAN_TELL
    json.dumps(analysis_json(analysis), allow_nan=False)
    assert plain(overall)["high"] is None


def test_without_listeners_the_model_is_of_the_clips_alone():
    table, is_bach = judged(1.0)
    del table.named["listener"]
    model = fit_yes_no(table, is_bach)
    assert "does not name the listeners" in model.slopes
    assert [one.name for one in model.fit.variance_components] == ["item"]


def test_one_d_in_one_report(case):
    text = analysis_text(case)
    assert "Coefficients of the probit mixed model, for a typical listener and clip" in text
    assert "single clips:" not in text
    results = analysis_json(case)["results"]
    assert results["sensitivity"][0]["estimate"] == pytest.approx(0.2146, abs=2e-4)
    assert results["d_prime"] is results["discrimination"] is None


def test_a_level_without_clips_of_both_kinds_has_no_d_and_changes_no_other():
    table, is_bach = judged(0.0)
    number = [int(name[1:]) for name in table.named["listener"]]
    # Novices call more clips Bach's, experts fewer: criteria differ, d' does not.
    for at, listener in enumerate(number):
        said = table.correct[at] == is_bach[at]
        if listener % 2 == 0 and not said and at % 3 == 0:
            table.correct[at] = int(is_bach[at])
    table.named["experience"] = ["novice" if one % 2 == 0 else "expert" for one in number]
    [alone] = fit_yes_no(table, is_bach, ["experience"]).tables
    teachers = [at for at in range(len(number)) if number[at] > 26 and not is_bach[at]]
    rows = [at for at in range(len(number)) if number[at] <= 26] + teachers
    for name, values in table.named.items():
        table.named[name] = [values[at] for at in rows]
    table.named["experience"] = [
        "teacher" if number[at] > 26 else value
        for at, value in zip(rows, table.named["experience"], strict=True)
    ]
    table.correct = [table.correct[at] for at in rows]
    table.n = [1] * len(rows)
    [mixed] = fit_yes_no(table, is_bach[rows], ["experience"]).tables
    assert [cell.labels for cell in mixed.cells] == [("expert",), ("novice",)] or [
        cell.labels for cell in mixed.cells
    ] == [("novice",), ("expert",)]
    by_name = {cell.labels: cell.estimate for cell in alone.cells}
    for cell in mixed.cells:
        assert cell.estimate == pytest.approx(by_name[cell.labels], abs=0.25)


def test_the_headline_and_the_coefficient_have_one_interval(case):
    [_, coefficient] = case.model.corrected_coefficients
    overall = case.yes_no_model.overall
    assert (coefficient.estimate, coefficient.low, coefficient.high, coefficient.p) == (
        pytest.approx((overall.estimate, overall.low, overall.high, overall.p))
    )


def test_few_listeners_limit_the_degrees_of_freedom_of_slopes():
    table, is_bach = judged(1.0)
    few = [at for at, name in enumerate(table.named["listener"]) if int(name[1:]) < 8]
    for name, values in table.named.items():
        table.named[name] = [values[at] for at in few]
    table.correct, table.n = [table.correct[at] for at in few], [1] * len(few)
    model = fit_yes_no(table, is_bach[few])
    assert model.overall.df <= 7
    assert model.fit.corrected_coefficients[1].df == model.overall.df


@pytest.mark.parametrize("option", ["slopes", "interactions", "side_bias", "profile"])
def test_options_of_other_models_are_refused(option):
    source = read_source(CASES / "yn.csv.gz", protocol="yes-no")
    value = {"slopes": ["condition"], "interactions": [("condition", "condition")]}.get(option)
    options = {option: value or True}
    with pytest.raises(ValueError, match="not with single clips"):
        analyse(source, by=[["condition"]], **options)
