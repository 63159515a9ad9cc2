"""What saves time changes no estimate."""

from __future__ import annotations

import numpy as np
import pytest

from bachtest.stats.mixed.design import read_factor
from bachtest.stats.mixed.fit import Fitting
from bachtest.stats.mixed.likelihood import blocks, small_sample
from bachtest.stats.mixed.likelihood.blocks import BlockLayout, Precision
from bachtest.stats.mixed.likelihood.conjugate_gradients import conjugate_gradients
from bachtest.stats.mixed.likelihood.glmm import (
    design_matrix,
    fit_glmm,
    glmm_data,
    max_loglik,
)
from bachtest.stats.mixed.likelihood.laplace import LaplaceObjective, find_mode
from bachtest.stats.mixed.likelihood.links import LOGIT, PROBIT
from bachtest.stats.mixed.likelihood.scaled_objective import minimise
from bachtest.stats.mixed.likelihood.small_sample import RestrictedObjective, restricted_fit
from tests.stats.mixed.tables import Columns, crossed, crossed_data, simulated

PHI = np.array([0.7, 0.4, 0.2, -0.3])


def sparse_data(link=LOGIT, *, listeners=260, items=200, each=5):
    """So many items that hardly two listeners share one."""
    rng = np.random.default_rng(21)
    listener = np.repeat(np.arange(listeners), each)
    item = rng.integers(0, items, len(listener))  # some meet an item twice
    x = np.column_stack([np.ones(len(item)), rng.integers(0, 3, len(item))])
    logit = 0.5 + 0.2 * x[:, 1] + rng.normal(0, 0.8, listeners)[listener]
    logit += rng.normal(0, 0.7, items)[item]
    correct = (rng.random(len(item)) < 1 / (1 + np.exp(-logit))).astype(float)
    codes, sizes = [listener, item], [listeners, items]
    return glmm_data(design_matrix(x), correct, np.ones(len(item)), codes, sizes, link=link)


def always_wide(monkeypatch):
    monkeypatch.setattr(blocks, "_STEP_NS", 0.0)


def never_wide(monkeypatch):
    monkeypatch.setattr(blocks, "_STEP_NS", 1e9)


def test_few_of_the_cells_in_use_give_the_whole_matrix():
    rng = np.random.default_rng(22)
    sizes, rows = [300, 150, 60], 500
    layout = BlockLayout([rng.integers(0, size, rows) for size in sizes], sizes)
    assert layout.pairs.cells.place is not None
    theta, w = rng.uniform(0.3, 1, 3), rng.uniform(size=rows)
    precision = Precision(layout, theta, w)
    z = [theta[f] * np.eye(sizes[f])[layout.code_of(f)] for f in (0, 1, 2)]
    z = np.concatenate(z, axis=1)
    whole = np.eye(z.shape[1]) + z.T @ (w[:, None] * z)
    inverse, value = np.linalg.inv(whole), rng.normal(size=z.shape[1])
    assert precision.solve(value) == pytest.approx(inverse @ value)
    assert precision.variances == pytest.approx(np.diag(inverse))
    shared = np.einsum("f,fgn,g->n", theta, precision.covariances(), theta)
    assert shared == pytest.approx(np.diag(z @ inverse @ z.T))
    # The inverse has taken the factor's place.
    assert precision.log_det == pytest.approx(np.linalg.slogdet(whole)[1])
    assert precision.solve(value) == pytest.approx(inverse @ value)


def test_a_step_without_a_factor_is_that_of_the_factor(monkeypatch):
    always_wide(monkeypatch)
    data = sparse_data()
    w, value = np.full(len(data.n), 0.2), np.random.default_rng(23).normal(size=460)
    precision = Precision(data.layout, PHI[:2], w)
    step = precision.step(value)
    assert "root" not in vars(precision)
    assert step == pytest.approx(precision.solve(value), rel=1e-4, abs=1e-5)


def test_conjugate_gradients_say_where_they_did_not_converge(monkeypatch):
    spread = 10.0 ** np.linspace(0, 14, 400)
    turn = np.linalg.qr(np.random.default_rng(24).normal(size=(400, 400)))[0]
    matrix = (turn * spread) @ turn.T
    value = np.ones(400)
    assert conjugate_gradients(matrix.__matmul__, np.diag(matrix), value) is None
    always_wide(monkeypatch)
    monkeypatch.setattr(blocks, "conjugate_gradients", lambda *_: None)
    data = sparse_data()
    precision = Precision(data.layout, PHI[:2], np.full(len(data.n), 0.2))
    value = np.ones(460)
    assert precision.step(value) == pytest.approx(precision.solve(value))


@pytest.mark.parametrize("link", [LOGIT, PROBIT])
@pytest.mark.parametrize("width", [always_wide, never_wide])
def test_the_gradient_of_many_items_is_the_slope(width, link, monkeypatch):
    width(monkeypatch)
    objective = LaplaceObjective(sparse_data(link))
    _, slope = objective.value_and_gradient(PHI)
    for at, shift in enumerate(1e-5 * np.eye(len(PHI))):
        difference = (objective.value(PHI + shift) - objective.value(PHI - shift)) / 2e-5
        assert slope[at] == pytest.approx(difference, abs=2e-5)


def test_estimates_are_the_same_with_and_without_a_factor_for_each_step(monkeypatch):
    data = sparse_data()
    with monkeypatch.context() as patched:
        never_wide(patched)
        direct = fit_glmm(data)
    always_wide(monkeypatch)
    iterated = fit_glmm(sparse_data())
    assert iterated.phi == pytest.approx(direct.phi, abs=1e-7)
    assert iterated.covariance == pytest.approx(direct.covariance, rel=1e-4, abs=1e-8)
    assert iterated.loglik == pytest.approx(direct.loglik, abs=1e-8)


