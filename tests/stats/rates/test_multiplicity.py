from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bachtest.stats.rates.multiplicity import benjamini_hochberg, holm
from bachtest.stats.rates.summary import AnswerCount, summarise
from tests.stats.reference import REFERENCE


def test_six_skill_levels_agree_with_r():
    expected = REFERENCE["multiplicity_jsf_six_levels"]
    counts = [
        AnswerCount((row["skill"],), row["n"], row["correct"])
        for row in REFERENCE["jsf_six_levels"]
    ]
    breakdown = summarise(counts, ["skill"])
    raw = [cell.test().p for cell in breakdown.cells]
    assert raw == pytest.approx(expected["raw"], rel=1e-7)
    assert breakdown.holm() == pytest.approx(expected["holm"], rel=1e-7)
    assert benjamini_hochberg(raw) == pytest.approx(expected["BH"], rel=1e-7)


@given(st.lists(st.floats(0, 1)))
def test_adjusting_only_raises_and_keeps_the_order(p_values):
    adjusted = holm(p_values)
    assert all(p <= a <= 1 for p, a in zip(p_values, adjusted, strict=True))
    pairs = sorted(zip(p_values, adjusted, strict=True))
    assert all(a[1] <= b[1] for a, b in pairwise(pairs))


def test_what_is_no_p_value_is_named():
    for adjust in (holm, benjamini_hochberg):
        with pytest.raises(ValueError, match=r"p-value 1\.5"):
            adjust([0.1, 1.5])


@given(st.lists(st.floats(0, 1)))
def test_what_was_explored_is_adjusted_less_than_what_was_registered(p_values):
    explored, registered = benjamini_hochberg(p_values), holm(p_values)
    for p, a, b in zip(p_values, explored, registered, strict=True):
        assert p <= a + 1e-12
        assert a <= b + 1e-12
