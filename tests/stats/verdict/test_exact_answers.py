from __future__ import annotations

import math

import pytest

from bachtest.stats.rates.summary import AnswerCount, summarise
from bachtest.stats.verdict.exact_answers import answers_that_would_decide
from bachtest.stats.verdict.finding import Finding
from bachtest.stats.verdict.pooled_verdict import pooled_verdict


def verdict_of(right, n, **options):
    return pooled_verdict(summarise([AnswerCount((), n, right)]).cells[0], **options)


def undecided_at(right, n, size, **options):
    """Whether the nearest number of right answers leaves it open; of two as near, either."""
    low, rest = divmod(right * size, n)
    nearest = {low} if 2 * rest < n else {low + 1} if 2 * rest > n else {low, low + 1}
    findings = {verdict_of(count, size, **options).finding for count in nearest}
    return Finding.UNDECIDED in findings


@pytest.mark.parametrize("options", [{}, {"margin": 0.1}, {"margin": 0.2, "alpha": 0.1}])
@pytest.mark.parametrize("n", [1, 2, 9, 24, 37, 60])
def test_so_many_more_answers_decide_and_one_fewer_does_not(n, options):
    for right in range(math.ceil(n / 2), n + 1):
        verdict = verdict_of(right, n, **options)
        more = verdict.needs.answers if verdict.needs else None
        if more is None:
            assert verdict.finding is not Finding.UNDECIDED or (2 * right == n and not options)
            continue
        for size in range(n + more, n + more + 6):
            assert not undecided_at(right, n, size, **options), (right, size)
        assert more == 1 or undecided_at(right, n, n + more - 1, **options), right


def test_one_more_answer_is_not_said_where_ten_are_needed():
    # 61 of 101 would be significant, but 62 of 102 is not; from 66 of 110 on the rate decides.
    assert verdict_of(60, 100).needs.answers == 10
    assert "10 more answers would decide by the exact test" in str(verdict_of(60, 100).needs)


def test_even_millions_of_answers_are_counted_at_once():
    decision = answers_that_would_decide(50_050, 100_000, alpha=0.05, margin=None)
    assert decision.answers == pytest.approx((1.959964 / 0.001) ** 2 - 100_000, rel=1e-3)
    nothing = answers_that_would_decide(50_001, 100_000, alpha=0.05, margin=None)
    assert nothing.answers is None
    assert "equivalence could be tested" in nothing.sentence


def test_an_even_score_needs_a_margin():
    assert verdict_of(5, 10).needs.answers is None
    assert verdict_of(5, 10, margin=0.1).needs.answers == 74
