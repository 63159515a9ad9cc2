from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from bachtest.stats.rates.proportions import (
    binomial_test,
    clopper_pearson,
    jeffreys,
    tail_above,
    tail_below,
    wilson,
)
from tests.stats.reference import REFERENCE, rows_of

METHODS = {"wilson": wilson, "clopper_pearson": clopper_pearson, "jeffreys": jeffreys}
CASES = [
    (name, row["x"], row["n"], row[name])
    for row in REFERENCE["proportion_ci_95"]
    for name in METHODS
    if name in row
]


@pytest.mark.parametrize(("name", "x", "n", "limits"), CASES)
def test_intervals_agree_with_r(name, x, n, limits):
    interval = METHODS[name](x, n)
    assert (interval.low, interval.high) == pytest.approx(limits, abs=1e-8)
    assert interval.estimate == x / n


def test_exact_test_agrees_with_r():
    rows = [row for row in REFERENCE["proportion_ci_95"] if "p_two_sided_exact_vs_half" in row]
    assert len(rows) == 2
    for row in rows:
        assert binomial_test(row["x"], row["n"]).p == pytest.approx(
            row["p_two_sided_exact_vs_half"], rel=1e-7
        )


def test_bachbot_intervals_are_found_again_from_the_inferred_counts():
    # Read off a figure: two digits of the rate, so the limits are good to about .01.
    rows = rows_of("bachbot_2016_condition.csv")
    assert len(rows) == 7
    for row in rows:
        n = int(row["n_inferred_from_wilson"])
        interval = wilson(round(float(row["prop_correct"]) * n), n)
        assert interval.low == pytest.approx(float(row["ci_lo"]), abs=0.01)
        assert interval.high == pytest.approx(float(row["ci_hi"]), abs=0.01)


@pytest.mark.parametrize("method", METHODS.values())
def test_no_answers_leave_everything_open(method):
    interval = method(0, 0)
    assert (interval.estimate, interval.low, interval.high) == (None, 0.0, 1.0)
    assert str(interval) == "no answers"


@pytest.mark.parametrize("method", METHODS.values())
def test_all_right_and_all_wrong_touch_the_ends_exactly(method):
    assert method(0, 7).low == 0.0
    assert method(7, 7).high == 1.0
    assert method(7, 7).low == pytest.approx(1 - method(0, 7).high)


@pytest.mark.parametrize("method", [*METHODS.values(), binomial_test])
@pytest.mark.parametrize(("x", "n"), [(5, 4), (-1, 4), (0, -1)])
def test_counts_that_cannot_be_are_named(method, x, n):
    with pytest.raises(ValueError, match=f"{x} correct of n={n}"):
        method(x, n)


@pytest.mark.parametrize("method", METHODS.values())
@pytest.mark.parametrize("level", [0, 1, 95])
def test_a_level_that_cannot_be_is_named(method, level):
    with pytest.raises(ValueError, match=f"level {level}"):
        method(1, 2, level=level)


counts = st.integers(0, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts)
def test_intervals_hold_the_estimate_and_mirror_wrong_answers(count):
    x, n = count
    for method in METHODS.values():
        interval, mirror = method(x, n), method(n - x, n)
        assert 0 <= interval.low <= interval.high <= 1
        assert interval.estimate is None or interval.low <= interval.estimate <= interval.high
        assert interval.low == pytest.approx(1 - mirror.high, abs=1e-9)


answered = st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(answered, st.sampled_from([0.8, 0.95, 0.99]))
def test_intervals_are_those_of_scipy_which_takes_longer(count, level):
    expected = binomtest(*count)
    for method, name in ((wilson, "wilson"), (clopper_pearson, "exact")):
        interval, limits = method(*count, level=level), expected.proportion_ci(level, method=name)
        assert (interval.low, interval.high) == pytest.approx((limits.low, limits.high), abs=1e-9)


@given(answered, st.sampled_from([0.3, 0.5, 0.55]))
def test_one_sided_tests_share_the_outcome_that_was_seen(count, chance):
    x, n = count
    seen = math.comb(n, x) * chance**x * (1 - chance) ** (n - x)
    assert tail_above(x, n, chance) + tail_below(x, n, chance) == pytest.approx(1 + seen)
    assert tail_above(0, n, chance) == tail_below(n, n, chance) == 1


def test_one_sided_tests_of_no_answers_show_nothing():
    assert tail_above(0, 0, 0.5) == tail_below(0, 0, 0.5) == 1


@given(answered)
def test_exact_test_is_the_sum_of_the_tails(count):
    x, n = count
    tail = sum(math.comb(n, k) for k in range(min(x, n - x) + 1)) / 2**n
    assert binomial_test(x, n).p == pytest.approx(min(1, 2 * tail), rel=1e-9)


@pytest.mark.parametrize("p", [0.5, 0.6, 0.9])
def test_clopper_pearson_never_covers_less_than_its_level(p):
    n = 30
    covered = sum(
        math.comb(n, x) * p**x * (1 - p) ** (n - x)
        for x in range(n + 1)
        if clopper_pearson(x, n).low <= p <= clopper_pearson(x, n).high
    )
    assert covered >= 0.95
