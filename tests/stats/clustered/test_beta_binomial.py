from __future__ import annotations

import numpy as np
import pytest

from bachtest.stats.clustered.beta_binomial import beta_binomial
from tests.stats.reference import REFERENCE

PLAIN, CORRECTED = REFERENCE["beta_binomial"]


def test_the_beta_binomial_agrees_with_sensr():
    fit = beta_binomial(PLAIN["x"], 12)
    assert fit.estimate == pytest.approx(PLAIN["mu"], abs=1e-6)
    assert fit.gamma == pytest.approx(PLAIN["gamma"], abs=1e-6)
    assert fit.loglik == pytest.approx(PLAIN["loglik"], abs=1e-5)
    assert fit.g2 == pytest.approx(PLAIN["G2_overdisp"], abs=1e-4)
    assert fit.p == pytest.approx(PLAIN["p"], abs=1e-7)


def test_the_chance_corrected_model_agrees_with_sensr():
    fit = beta_binomial(CORRECTED["x"], CORRECTED["n"], guess=1 / 3)
    assert fit.estimate == pytest.approx(CORRECTED["mu"], abs=1e-6)
    assert fit.gamma == pytest.approx(CORRECTED["gamma"], abs=1e-6)
    assert fit.loglik == pytest.approx(CORRECTED["loglik"], abs=1e-4)
    assert fit.g2 == pytest.approx(CORRECTED["G2_overdisp"], abs=1e-3)
    assert fit.p == pytest.approx(CORRECTED["p"], abs=1e-5)


def test_the_spread_of_simulated_listeners_is_found_again():
    # 11,061 people with 50 pictures each, as in the AI Art Turing Test of 2024.
    mu, gamma = 0.5943405, 0.0210249
    size = (1 - gamma) / gamma
    rng = np.random.default_rng(7)
    right = rng.binomial(50, rng.beta(mu * size, (1 - mu) * size, size=11_061))
    fit = beta_binomial(right, 50)
    assert fit.low < mu < fit.high
    assert fit.estimate == pytest.approx(mu, abs=0.003)
    assert fit.gamma == pytest.approx(gamma, abs=0.002)
    assert (fit.groups, fit.n) == (11_061, 553_050)


def test_groups_that_are_all_alike_have_no_spread():
    fit = beta_binomial([5] * 20, 10)
    assert (fit.gamma, fit.g2, fit.p) == (0, 0, 1)
    assert fit.estimate == 0.5


@pytest.mark.parametrize(
    ("x", "n"), [([], []), ([0], [0]), ([3], [10]), ([1, 0, 1], [1, 1, 1]), ([4, 4], [4, 4])]
)
def test_degenerate_tables_have_a_defined_answer(x, n):
    fit = beta_binomial(x, n)
    assert 0 <= fit.low <= fit.high <= 1
    assert np.isfinite([fit.gamma, fit.loglik, fit.g2, fit.p]).all()
    assert (fit.estimate is None) == (sum(n) == 0)


@pytest.mark.parametrize("guess", [0, 0.5])
@pytest.mark.parametrize(("x", "rate"), [([4, 4], 1.0), ([0, 0], 0.0)])
def test_all_right_or_all_wrong_shows_no_spread_and_no_error(x, rate, guess):
    fit = beta_binomial(x, 4, guess=guess)
    assert (fit.estimate, fit.gamma, fit.g2, fit.p) == (rate, 0, 0, 1)
    assert (fit.low, fit.high, fit.se) == (0, 1, None)


def test_listeners_who_are_always_or_never_right_are_as_spread_as_can_be():
    fit = beta_binomial([0] * 10 + [8] * 10, 8)
    assert fit.gamma > 0.95
    assert fit.p < 1e-6


def test_more_right_answers_than_answers_are_refused():
    with pytest.raises(ValueError, match="5 correct of n=4"):
        beta_binomial([5], [4])
