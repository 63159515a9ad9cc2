from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import betaln, xlog1py, xlogy

from bachtest.stats.clustered.anytime_valid import (
    beta_binomial_cs,
    e_value,
    empirical_bernstein_cs,
    empirical_bernstein_interval,
    log_e_values,
)
from tests.stats.reference import REFERENCE


def test_the_beta_binomial_sequence_agrees_with_the_reference():
    [row] = REFERENCE["beta11_mixture_cs"]
    low, high = beta_binomial_cs([row["s"]], [row["n"]])
    assert (low[0], high[0]) == pytest.approx(row["ci"], abs=1e-7)


def test_looking_all_the_time_gives_few_false_alarms():
    # 2,000 guessers looked at every 10 answers from 20 on; the exact test gives 39%.
    coins = np.random.default_rng(2).random((2000, 2000)) < 0.5
    right = coins.cumsum(axis=1)[:, 19::10]
    n = np.arange(20, 2001, 10)
    alarms = (log_e_values(right, n) >= math.log(20)).any(axis=1)
    assert alarms.mean() < 0.03


def test_the_e_value_and_the_sequence_reject_one_half_together():
    low, high = beta_binomial_cs(np.arange(101), [100] * 101)
    for x in range(101):
        rejected = not low[x] <= 0.5 <= high[x]
        assert rejected == (e_value(x, 100).e > 20)


def test_no_answers_are_no_evidence():
    assert e_value(0, 0).e == 1
    assert e_value(0, 0).p == 1
    low, high = beta_binomial_cs([0], [0])
    assert (low[0], high[0]) == (0, 1)
    assert empirical_bernstein_interval([]).estimate is None


def test_the_limits_are_where_the_mixture_rejects():
    x, n = np.array([3, 60, 700_000]), np.array([5, 100, 1_000_000])
    for limit in beta_binomial_cs(x, n):
        log_ratio = betaln(1 + x, 1 + n - x) - xlogy(x, limit) - xlog1py(n - x, -limit)
        assert log_ratio == pytest.approx(math.log(20), abs=1e-6)


def test_all_right_or_all_wrong_leaves_one_end_open():
    low, high = beta_binomial_cs([0, 5, 1_000_000], [5, 5, 1_000_000])
    assert (low[0], high[1], high[2]) == (0, 1, 1)
    assert (low[1], low[2]) == pytest.approx((1 - high[0], (0.05 / 1_000_001) ** 1e-6))


@given(st.lists(st.floats(0, 1), max_size=60))
def test_the_bernstein_sequence_never_widens_and_mirrors(means):
    low, high = empirical_bernstein_cs(means)
    assert (np.diff(low) >= 0).all()
    assert (np.diff(high) <= 0).all()
    other_low, other_high = empirical_bernstein_cs([1 - mean for mean in means])
    assert low == pytest.approx(1 - other_high, abs=1e-9)
    assert high == pytest.approx(1 - other_low, abs=1e-9)


def test_the_bernstein_sequence_holds_at_every_look():
    # Listeners differ and answer five times each: mean .62, a spread of .15 between them.
    rng = np.random.default_rng(5)
    missed = 0
    for _ in range(300):
        skill = rng.beta(6.2, 3.8, size=200)
        low, high = empirical_bernstein_cs(rng.binomial(5, skill) / 5)
        missed += bool((low > 0.62).any() or (high < 0.62).any())
    assert missed / 300 <= 0.05
    assert high[-1] - low[-1] < 0.16


def test_a_mean_that_cannot_be_is_named():
    with pytest.raises(ValueError, match=r"1\.5"):
        empirical_bernstein_cs([0.5, 1.5])
