from __future__ import annotations

import math

import numpy as np
import pytest

from bachtest.stats.rates.discrimination import discriminate, similarity
from bachtest.stats.rates.protocols import PROTOCOLS, protocol_named
from bachtest.stats.rates.two_ac import two_ac
from bachtest.stats.rates.yes_no import fakes_only, yes_no
from tests.stats.reference import REFERENCE

CURVES = {
    "twoAFC": "pair",
    "duotrio": "duo-trio",
    "triangle": "triangle",
    "threeAFC": "three-afc",
}


@pytest.mark.parametrize(("column", "name"), CURVES.items())
def test_psychometric_curves_agree_with_sensr(column, name):
    curve = REFERENCE["psychometric"]
    for d, rate in zip(curve["d"], curve[column], strict=True):
        # R's own quadrature is good to about 5e-9.
        assert PROTOCOLS[name].rate(d) == pytest.approx(rate, abs=5e-9)
        assert PROTOCOLS[name].d_of_rate(PROTOCOLS[name].rate(d)) == pytest.approx(d, abs=1e-8)


@pytest.mark.parametrize("name", [p.name for p in PROTOCOLS.values() if p.curve])
def test_curves_start_at_guessing_and_end_at_certainty(name):
    protocol = PROTOCOLS[name]
    assert protocol.rate(0) == pytest.approx(protocol.chance, abs=1e-12)
    assert protocol.rate(30) == pytest.approx(1, abs=1e-9)
    rates = [protocol.rate(d) for d in np.linspace(0, 8, 50)]
    assert rates == sorted(rates)
    assert (protocol.d_of_rate(protocol.chance), protocol.d_of_rate(1)) == (0, math.inf)


def test_abx_by_differences_is_what_simulated_listeners_do():
    # A Bach, B machine, X = A: unit noise on each; the answer is the one that is nearer to X.
    rng = np.random.default_rng(4)
    a, b, x = rng.normal(size=(3, 200_000)) + np.array([[1.5], [0.0], [1.5]])
    right = np.mean(np.abs(x - a) < np.abs(x - b))
    assert PROTOCOLS["abx"].rate(1.5) == pytest.approx(right, abs=0.004)


def test_abx_with_clips_judged_one_by_one_is_better_than_by_differences():
    assert PROTOCOLS["abx-independent"].rate(1.5) > PROTOCOLS["abx"].rate(1.5)


def test_discrimination_agrees_with_sensr():
    [row] = REFERENCE["sensR_2afc_discrim"]
    result = discriminate(row["x"], row["n"], PROTOCOLS["pair"])
    assert result.pd == pytest.approx(row["pd"], abs=1e-9)
    assert result.estimate == pytest.approx(row["d"], abs=1e-9)
    assert result.se == pytest.approx(row["se_d"], abs=1e-7)
    # sensR ends d' at 0, as for protocols without a side of Bach's.
    assert (max(0.0, result.low), result.high) == pytest.approx(row["d_ci_exact"], abs=1e-8)
    assert result.p == pytest.approx(row["p_one_sided_exact"], abs=1e-11)


def test_similarity_agrees_with_sensr():
    [pair] = REFERENCE["sensR_2afc_similarity_exact_one_sided"]
    [triangle] = REFERENCE["sensR_triangle_similarity"]
    for row, name in ((pair, "pair"), (triangle, "triangle")):
        result = similarity(row["x"], row["n"], row["pd0"], PROTOCOLS[name])
        assert result.p == pytest.approx(row["p"], abs=1e-10)


@pytest.mark.parametrize("name", ["pair", "abx", "triangle", "three-afc"])
@pytest.mark.parametrize("x", [0, 1, 11, 12])
def test_extreme_counts_have_an_honest_interval(name, x):
    result = discriminate(x, 12, PROTOCOLS[name])
    protocol = PROTOCOLS[name]
    assert result.low <= result.estimate <= result.high
    assert (result.low < 0) == (protocol.has_bach_side and x < 2)
    flat = x / 12 <= (0 if protocol.has_bach_side else protocol.chance)
    assert (result.se is None) == (flat or x == 12)
    assert not any(isinstance(v, float) and math.isnan(v) for v in vars(result).values())
    empty = discriminate(0, 0, PROTOCOLS[name])
    assert (empty.estimate, empty.p, str(empty)) == (None, 1.0, "no answers")


@pytest.mark.parametrize("name", ["pair", "three-afc"])
def test_below_chance_d_prime_is_negative_where_listeners_point_to_bach(name):
    protocol = PROTOCOLS[name]
    result = discriminate(20, 200, protocol)
    assert result.low < result.estimate < result.high < 0
    assert protocol.rate(result.estimate) == pytest.approx(0.1)
    assert protocol.d_of_rate(0) == -math.inf


@pytest.mark.parametrize("name", ["abx", "duo-trio", "triangle"])
def test_below_chance_other_protocols_have_no_d_prime(name):
    result = discriminate(20, 200, PROTOCOLS[name])
    assert (result.estimate, result.low, result.high) == (0, 0, 0)
    assert "d' not defined below chance, one-sided p = 1.000" in str(result)


