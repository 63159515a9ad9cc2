from __future__ import annotations

import pytest

from bachtest.stats.rates.identical_pairs import PoolCount, identical_pairs
from bachtest.stats.rates.summary import AnswerCount


def answers(condition, n, correct):
    return AnswerCount(("bot", condition), n, correct)


def test_the_best_imitator_is_not_punished():
    # Half of the S pairs are identical, none of the SATB pairs; 80 % and 60 % right where played.
    pool = [PoolCount("bot", "S", 10, 5, 2.5), PoolCount("bot", "SATB", 10, 0, 8.0)]
    [row] = identical_pairs(pool, [answers("S", 100, 80), answers("SATB", 100, 60)])
    assert (row.pairs, row.identical, row.share_identical) == (20, 5, 0.25)
    assert row.mean_differing == pytest.approx(0.525)
    assert row.rate == 0.7
    assert row.rate_if_guessed == pytest.approx((0.65 * 100 + 0.6 * 100) / 200)


def test_without_identical_pairs_nothing_changes():
    [row] = identical_pairs([PoolCount("bot", "S", 4, 0, 2.0)], [answers("S", 30, 20)])
    assert row.rate == row.rate_if_guessed == 20 / 30


def test_without_answers_there_is_no_rate():
    [row] = identical_pairs([PoolCount("bot", "S", 4, 1, 2.0)], [])
    assert (row.rate, row.rate_if_guessed, row.share_identical) == (None, None, 0.25)
    assert row.few


def test_one_count_a_pair_is_the_same_as_one_a_cell():
    by_pair = [PoolCount("bot", "S", 1, int(i < 3), 0.0 if i < 3 else 0.5) for i in range(8)]
    by_cell = [PoolCount("bot", "S", 8, 3, 2.5)]
    counts = [answers("S", 40, 31)]
    assert identical_pairs(by_pair, counts) == identical_pairs(by_cell, counts)


def test_more_identical_pairs_than_pairs_are_refused():
    with pytest.raises(ValueError, match="5 identical pairs of 4"):
        identical_pairs([PoolCount("bot", "S", 4, 5, 0.0)], [])
