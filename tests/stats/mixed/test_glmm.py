from __future__ import annotations

import numpy as np
import pytest

from bachtest.stats.mixed.likelihood import blocks
from bachtest.stats.mixed.likelihood.blocks import BlockLayout, Precision
from bachtest.stats.mixed.likelihood.glmm import design_matrix, fit_glmm, glmm_data
from bachtest.stats.mixed.likelihood.laplace import DesignMatrix, GlmmData, LaplaceObjective
from bachtest.stats.mixed.likelihood.links import LOGIT, PROBIT
from tests.stats.mixed.tables import crossed_data
from tests.stats.reference import REFERENCE

CROSSED, NULL = (REFERENCE["glmm_lme4_converged"][name] for name in ("crossed", "null"))


def random_data(rng, factors, link=LOGIT):
    rows, sizes = 300, [40, 12, 7][:factors]
    codes = [rng.integers(0, size, rows) for size in sizes]
    x = np.column_stack([np.ones(rows), rng.integers(0, 3, rows), rng.normal(size=rows)])
    n = rng.integers(1, 4, rows)
    correct = rng.binomial(n, 0.6).astype(float)
    pseudo = np.array([[1.0, 0.0, 0.0]]), np.array([1.0])
    layout = BlockLayout(codes, sizes)
    return GlmmData(DesignMatrix(x, np.arange(rows)), correct, n * 1.0, layout, *pseudo, link)


@pytest.mark.parametrize("factors", [1, 2, 3])
@pytest.mark.parametrize("dense", [False, True])
def test_the_factorised_precision_is_the_whole_matrix(factors, dense, monkeypatch):
    monkeypatch.setattr(blocks, "_PAIR_NS", 1e9 if dense else 1e-9)
    rng = np.random.default_rng(1)
    layout = random_data(rng, factors).layout
    theta, w = rng.uniform(0.2, 1, factors), rng.uniform(size=300)
    precision = Precision(layout, theta, w)
    order = (layout.large, *layout.small)
    z = [theta[f] * np.eye(layout.sizes[f])[layout.code_of(f)] for f in order]
    z = np.concatenate(z, axis=1)
    whole = np.eye(z.shape[1]) + z.T @ (w[:, None] * z)
    inverse, value = np.linalg.inv(whole), rng.normal(size=z.shape[1])
    assert precision.log_det == pytest.approx(np.linalg.slogdet(whole)[1])
    assert precision.solve(value) == pytest.approx(inverse @ value)
    assert precision.variances == pytest.approx(np.diag(inverse))
    scaled = z @ inverse @ z.T
    shared = np.einsum("f,fgn,g->n", theta, precision.covariances(), theta)
    assert shared == pytest.approx(np.diag(scaled))


@pytest.mark.parametrize("link", [LOGIT, PROBIT])
@pytest.mark.parametrize("factors", [1, 2, 3])
def test_the_gradient_is_the_slope_of_the_objective(factors, link):
    data = random_data(np.random.default_rng(2), factors, link)
    objective = LaplaceObjective(data)
    phi = np.array([*[0.7, 0.4, 0.3][:factors], 0.2, 0.1, -0.3])
    _, slope = objective.value_and_gradient(phi)
    for at, shift in enumerate(1e-5 * np.eye(len(phi))):
        difference = (objective.value(phi + shift) - objective.value(phi - shift)) / 2e-5
        assert slope[at] == pytest.approx(difference, abs=1e-5)


def variances(row):
    return [row["var_listener"], row["var_item"]]


def test_agrees_with_lme4_on_crossed_effects_with_ten_coefficients():
    fit = fit_glmm(crossed_data())
    assert fit.converged
    assert fit.beta == pytest.approx(CROSSED["coef"], rel=2e-5)
    assert fit.se == pytest.approx(CROSSED["se"], rel=2e-4)
    assert fit.theta**2 == pytest.approx(variances(CROSSED), rel=1e-4)
    assert fit.loglik == pytest.approx(CROSSED["loglik"], abs=1e-6)


def test_agrees_with_lme4_on_the_null_model():
    fit = fit_glmm(crossed_data(null=True))
    assert fit.beta == pytest.approx(NULL["coef"], rel=2e-5)
    assert fit.se == pytest.approx(NULL["se"], rel=2e-4)
    assert fit.theta**2 == pytest.approx(variances(NULL), rel=1e-4)
    assert fit.loglik == pytest.approx(NULL["loglik"], abs=1e-6)


def test_counts_and_single_answers_give_the_same_fit():
    rng = np.random.default_rng(3)
    item, n = np.repeat(np.arange(25), 2), rng.integers(1, 9, 50)
    correct = rng.binomial(n, 1 / (1 + np.exp(-rng.normal(0.5, 0.8, 25)[item])))
    counts = fit_glmm(
        glmm_data(design_matrix(np.ones((50, 1))), correct * 1.0, n * 1.0, [item], [25])
    )
    single = np.concatenate([[1.0] * c + [0.0] * (m - c) for c, m in zip(correct, n, strict=True)])
    rows = np.repeat(item, n)
    answers = fit_glmm(
        glmm_data(design_matrix(np.ones((len(rows), 1))), single, np.ones(len(rows)), [rows], [25])
    )
    assert answers.loglik == pytest.approx(counts.loglik, abs=1e-9)
    assert answers.phi == pytest.approx(counts.phi, abs=1e-6)


def test_a_variance_that_the_data_deny_is_zero_and_the_rest_is_logistic_regression():
    # Every item is right exactly half the time: less spread than coins have.
    item = np.repeat(np.arange(20), 10)
    correct = np.tile([1.0, 0.0], 100)
    fit = fit_glmm(glmm_data(design_matrix(np.ones((200, 1))), correct, np.ones(200), [item], [20]))
    assert fit.theta[0] == 0
    assert fit.beta[0] == pytest.approx(0, abs=1e-9)
    assert fit.se[0] == pytest.approx(2 / np.sqrt(200))
    assert fit.loglik == pytest.approx(200 * np.log(0.5))
    assert not fit.effects[0].any()


def test_effects_are_shrunken_towards_the_mean():
    rng = np.random.default_rng(4)
    ease = rng.normal(0, 1, 40)
    item = np.repeat(np.arange(40), 8)
    correct = (rng.random(320) < 1 / (1 + np.exp(-ease[item]))).astype(float)
    fit = fit_glmm(glmm_data(design_matrix(np.ones((320, 1))), correct, np.ones(320), [item], [40]))
    right = np.bincount(item, correct)
    raw = np.log((right + 0.5) / (8.5 - right))
    assert np.corrcoef(fit.effects[0], raw)[0, 1] > 0.98
    assert np.abs(fit.effects[0]).max() < np.abs(raw).max()
    assert (fit.effect_sds[0] < fit.theta[0]).all()
