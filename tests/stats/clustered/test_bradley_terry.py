from __future__ import annotations

import numpy as np
import pytest

from bachtest.stats.clustered.bradley_terry import bradley_terry
from tests.stats.reference import REFERENCE

ROW = REFERENCE["bradley_terry"]
WINS = {tuple(pair.split(">")): count for pair, count in ROW["wins"].items()}


def fit(wins, draws=0):
    return bradley_terry(wins, generator=np.random.default_rng(3), draws=draws)


def test_strengths_agree_with_the_reference():
    strengths = {row.name: row.estimate for row in fit(WINS).strengths}
    assert [strengths[name] for name in "012"] == pytest.approx(
        ROW["centred_log_strengths"], abs=1e-5
    )


def test_intervals_hold_the_estimates_and_the_draws_are_counted():
    ranking = fit({pair: 20 * count for pair, count in WINS.items()}, draws=300)
    assert ranking.failed_draws == 0
    for row in ranking.strengths:
        assert row.low < row.estimate < row.high
    assert [row.name for row in ranking.strengths] == ["0", "1", "2"]
    assert ranking.n == 600


def test_the_same_seed_gives_the_same_intervals():
    assert fit(WINS, draws=100) == fit(WINS, draws=100)


def test_who_never_lost_has_no_finite_strength():
    wins = {("a", "b"): 5, ("b", "c"): 3, ("c", "b"): 2, ("a", "c"): 1}
    ranking = fit(wins)
    assert ranking.strengths == ()
    assert "a never lost" in str(ranking)
    assert "b, c never beat" not in str(ranking)
    assert "d never won" in str(fit({**WINS, ("0", "d"): 3}))


def test_no_comparisons_give_no_ranking():
    assert "No comparisons" in str(fit({}))


def test_a_competitor_that_beats_itself_is_refused():
    with pytest.raises(ValueError, match="'a' over 'a'"):
        fit({("a", "a"): 1})
