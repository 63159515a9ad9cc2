from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import expit
from scipy.stats import norm

from bachtest.stats.mixed.logit_normal import logit_of_mean, mean_rate, variance_between


@pytest.mark.parametrize(("logit", "sd"), [(0.4, 0.0), (0.4, 0.6), (-2.0, 1.5)])
def test_the_mean_is_the_integral(logit, sd):
    exact, _ = quad(lambda z: expit(logit + sd * z) * norm.pdf(z), -12, 12)
    assert float(mean_rate(logit, sd)) == pytest.approx(exact, abs=1e-9)


@pytest.mark.parametrize("rate", [1e-30, 0.2, 0.5, 0.9, 1 - 1e-12])
@pytest.mark.parametrize("sd", [0.0, 0.8, 10.0])
def test_the_logit_of_a_mean_has_that_mean(rate, sd):
    assert float(mean_rate(logit_of_mean(rate, sd), sd)) == pytest.approx(rate, rel=1e-6)


def test_the_variance_is_that_of_simulated_items():
    rng = np.random.default_rng(1)
    ease, skill = rng.normal(0, 0.7, 4000), rng.normal(0, 0.6, 2000)
    logit = logit_of_mean(0.6, np.hypot(0.7, 0.6))
    rates = expit(logit + ease[:, None] + skill).mean(axis=1)
    assert variance_between(0.6, 0.7, 0.6) == pytest.approx(np.var(rates), rel=0.08)


def test_a_factor_without_spread_has_no_variance():
    assert variance_between(0.7, 0.0, 0.5) == pytest.approx(0, abs=1e-20)
