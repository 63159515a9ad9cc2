from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bachtest.stats.planning.power import (
    answers_for_difference,
    answers_for_equivalence,
    critical_above,
    power_of_difference,
    power_of_equivalence,
    power_of_similarity,
    sample_size,
)
from bachtest.stats.rates.equivalence import equivalence
from bachtest.stats.rates.protocols import PROTOCOLS
from tests.stats.reference import REFERENCE

SIZES = REFERENCE["sensR_samplesize_2afc_alpha05_exact"]


def test_two_one_sided_tests_agree_with_the_reference():
    result = equivalence(505, 1000, margin=0.05)
    assert result.p == pytest.approx(REFERENCE["tost"]["binom_tost_505_1000_.45_.55"], rel=1e-9)
    assert result.equivalent


@given(st.integers(0, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_test_and_the_interval_never_disagree(count):
    result = equivalence(*count, margin=0.1)
    assert result.equivalent == (result.low >= 0.4 and result.high <= 0.6)
    mirror = equivalence(count[1] - count[0], count[1], margin=0.1)
    assert mirror.p == pytest.approx(result.p, rel=1e-9)


def test_too_few_answers_are_never_equivalent():
    assert not equivalence(0, 0, margin=0.1).equivalent
    assert not equivalence(5, 10, margin=0.1).equivalent


@pytest.mark.parametrize("margin", [0, 0.5, -0.1, 5])
def test_a_margin_that_cannot_be_is_named(margin):
    with pytest.raises(ValueError, match=f"margin {margin}"):
        equivalence(5, 10, margin=margin)


def test_critical_values_agree_with_sensr():
    for n, right in REFERENCE["sensR_critical_2afc_alpha05"].items():
        assert critical_above(np.array([int(n)]), 0.5, 0.05)[0] == right


def test_power_agrees_with_sensr():
    rate = PROTOCOLS["pair"].rate(1.0)
    expected = REFERENCE["sensR_power"]["d1_n30_2afc_exact"]
    assert power_of_difference(np.array([30]), rate)[0] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("at", range(4))
def test_sample_sizes_for_a_difference_agree_with_sensr(at):
    row = SIZES["difference"]
    rate = 0.5 + row["pd"][at] / 2
    eighty = answers_for_difference(rate)
    assert (eighty.first, eighty.stable) == (row["n80"][at], row["n80_stable"][at])
    assert answers_for_difference(rate, target=0.9).first == row["n90"][at]


@pytest.mark.parametrize("row", SIZES["similarity_pdA_pd0"])
def test_sample_sizes_for_similarity_agree_with_sensr(row):
    true, limit, n80, n90 = row
    for target, n in ((0.8, n80), (0.9, n90)):
        size = sample_size(
            lambda n: power_of_similarity(n, 0.5 + true / 2, 0.5 + limit / 2),
            target, alpha=0.05,
        )  # fmt: skip
        assert size.first == n


def test_sample_sizes_for_equivalence_agree_with_the_reference():
    assert answers_for_equivalence(0.05).stable == REFERENCE["tost"]["n80_margin_.05"]
    assert answers_for_equivalence(0.075).stable == REFERENCE["tost"]["n80_margin_.075"]


def test_power_of_equivalence_is_the_share_of_outcomes_that_are_equivalent():
    n = 120
    outcomes = np.arange(n + 1)
    inside = [x for x in outcomes if equivalence(int(x), n, margin=0.1).equivalent]
    chance = power_of_equivalence(np.array([n]), 0.1, rate=0.52)[0]
    draws = np.random.default_rng(3).binomial(n, 0.52, size=40_000)
    assert np.isin(draws, inside).mean() == pytest.approx(chance, abs=0.01)


def test_what_no_study_can_show_is_refused():
    with pytest.raises(ValueError, match=r"rate 0\.5; use one above guessing"):
        answers_for_difference(0.5)
    with pytest.raises(ValueError, match="never equivalent"):
        answers_for_equivalence(0.05, rate=0.56)
    with pytest.raises(ValueError, match="power 2"):
        answers_for_difference(0.6, target=2)
