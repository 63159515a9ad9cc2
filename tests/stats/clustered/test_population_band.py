from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from scipy.stats import t as student

from bachtest.stats.clustered.population_band import (
    MIXTURE_SD,
    START,
    _all_cluster_sums,
    _between,
    band_arrays,
    population_band,
)
from bachtest.stats.clustered.two_way_clustering import two_way
from bachtest.stats.validate.simulate import SimulatedDesign, simulate


def crossed(listeners: int, items: int, rate: float = 0.6, seed: int = 1):
    listener, item = np.divmod(np.arange(listeners * items), items)
    right = np.random.default_rng(seed).random(len(listener)) < rate
    return listener, item, right.astype(float), np.ones(len(listener))


def by_hand(listener, item, correct) -> tuple[float, float]:
    """The rate, and the sum of squares in two-way clusters, from a table of residuals."""
    rate = correct.mean()
    table = np.zeros((listener.max() + 1, item.max() + 1))
    np.add.at(table, (listener, item), correct - rate)
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    between = [(sums**2).sum() * len(sums) / (len(sums) - 1) for sums in (rows, columns)]
    return rate, max(sum(between) - (table**2).sum(), *between)


def test_the_band_is_the_mixture_over_the_clustered_variance():
    listener, item = np.divmod(np.arange(1200), 30)
    chance = 0.4 + 0.01 * item + 0.003 * listener
    correct = (np.random.default_rng(2).random(1200) < chance).astype(float)
    rate, squares = by_hand(listener, item, correct)
    se = np.sqrt(squares) / 1200
    r = MIXTURE_SD**2 / se**2
    z = np.sqrt((1 + 1 / r) * np.log((1 + r) / 0.05**2))
    t = student.isf(norm.sf(z), 29)
    centre = (correct.sum() + 2) / 1204
    logit = np.log(centre / (1 - centre)) + np.array([-1, 1]) * t * se / (centre * (1 - centre))
    band = population_band(listener, item, correct, np.ones(1200))
    assert (band.low, band.high) == pytest.approx(tuple(1 / (1 + np.exp(-logit))))
    assert band.estimate == rate
    assert two_way(listener, item, correct, np.ones(1200)).se == pytest.approx(se)


def test_each_look_is_the_band_of_the_answers_so_far():
    rng = np.random.default_rng(3)
    listener, item = rng.integers(0, 60, 900), rng.integers(0, 35, 900)  # some pairs come twice
    correct, n = (rng.random(900) < 0.7).astype(float), np.ones(900)
    looks = [400, 555, 900]
    band = population_band(listener, item, correct, n, looks=looks)
    for look, rows in zip(band.looks, looks, strict=True):
        alone = population_band(listener[:rows], item[:rows], correct[:rows], n[:rows])
        assert (look.n, look.estimate) == (rows, alone.estimate)
        assert (look.low, look.high) == pytest.approx((alone.low, alone.high))


def test_counts_are_their_answers():
    listener, item, right, n = crossed(25, 22)
    twice = [np.repeat(column, 2) for column in (listener, item)]
    answers = population_band(*twice, np.repeat(right, 2), np.repeat(n, 2))
    counts = population_band(listener, item, 2 * right, 2 * n)
    assert answers == counts


def test_it_begins_with_the_twentieth_listener_and_the_twentieth_item():
    listener, item, right, n = crossed(30, 25)
    band = band_arrays(listener, item, right, n)
    first = int(np.flatnonzero(~np.isnan(band.low))[0])
    assert (listener[first], band.listeners[first]) == (START - 1, START)
    assert listener[first - 1] == START - 2
    few = population_band(*(column[item < 19] for column in (listener, item, right, n)))
    assert (few.low, few.high, few.looks) == (None, None, ())
    assert str(few) == "no band before 20 listeners and 20 items (now 30 listeners, 19 items)"


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.02, 0.5, 0.97, 1.0]))
def test_the_lower_limit_is_never_above_the_rate_nor_the_rate_above_the_upper(seed, rate):
    listener, item, right, n = crossed(22, 24, rate, seed)
    order = np.random.default_rng(seed).permutation(len(n))
    band = band_arrays(listener[order], item[order], right[order], n)
    drawn = ~np.isnan(band.low)
    assert (band.low <= band.rate)[drawn].all()
    assert (band.rate <= band.high)[drawn].all()
    assert (band.high - band.low)[drawn].min() > 0.01, "also where every answer is right"
    assert 0 <= band.low[drawn].min() <= band.high[drawn].max() <= 1


def test_right_and_wrong_are_mirrored():
    listener, item, right, n = crossed(40, 30, 0.8)
    band, mirrored = (band_arrays(listener, item, x, n) for x in (right, 1 - right))
    assert band.low == pytest.approx(1 - mirrored.high, nan_ok=True)


def test_it_is_wider_than_the_interval_for_one_look():
    listener, item, right, n = crossed(100, 40)
    band, once = population_band(listener, item, right, n), two_way(listener, item, right, n)
    assert band.low < once.low < once.high < band.high


def test_a_listener_with_most_answers_widens_it():
    listener, item = np.divmod(np.arange(1200), 40)
    right = (np.random.default_rng(5).random(1200) < 0.6).astype(float)
    even = population_band(listener, item, right, np.ones(1200))
    n = np.where(listener == 0, 30.0, 1.0)  # about half of all answers
    uneven = population_band(listener, item, right * n, n)
    assert uneven.high - uneven.low > 4 * (even.high - even.low)


def test_the_variance_between_unequal_listeners_is_not_underestimated():
    # Listeners differ and items do not; one gives 40% of the answers.
    rng, n = np.random.default_rng(6), np.concatenate([[200.0], np.full(30, 10.0)])
    rates = rng.beta(6, 4, size=(4000, 31))
    mean = rates @ n / n.sum()
    found = []
    for skill, rate in zip(rates, mean, strict=True):
        sums = _all_cluster_sums(np.arange(31), skill * n, n)
        found.append(_between(sums, np.array([rate]), np.array([n.sum()]))[0] / n.sum() ** 2)
    assert np.mean(found) == pytest.approx(mean.var(), rel=0.06)


def test_a_smaller_level_is_narrower():
    table = crossed(40, 30)
    wide, narrow = (population_band(*table, level=level) for level in (0.95, 0.9))
    assert wide.low < narrow.low < narrow.high < wide.high


def test_looking_after_every_answer_seldom_misses():
    design = SimulatedDesign(listeners=150, each=5, items=40)
    rng, truth, missed = np.random.default_rng(4), design.rate(0.6), 0
    for _ in range(100):
        table = simulate(rng, design, [0.6])
        band = band_arrays(table.listener, table.item, table.right, np.ones(750))
        missed += bool(((band.low > truth) | (band.high < truth)).any())
    assert missed <= 7


def test_no_answers_have_no_band():
    nothing = np.zeros(0, dtype=np.int64)
    band = population_band(nothing, nothing, np.zeros(0), np.zeros(0))
    assert (band.estimate, band.n) == (None, 0)


@pytest.mark.parametrize("looks", [[0], [5, 601]])
def test_a_look_outside_the_answers_is_named(looks):
    with pytest.raises(ValueError, match="use 1 to 600"):
        band_arrays(*crossed(20, 30), looks=looks)
