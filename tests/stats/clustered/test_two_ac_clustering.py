from __future__ import annotations

import numpy as np
import pytest

from bachtest.stats.clustered.two_ac_clustering import two_ac_bootstrap
from bachtest.stats.rates.two_ac import two_ac


def answers(spread, seed=1, listeners=60, items=30):
    """Every listener about every item: strengths with noise, ties near 0."""
    rng = np.random.default_rng(seed)
    listener, item = np.divmod(np.arange(listeners * items), items)
    strength = 0.4 + rng.normal(0, spread, items)[item] + rng.normal(0, spread, listeners)[listener]
    strength = strength + rng.normal(size=len(item))
    kinds = np.array([strength < -0.2, abs(strength) <= 0.2, strength > 0.2], dtype=float)
    return listener, item, kinds


def bootstrapped(*rows):
    return two_ac_bootstrap(*rows, generator=np.random.default_rng(2))


def test_without_spread_it_is_about_the_pooled_interval():
    rows = answers(0.0)
    pooled = two_ac(*(int(count) for count in rows[2].sum(axis=1)))
    found = bootstrapped(*rows)
    assert (found.estimate, found.tau, found.n) == (pooled.estimate, pooled.tau, pooled.n)
    # The bootstrap of two factors counts the noise of single answers thrice at most.
    assert pooled.se < found.se < 2 * pooled.se
    assert found.p < 0.05


def test_where_items_and_listeners_differ_it_is_much_wider():
    rows = answers(0.6)
    pooled = two_ac(*(int(count) for count in rows[2].sum(axis=1)))
    found = bootstrapped(*rows)
    assert found.high - found.low > 3 * (pooled.high - pooled.low)
    assert "two-way bootstrap" in found.method


def test_turning_all_choices_turns_the_interval():
    listener, item, kinds = answers(0.3)
    found, turned = bootstrapped(listener, item, kinds), bootstrapped(listener, item, kinds[::-1])
    assert turned.estimate == pytest.approx(-found.estimate)
    assert turned.low == pytest.approx(-found.high, abs=0.02)
    assert turned.p == found.p


def test_an_infinite_d_is_left_to_the_pooled_result():
    listener, item, kinds = answers(0.0)
    kinds[2] += kinds[0]
    kinds[0] = 0
    assert "profile likelihood" in bootstrapped(listener, item, kinds).method
