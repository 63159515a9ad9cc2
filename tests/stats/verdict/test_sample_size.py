from __future__ import annotations

import itertools

import numpy as np
import pytest

from bachtest.stats.mixed.fit import fit_mixed
from bachtest.stats.mixed.mixed_fit import Rate
from bachtest.stats.validate.simulate import SimulatedTable
from bachtest.stats.verdict.model_verdict import interval_of, model_needs
from bachtest.stats.verdict.sample_size import FactorDf, wanted_se, what_would_decide
from bachtest.stats.verdict.side_preference import preference_of_fit, side_verdict

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
    few = what_would_decide(0.6, 0.003, dfs=[FactorDf(5, 6, of_items=True)], **options)
    # Five degrees of freedom ask for a variance (1.96 / 2.57)^2 times as large.
    assert (normal.items, few.items) == (2, 4)
    assert normal.answers is not None
    assert few.answers is None
    assert "No number of further answers on these 6 items would decide" in few.sentence


FIVE_LISTENERS = FactorDf(4, 5, of_items=False)
SIXTY_ITEMS = FactorDf(59, 60, of_items=True)


def decided_with(share, *, items):
    """Whether five listeners and sixty items decide with a share more of one of them."""
    grown_listeners, grown_items = (1.0, 1 + share) if items else (1 + share, 1.0)
    variance = 0.0006 / grown_listeners + 0.0004 / grown_items
    variance += 0.0012 / (grown_listeners * grown_items)
    df = min(4 + 5 * (grown_listeners - 1), 59 + 60 * (grown_items - 1))
    return not undecided(0.61, variance**0.5 / (0.61 * 0.39), None, df)


def test_each_number_brings_the_degrees_of_freedom_of_its_own_factor():
    decision = what_would_decide(
        0.61, 0.0022, n=300, alpha=ALPHA, margin=None, dfs=[FIVE_LISTENERS, SIXTY_ITEMS],
        item_variance=0.0004, items=60, listener_variance=0.0006,
    )  # fmt: skip
    assert decided_with(decision.items / 60, items=True)
    assert not decided_with((decision.items - 1) / 60, items=True)
    assert decided_with(decision.answers / 300, items=False)
    assert not decided_with((decision.answers - 1) / 300, items=False)
    assert "more answers from new listeners would decide, or about" in decision.sentence
    assert "more items, with as many answers each from these listeners" in decision.sentence


@pytest.mark.parametrize(
    ("item_part", "listener_part", "dfs", "known", "words"),
    [
        (0.0004, 0.0016, [FIVE_LISTENERS], (True, False), "no number of items would with these"),
        (0.0016, 0.0002, [SIXTY_ITEMS], (False, True), "No number of further answers on these 60"),
        (0.0030, 0.0030, [], (False, False), "it takes both"),
    ],
)
def test_a_number_that_cannot_decide_is_not_given(item_part, listener_part, dfs, known, words):
    variance = item_part + listener_part + 0.0004
    decision = what_would_decide(
        0.575, variance, n=300, alpha=ALPHA, margin=None, dfs=dfs,
        item_variance=item_part, items=60, listener_variance=listener_part,
    )  # fmt: skip
    assert (decision.answers is not None, decision.items is not None) == known
    assert words in decision.sentence


def test_where_listeners_are_few_more_items_do_not_pass_for_more_listeners():
    rng = np.random.default_rng(0)
    listener, item = (codes.ravel() for codes in np.indices((5, 60)))
    logit = 0.3 + np.array([-0.5, -0.2, 0.0, 0.3, 0.7])[listener] + rng.normal(0, 0.2, 60)[item]
    right = rng.random(300) < 1 / (1 + np.exp(-logit))
    table = SimulatedTable(listener, item, np.zeros_like(item), right.astype(float))
    fit = fit_mixed(table, tests=False)
    assert fit.overall.df == 4
    needs = model_needs(fit, fit.overall, alpha=ALPHA, margin=None)
    assert needs.answers > 60
    assert needs.items is None
    # A side is judged by the same intervals.
    verdict = side_verdict(preference_of_fit(fit, "left"), fit=fit)
    assert verdict.needs == needs


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_all_on_one_side_has_no_standard_error_to_want(rate):
    assert wanted_se(rate, alpha=ALPHA, margin=0.1) == 0
    decision = what_would_decide(rate, 0.01, n=5, alpha=ALPHA, margin=None)
    assert (decision.answers, decision.items) == (None, None)
    assert decision.sentence == f"What would decide is unknown at a rate of {rate:.1%}."
