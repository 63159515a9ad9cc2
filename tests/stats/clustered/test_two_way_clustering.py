from __future__ import annotations

import numpy as np
import pytest

from bachtest.stats.clustered.two_way_clustering import two_way, two_way_bootstrap


def simulated(seed, listeners=200, items=40, each=5, sd=(0.6, 0.5)):
    rng = np.random.default_rng(seed)
    skill, ease = rng.normal(size=listeners) * sd[0], rng.normal(size=items) * sd[1]
    listener = np.repeat(np.arange(listeners), each)
    item = np.concatenate([rng.choice(items, each, replace=False) for _ in range(listeners)])
    chance = 1 / (1 + np.exp(-0.4 - skill[listener] - ease[item]))
    right = (rng.random(len(listener)) < chance).astype(float)
    return listener, item, right, np.ones(len(listener))


def test_new_listeners_and_new_items_are_covered():
    draws = np.random.default_rng(1).normal(size=200_000) * np.hypot(0.6, 0.5)
    truth = float(np.mean(1 / (1 + np.exp(-0.4 - draws))))
    rates = [two_way(*simulated(seed)) for seed in range(200)]
    covered = np.mean([rate.low <= truth <= rate.high for rate in rates])
    assert 0.92 <= covered <= 0.98
    assert np.mean([rate.design_effect for rate in rates]) > 2


def test_the_bootstrap_and_the_closed_form_agree():
    table = simulated(3)
    closed = two_way(*table)
    drawn = two_way_bootstrap(*table, generator=np.random.default_rng(1), draws=600)
    # The bootstrap counts the answers' own variance three times (Owen 2007): it is the wider one.
    assert closed.se < drawn.se < 2 * closed.se
    assert drawn.estimate == closed.estimate
    assert "600 draws" in drawn.method


def test_relabelling_and_merging_rows_changes_nothing():
    listener, item, right, n = simulated(4)
    rate = two_way(listener, item, right, n)
    names = np.random.default_rng(1).permutation(200)
    renamed = two_way(names[listener], item, right, n)
    assert (renamed.estimate, renamed.se) == pytest.approx((rate.estimate, rate.se))
    twice = [np.concatenate([part, part]) for part in (listener, item, right, n)]
    merged = two_way(listener, item, 2 * right, 2 * n)
    assert two_way(*twice).se == pytest.approx(merged.se, rel=1e-9)


@pytest.mark.parametrize(
    ("listener", "item"), [([0, 0, 0], [0, 1, 2]), ([0, 1, 2], [0, 0, 0]), ([0], [0])]
)
def test_one_listener_or_one_item_gives_no_interval(listener, item):
    right = np.ones(len(item))
    rate = two_way(np.array(listener), np.array(item), right, right)
    assert (rate.low, rate.high, rate.se) == (0, 1, None)
    assert "no interval for others" in str(rate)


def test_all_right_leaves_room_below():
    code = np.arange(20)
    rate = two_way(code, code % 5, np.ones(20), np.ones(20))
    assert rate.high == 1
    assert 0.8 < rate.low < 0.9


@pytest.mark.parametrize("value", [0, 1])
def test_all_right_or_all_wrong_leaves_the_bootstrap_as_much_room(value):
    code = np.arange(20)
    rows = code, code % 5, np.full(20, value), np.ones(20)
    drawn = two_way_bootstrap(*rows, generator=np.random.default_rng(1), draws=200)
    assert drawn == two_way(*rows)
    assert (drawn.low, drawn.high)[value] == value
    assert drawn.high - drawn.low > 0.1


def test_no_answers_leave_everything_open():
    none = np.zeros(0, dtype=int)
    rate = two_way(none, none, np.zeros(0), np.zeros(0))
    assert (rate.estimate, rate.low, rate.high) == (None, 0, 1)


def test_too_few_draws_are_refused():
    with pytest.raises(ValueError, match="5 draws"):
        two_way_bootstrap(*simulated(1), generator=np.random.default_rng(1), draws=5)
