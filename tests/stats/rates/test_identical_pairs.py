from __future__ import annotations

import pytest

from bachtest.stats.rates.identical_pairs import PoolCount, likeness
from bachtest.stats.rates.summary import Count


def test_the_best_imitator_is_not_punished():
    # Of S pairs half sound alike, of SATB pairs none; 80 % and 60 % right where played.
    pool = [PoolCount("bot", "S", 10, 5, 2.5), PoolCount("bot", "SATB", 10, 0, 8.0)]
    [found] = likeness(pool, [Count(("bot", "S"), 100, 80), Count(("bot", "SATB"), 100, 60)])
    assert (found.pairs, found.alike, found.share_alike) == (20, 5, 0.25)
    assert found.mean_differing == pytest.approx(0.525)
    assert found.rate == 0.7
    assert found.rate_if_guessed == pytest.approx((0.65 * 100 + 0.6 * 100) / 200)


def test_without_pairs_alike_nothing_changes():
    [found] = likeness([PoolCount("bot", "S", 4, 0, 2.0)], [Count(("bot", "S"), 30, 20)])
    assert found.rate == found.rate_if_guessed


def test_without_answers_there_is_no_rate():
    [found] = likeness([PoolCount("bot", "S", 4, 1, 2.0)], [])
    assert (found.rate, found.rate_if_guessed, found.share_alike) == (None, None, 0.25)
    assert found.few


def test_one_count_a_pair_is_the_same_as_one_a_cell():
    one_by_one = [PoolCount("bot", "S", 1, int(i < 3), 0.0 if i < 3 else 0.5) for i in range(8)]
    answers = [Count(("bot", "S"), 40, 31)]
    assert likeness(one_by_one, answers) == likeness([PoolCount("bot", "S", 8, 3, 2.5)], answers)


def test_more_pairs_alike_than_pairs_are_refused():
    with pytest.raises(ValueError, match="5 pairs alike of 4"):
        likeness([PoolCount("bot", "S", 4, 5, 0.0)], [])
