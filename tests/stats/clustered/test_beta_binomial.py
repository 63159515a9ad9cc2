from __future__ import annotations

import numpy as np
import pytest

from bachtest.stats.clustered.beta_binomial import beta_binomial
from tests.stats.reference import REFERENCE

PLAIN, CORRECTED = REFERENCE["beta_binomial"]


def test_the_beta_binomial_agrees_with_sensr():
    found = beta_binomial(PLAIN["x"], 12)
    assert found.estimate == pytest.approx(PLAIN["mu"], abs=1e-6)
    assert found.gamma == pytest.approx(PLAIN["gamma"], abs=1e-6)
    assert found.loglik == pytest.approx(PLAIN["loglik"], abs=1e-5)
    assert found.g2 == pytest.approx(PLAIN["G2_overdisp"], abs=1e-4)
    assert found.p == pytest.approx(PLAIN["p"], abs=1e-7)


def test_the_chance_corrected_model_agrees_with_sensr():
    found = beta_binomial(CORRECTED["x"], CORRECTED["n"], guess=1 / 3)
    assert found.estimate == pytest.approx(CORRECTED["mu"], abs=1e-6)
    assert found.gamma == pytest.approx(CORRECTED["gamma"], abs=1e-6)
    assert found.loglik == pytest.approx(CORRECTED["loglik"], abs=1e-4)
    assert found.g2 == pytest.approx(CORRECTED["G2_overdisp"], abs=1e-3)
    assert found.p == pytest.approx(CORRECTED["p"], abs=1e-5)


def test_the_spread_of_simulated_listeners_is_found_again():
    # 11,061 people with 50 pictures each, as in the AI Art Turing Test of 2024.
    mu, gamma = 0.5943405, 0.0210249
    size = (1 - gamma) / gamma
    rng = np.random.default_rng(7)
    right = rng.binomial(50, rng.beta(mu * size, (1 - mu) * size, size=11_061))
    found = beta_binomial(right, 50)
    assert found.low < mu < found.high
    assert found.estimate == pytest.approx(mu, abs=0.003)
    assert found.gamma == pytest.approx(gamma, abs=0.002)
    assert (found.groups, found.n) == (11_061, 553_050)


def test_groups_that_are_all_alike_have_no_spread():
    found = beta_binomial([5] * 20, 10)
    assert (found.gamma, found.g2, found.p) == (0, 0, 1)
    assert found.estimate == 0.5


@pytest.mark.parametrize(
    ("x", "n"), [([], []), ([0], [0]), ([3], [10]), ([1, 0, 1], [1, 1, 1]), ([4, 4], [4, 4])]
)
def test_degenerate_tables_have_a_defined_answer(x, n):
    found = beta_binomial(x, n)
    assert 0 <= found.low <= found.high <= 1
    assert np.isfinite([found.gamma, found.loglik, found.g2, found.p]).all()
    assert (found.estimate is None) == (sum(n) == 0)


@pytest.mark.parametrize("guess", [0, 0.5])
@pytest.mark.parametrize(("x", "rate"), [([4, 4], 1.0), ([0, 0], 0.0)])
def test_all_right_or_all_wrong_shows_no_spread_and_no_error(x, rate, guess):
    found = beta_binomial(x, 4, guess=guess)
    assert (found.estimate, found.gamma, found.g2, found.p) == (rate, 0, 0, 1)
    assert (found.low, found.high, found.se) == (0, 1, None)


def test_listeners_who_are_always_or_never_right_are_as_spread_as_can_be():
    found = beta_binomial([0] * 10 + [8] * 10, 8)
    assert found.gamma > 0.95
    assert found.p < 1e-6


def test_counts_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="more right answers than answers"):
        beta_binomial([5], [4])