@pytest.mark.parametrize("other", [PHI + 1e-4, np.array([2.5, 1.5, -1.0, 1.0]), 0 * PHI])
def test_the_factor_of_another_mode_leads_to_the_same_mode(other):
    data = sparse_data(listeners=80, items=30)
    start = find_mode(data, other, np.zeros(110))
    _ = start.precision.root
    alone = find_mode(data, PHI, np.zeros(110))
    helped = find_mode(data, PHI, start.v, start.observed)
    assert helped.v == pytest.approx(alone.v, abs=1e-8)
    assert helped.value == pytest.approx(alone.value, abs=1e-9)


def test_one_sided_differences_give_the_curvature_of_central_ones():
    data = sparse_data()
    fit, objective = fit_glmm(data), LaplaceObjective(data)
    curvature = np.empty((4, 4))
    for row, shift in enumerate(1e-3 * np.eye(4)):
        _, above = objective.value_and_gradient(fit.phi + shift)
        _, below = objective.value_and_gradient(fit.phi - shift)
        curvature[row] = (above - below) / 2e-3
    expected = np.sqrt(np.diag(np.linalg.inv(curvature)))
    assert np.sqrt(np.diag(fit.covariance)) == pytest.approx(expected, rel=2e-4)


def dropped_sd(table):
    table.correct = [at % 2 for at in range(len(table.correct))]
    return table


@pytest.mark.parametrize(
    "table", [crossed(), dropped_sd(simulated(np.random.default_rng(25), 40, 6, 24, logits=(0, 1)))]
)
def test_null_models_started_near_their_maximum_reach_the_one_from_afar(table):
    by = [name for name in ("condition", "experience") if name in table.columns]
    fitting = Fitting(table, by)
    for test, term in zip(
        fitting.tests(fitting.inference()), fitting.design.terms[1:], strict=True
    ):
        others = [at for at in range(fitting.design.x.width) if at not in term.columns]
        x = design_matrix(fitting.design.x.patterns[fitting.design.x.index][:, others])
        codes = [factor.factor.code for factor in fitting.random_factors]
        sizes = [len(factor.factor.levels) for factor in fitting.random_factors]
        data = glmm_data(x, fitting.correct, fitting.n, codes, sizes)
        alone = fit_glmm(data, errors=False).loglik
        assert test.chi2 == pytest.approx(max(0, 2 * (fitting.ml.loglik - alone)), abs=1e-4)
        start = np.concatenate([[1.5, 1.5], np.zeros(len(others))])
        assert max_loglik(data, start) == pytest.approx(alone, abs=1e-5)


def test_the_restricted_gradient_is_the_slope_of_its_criterion():
    data = crossed_data()
    fit = fit_glmm(data)
    objective, phi = RestrictedObjective(data, fit), fit.phi * 1.1
    _, slope = objective.value_and_gradient(phi)
    for at, shift in enumerate(1e-5 * np.eye(len(phi))):
        difference = (objective.value(phi + shift) - objective.value(phi - shift)) / 2e-5
        assert slope[at] == pytest.approx(difference, abs=2e-5)


def test_the_restricted_maximum_is_that_of_a_search_without_gradients(monkeypatch):
    table = simulated(np.random.default_rng(26), 300, 6, 60, logits=(0.2, 0.9, 0.5))
    fitting = Fitting(table, ("condition",))
    monkeypatch.setattr(small_sample, "_FEW_ANSWERS", 1e9)
    simplex = restricted_fit(fitting.data, fitting.ml, ())
    monkeypatch.setattr(small_sample, "_FEW_ANSWERS", 0)
    gradients = restricted_fit(fitting.data, fitting.ml, ())
    assert gradients.theta == pytest.approx(simplex.theta, abs=0.005)
    assert gradients.theta[1] > fitting.ml.theta[1]
    assert gradients.se == pytest.approx(simplex.se, rel=0.01)


def test_the_search_finds_the_end_of_a_curved_valley():
    def rosenbrock(z):
        value = (1 - z[0]) ** 2 + 100 * (z[1] - z[0] ** 2) ** 2
        slope = [-2 * (1 - z[0]) - 400 * z[0] * (z[1] - z[0] ** 2), 200 * (z[1] - z[0] ** 2)]
        return float(value), np.array(slope)

    minimum = minimise(rosenbrock, np.array([-1.2, 1.0]), 1e-6)
    assert minimum.converged
    assert minimum.z == pytest.approx([1, 1], abs=1e-5)


def test_the_search_says_where_there_is_no_minimum():
    assert not minimise(lambda z: (float(-z.sum()), -np.ones(2)), np.zeros(2), 1e-6).converged


def test_what_is_left_of_the_way_is_known():
    scale = np.array([1.0, 3.0, 0.5])
    far = minimise(
        lambda z: (float(scale @ (z - 1) ** 2) / 2, scale * (z - 1)), np.zeros(3), tolerance=0.3
    )
    assert 0 < far.value < 0.1
    assert far.remaining == pytest.approx(far.value, rel=0.5)


def test_levels_are_numbered_in_canonical_order():
    table = Columns({"trial": [10, "9", 9, "10"]}, [1, 0, 1, 0])
    factor = read_factor(table, "trial")
    assert factor.levels == ("9", "10")
    assert factor.code.tolist() == [1, 0, 0, 1]
