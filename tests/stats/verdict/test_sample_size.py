from __future__ import annotations

import itertools

import pytest

from bachtest.stats.mixed.mixed_fit import Rate
from bachtest.stats.verdict.model_verdict import interval_of
from bachtest.stats.verdict.sample_size import wanted_se, what_would_decide

ALPHA = 0.05


def undecided(rate, se_logit, margin, df):
    one = Rate((), rate, 0.01, 0.99, 0.5, se_logit, df, 100, 50)
    low, high = interval_of(one, 1 - ALPHA)
    inner_low, inner_high = interval_of(one, 1 - 2 * ALPHA)
    within = margin is not None and 0.5 - margin <= inner_low and inner_high <= 0.5 + margin
    return low <= 0.5 <= high and not within


@pytest.mark.parametrize("df", [None, 3, 11])
@pytest.mark.parametrize("margin", [None, 0.05, 0.15])
def test_the_wanted_standard_error_is_that_at_which_the_interval_decides(margin, df):
    # So an undecided verdict never asks for "about 1 more" where the interval is still too wide.
    for rate, se_logit in itertools.product((0.3, 0.48, 0.52, 0.6, 0.9), (0.01, 0.1, 0.2, 0.9)):
        se = wanted_se(rate, alpha=ALPHA, margin=margin, df=df)
        assert undecided(rate, se_logit, margin, df) == (se_logit * rate * (1 - rate) > se)


def test_more_items_bring_degrees_of_freedom():
    options = {"n": 500, "alpha": ALPHA, "margin": None, "item_variance": 0.002, "items": 6}
    normal = what_would_decide(0.6, 0.003, **options)
    few = what_would_decide(0.6, 0.003, df=5, **options)
    # Five degrees of freedom ask for a variance (1.96 / 2.57)^2 times as large.
    assert (normal.items, few.items) == (2, 4)
    assert normal.answers is not None
    assert few.answers is None
    assert "No number of further answers on these 6 items would decide" in few.sentence


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_all_on_one_side_has_no_standard_error_to_want(rate):
    assert wanted_se(rate, alpha=ALPHA, margin=0.1) == 0
    decision = what_would_decide(rate, 0.01, n=5, alpha=ALPHA, margin=None)
    assert (decision.answers, decision.items) == (None, None)
    assert decision.sentence == f"What would decide is unknown at a rate of {rate:.1%}."