def test_a_protocol_without_a_curve_has_no_d_of_a_rate():
    with pytest.raises(ValueError, match="single-fakes"):
        PROTOCOLS["single-fakes"].rate(1.0)
    with pytest.raises(ValueError, match="protocol 'paired'; use one of pair"):
        protocol_named("paired")


def test_yes_no_agrees_with_the_reference():
    row = REFERENCE["yes_no"]["SDT_8_17_1_24_probit"]
    result = yes_no(8, 25, 1, 25)
    assert result.estimate == pytest.approx(row["d"], abs=1e-9)
    assert result.criterion == pytest.approx(-(row["zH"] + row["zFA"]) / 2, abs=1e-9)
    assert not result.corrected


def test_yes_no_without_an_empty_cell_is_infinite_for_nobody():
    result = yes_no(25, 25, 0, 25)
    assert result.corrected
    assert 0 < result.low < result.estimate < result.high < math.inf
    assert "half an answer added" in str(result)


def test_yes_no_needs_both_kinds_of_clips():
    with pytest.raises(ValueError, match="Bach's clips were never judged"):
        yes_no(0, 0, 3, 10)
    with pytest.raises(ValueError, match="the machine's clips were never judged"):
        yes_no(3, 10, 0, 0)


def test_swapping_bach_and_machine_turns_the_sign():
    result, swapped = yes_no(30, 50, 20, 60), yes_no(20, 60, 30, 50)
    assert result.estimate == pytest.approx(-swapped.estimate)
    assert result.criterion == pytest.approx(swapped.criterion)


def test_nothing_is_minus_zero():
    assert str(yes_no(50, 100, 50, 100)) == "d' 0.00 (-0.35 to 0.35), criterion 0.00"
    assert str(two_ac(5, 5, 5)).startswith("d' 0.00 ")


def test_fakes_alone_tell_no_sensitivity():
    result = fakes_only(2321, 4048)
    assert (result.low, result.high) == pytest.approx((0.55807107, 0.58852894), abs=1e-8)
    assert "machine-made more often than half the time (2,321 of 4,048" in result.sentence
    assert "Without Bach's clips this does not show sensitivity" in result.sentence
    assert str(result) == "2,321 of 4,048: 57.3% (55.8% to 58.9%, clopper-pearson 95%), p < .001"
    assert "about half" in fakes_only(51, 100).sentence
    assert "less often" in fakes_only(20, 100).sentence
    assert 'always says "Bach" scores 0%' in fakes_only(20, 100).sentence
    assert "no answers" in fakes_only(0, 0).sentence


def test_ties_agree_with_sensr():
    [row] = REFERENCE["two_AC_with_ties"]
    result = two_ac(*row["counts"])
    assert result.tau == pytest.approx(row["tau"], abs=1e-7)
    assert result.estimate == pytest.approx(row["d"], abs=1e-7)
    assert result.se == pytest.approx(row["se"], abs=1e-7)
    assert (result.low, result.high) == pytest.approx(row["ci"], abs=1e-6)
    assert result.p == pytest.approx(row["p"], abs=1e-7)


def test_without_ties_the_2ac_is_two_alternative_forced_choice():
    result = two_ac(5, 0, 10)
    assert result.tau == 0
    assert result.estimate == pytest.approx(PROTOCOLS["pair"].d_of_rate(10 / 15), abs=1e-9)


def test_swapping_right_and_wrong_mirrors_the_2ac():
    result, mirror = two_ac(3, 4, 9), two_ac(9, 4, 3)
    assert result.estimate == pytest.approx(-mirror.estimate)
    assert (result.low, result.high) == pytest.approx((-mirror.high, -mirror.low), abs=1e-7)


@pytest.mark.parametrize("counts", [(0, 3, 6), (0, 0, 6), (4, 3, 0), (0, 5, 0), (0, 0, 0)])
def test_empty_categories_of_the_2ac_have_a_defined_answer(counts):
    result = two_ac(*counts)
    assert not any(isinstance(v, float) and math.isnan(v) for v in vars(result).values())
    assert result.low <= result.high
    if counts[0] == 0 < counts[2]:
        assert result.estimate == math.inf
        assert math.isfinite(result.low)
    if counts[0] == counts[2] == 0:
        assert result.estimate is None


@pytest.mark.parametrize("counts", [(0, 1_000_000, 5), (1, 1, 1_000_000), (40, 1_000_000, 1)])
def test_limits_of_the_2ac_are_where_the_likelihood_has_dropped_so_far(counts):
    result = two_ac(*counts)
    assert math.isfinite(result.low)
    assert result.low < result.estimate < result.high or math.isinf(result.estimate)
    # A test at the level of the interval rejects 0 where the interval leaves it out.
    assert (result.p < 0.05) == (result.low > 0 or result.high < 0)
