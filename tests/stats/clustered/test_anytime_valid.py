from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bachtest.stats.clustered.anytime_valid import (
    coin_band,
    coin_sequence,
    e_value,
    listener_band,
    listener_sequence,
    log_e_values,
)
from tests.stats.reference import REFERENCE


def test_the_beta_mixture_agrees_with_the_reference():
    [row] = REFERENCE["beta11_mixture_cs"]
    found = coin_sequence(row["s"], row["n"])
    assert (found.low, found.high) == pytest.approx(row["ci"], abs=1e-7)
    assert "Beta(1, 1) mixture" in found.method


def test_looking_all_the_time_gives_few_false_alarms():
    # 2,000 guessers looked at every 10 answers from 20 on; the exact test gives 39 %.
    coins = np.random.default_rng(2).random((2000, 2000)) < 0.5
    right = coins.cumsum(axis=1)[:, 19::10]
    n = np.arange(20, 2001, 10)
    alarms = (log_e_values(right, n) >= math.log(20)).any(axis=1)
    assert alarms.mean() < 0.03


def test_the_e_value_and_the_sequence_reject_one_half_together():
    for x in range(101):
        sequence = coin_sequence(x, 100)
        rejected = not sequence.low <= 0.5 <= sequence.high
        assert rejected == (e_value(x, 100).e > 20)


def test_no_answers_are_no_evidence():
    assert e_value(0, 0).e == 1
    assert e_value(0, 0).p == 1
    sequence = coin_sequence(0, 0)
    assert (sequence.estimate, sequence.low, sequence.high) == (None, 0, 1)
    assert listener_sequence([]).estimate is None


def test_many_looks_are_the_single_looks():
    x, n = [0, 5, 60, 300], [0, 5, 100, 1000]
    low, high = coin_band(x, n)
    for i in range(4):
        single = coin_sequence(x[i], n[i])
        assert (low[i], high[i]) == (single.low, single.high)
        assert log_e_values(x, n)[i] == pytest.approx(e_value(x[i], n[i]).log_e)


@given(st.lists(st.floats(0, 1), max_size=60))
def test_the_listeners_band_never_widens_and_mirrors(means):
    low, high = listener_band(means)
    assert (np.diff(low) >= 0).all()
    assert (np.diff(high) <= 0).all()
    other_low, other_high = listener_band([1 - mean for mean in means])
    assert low == pytest.approx(1 - other_high, abs=1e-9)
    assert high == pytest.approx(1 - other_low, abs=1e-9)


def test_the_listeners_band_holds_at_every_look():
    # Listeners differ and answer five times each: mean .62, a spread of .15 between them.
    rng = np.random.default_rng(5)
    missed = 0
    for _ in range(300):
        skill = rng.beta(6.2, 3.8, size=200)
        low, high = listener_band(rng.binomial(5, skill) / 5)
        missed += bool((low > 0.62).any() or (high < 0.62).any())
    assert missed / 300 <= 0.05
    assert high[-1] - low[-1] < 0.16


def test_a_mean_that_cannot_be_is_named():
    with pytest.raises(ValueError, match=r"1\.5"):
        listener_band([0.5, 1.5])
