from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm, t

from bachtest.stats.mixed.fit import fit_mixed
from bachtest.stats.mixed.mixed_fit import Rate, RateTable
from bachtest.stats.verdict.contrasts import MAX_PAIRS, contrasts
from bachtest.stats.verdict.ranking import rank
from tests.stats.mixed.tables import simulated


def table(rates, covariance, df=None):
    cells = tuple(
        Rate((f"c{at}",), p, 0.0, 1.0, 0.5, 0.1, df, 100, 50) for at, p in enumerate(rates)
    )
    return RateTable(("composer",), cells, np.asarray(covariance), df)


def test_one_pair_has_the_interval_of_one_comparison():
    covariance = [[0.02, 0.005], [0.005, 0.01]]
    [pair] = contrasts(table([0.7, 0.6], covariance)).pairs
    delta = math.log(0.7 / 0.3) - math.log(0.6 / 0.4)
    se = math.sqrt(0.02 + 0.01 - 2 * 0.005)
    assert pair.se == pytest.approx(se)
    assert pair.odds_ratio == pytest.approx(math.exp(delta))
    assert math.log(pair.odds_low) == pytest.approx(delta - 1.96 * se, abs=0.01)
    assert pair.p == pytest.approx(2 * norm.sf(delta / se), abs=0.01)
    assert pair.difference == pytest.approx(0.1)


def test_students_t_is_used_where_the_model_used_it():
    found = contrasts(table([0.7, 0.6], np.diag([0.02, 0.01]), df=8))
    assert found.quantile == pytest.approx(t.ppf(0.975, 8), rel=0.02)


def test_many_pairs_are_held_together():
    found = contrasts(table([0.5] * 5, 0.01 * np.eye(5)))
    # Tukey's studentized range of five means, over the root of two.
    assert found.quantile == pytest.approx(3.858 / math.sqrt(2), rel=0.01)
    assert len(found.pairs) == 10
    assert all(pair.p == 1 for pair in found.pairs)
    far = contrasts(table([0.99, 0.01], 1e-4 * np.eye(2)))
    assert 0 < far.pairs[0].p < 1e-4  # of so many draws none is as large


@pytest.mark.parametrize("seed", range(20))
def test_intervals_and_p_never_contradict_each_other(seed):
    rng = np.random.default_rng(seed)
    half = rng.normal(size=(4, 4)) * 0.15
    found = contrasts(table(rng.uniform(0.1, 0.9, 4), half @ half.T + 0.001 * np.eye(4)))
    for pair in found.pairs:
        excludes = pair.low > 0 or pair.high < 0
        assert excludes == (pair.odds_low > 1 or pair.odds_high < 1)
        if abs(pair.p - 0.05) > 0.002:
            assert excludes == (pair.p < 0.05)
        assert pair.low <= pair.difference <= pair.high


def test_ranks_follow_from_the_contrasts():
    ranking = rank(table([0.7, 0.55, 0.54], 0.002 * np.eye(3)))
    assert [(row.name, row.best, row.worst) for row in ranking.ranked] == [
        ("c2", 1, 2), ("c1", 1, 2), ("c0", 3, 3),
    ]  # fmt: skip


def test_one_cell_and_very_many_have_none():
    assert contrasts(table([0.6], [[0.01]])) is None
    cells = int(math.sqrt(2 * MAX_PAIRS)) + 2
    assert contrasts(table([0.6] * cells, 0.01 * np.eye(cells))) is None


def test_a_difference_between_groups_of_listeners_has_the_degrees_of_freedom_of_listeners():
    rng = np.random.default_rng(3)
    simulation = simulated(rng, 60, 4, 4)
    simulation.named["experience"] = [
        ("novice", "expert")[int(name[1:]) % 2] for name in simulation.named["listener"]
    ]
    fit = fit_mixed(simulation, ("experience",))
    [test] = fit.tests
    found = fit.table("experience")
    assert fit.overall.df == 3
    assert found.df == test.df2 == 58
