from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from bachtest.stats.mixed.likelihood.links import LOGIT, PROBIT
from bachtest.stats.mixed.marginal import marginal_logits

ETA = np.array([-30.0, -4.0, -0.7, 0.0, 1.3, 5.0, 30.0])
CORRECT, N = np.array([0.0, 1, 2, 0, 3, 4, 5]), np.array([1.0, 2, 3, 4, 5, 4, 5])
BOTH = pytest.mark.parametrize("link", [LOGIT, PROBIT])


def slope(of, at, step=1e-5):
    return (of(at + step) - of(at - step)) / (2 * step)


@BOTH
def test_the_loss_is_that_of_the_binomial(link):
    eta, correct, n = ETA[1:-1], CORRECT[1:-1], N[1:-1]
    p = link.rate(eta)
    expected = -(correct * np.log(p) + (n - correct) * np.log(1 - p)).sum()
    assert link.curve(eta, correct, n).loss == pytest.approx(expected)


@BOTH
def test_each_derivative_is_the_slope_of_the_one_before(link):
    curve = link.curve(ETA, CORRECT, N)

    def residual(eta):
        return link.curve(eta, CORRECT, N).residual

    def weight(eta):
        return link.curve(eta, CORRECT, N).weight

    assert curve.curvature == pytest.approx(-slope(residual, ETA), abs=1e-6)
    assert curve.weight_derivative == pytest.approx(slope(weight, ETA), abs=1e-6)
    assert link.slope(ETA) == pytest.approx(slope(link.rate, ETA), abs=1e-8)


@BOTH
def test_the_residual_is_the_slope_of_the_loss(link):
    for at in range(len(ETA)):

        def loss(eta, at=at):
            return link.curve(np.array([eta]), CORRECT[at : at + 1], N[at : at + 1]).loss

        residual = link.curve(ETA, CORRECT, N).residual[at]
        assert residual == pytest.approx(-slope(loss, ETA[at]), abs=1e-5)


@BOTH
def test_the_weight_is_the_expected_curvature(link):
    eta = ETA[1:-1]
    p, one = link.rate(eta), np.ones(len(eta))
    right, wrong = (link.curve(eta, one * answer, one).curvature for answer in (1, 0))
    expected = p * right + (1 - p) * wrong
    assert link.curve(eta, one, one).weight == pytest.approx(expected)


def test_the_probit_stays_finite_far_out():
    eta = np.array([-300.0, 300.0])
    curve = PROBIT.curve(eta, np.array([1.0, 0.0]), np.ones(2))
    for value in (curve.residual, curve.weight, curve.weight_derivative, curve.curvature):
        assert np.isfinite(value).all()
    assert np.isfinite(curve.loss)


def test_marginal_rates_of_the_probit_have_a_closed_form():
    one, theta = np.ones((1, 1)), np.array([0.5, 0.8])
    marginal = marginal_logits(one, one[0], one, theta, np.array([0.6]), PROBIT)
    expected = norm.cdf(0.6 / np.sqrt(1 + theta @ theta))
    assert LOGIT.rate(marginal.logit) == pytest.approx([expected], abs=1e-9)
