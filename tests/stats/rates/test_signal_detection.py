from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bachtest.stats.rates.signal_detection import d_of_rate, d_prime_2afc
from tests.stats.reference import REFERENCE


def test_2afc_agrees_with_sensr():
    [row] = REFERENCE["sensR_2afc_discrim"]
    result = d_prime_2afc(row["x"], row["n"])
    assert result.estimate == pytest.approx(row["d"], abs=1e-9)
    assert result.se == pytest.approx(row["se_d"], abs=1e-9)
    # sensR stops at 0, below which nobody tells Bach and machine apart.
    limits = max(result.low, 0), result.high
    assert limits == pytest.approx(row["d_ci_exact"], abs=1e-8)


def test_the_psychometric_curve_is_inverted():
    curve = REFERENCE["psychometric"]
    for d, rate in zip(curve["d"], curve["twoAFC"], strict=True):
        assert d_of_rate(rate) == pytest.approx(d, abs=1e-8)


def test_below_chance_d_prime_is_negative():
    assert d_prime_2afc(30, 100).high < 0


def test_all_right_is_infinite_with_a_finite_lower_limit():
    result = d_prime_2afc(8, 8)
    assert result.estimate == math.inf
    assert result.se is None
    assert 0 < result.low < math.inf


def test_no_answers_leave_everything_open():
    result = d_prime_2afc(0, 0)
    assert (result.estimate, result.low, result.high) == (None, -math.inf, math.inf)
    assert str(result) == "no answers"


def test_a_rate_that_cannot_be_is_named():
    with pytest.raises(ValueError, match=r"rate 1\.2"):
        d_of_rate(1.2)


@given(st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_swapping_right_and_wrong_turns_the_sign(count):
    x, n = count
    result, mirror = d_prime_2afc(x, n), d_prime_2afc(n - x, n)
    assert result.estimate == pytest.approx(-mirror.estimate, abs=1e-9)
    assert result.low == pytest.approx(-mirror.high, abs=1e-6)


def test_the_skill_of_simulated_listeners_is_found_again():
    # Two clips seen through unit noise, d' apart: the larger one is called Bach.
    noise = np.random.default_rng(8).normal(size=(2, 40_000))
    right = int(np.sum(noise[0] + 0.8 > noise[1]))
    result = d_prime_2afc(right, 40_000)
    assert result.low < 0.8 < result.high
    assert result.estimate == pytest.approx(0.8, abs=0.04)
