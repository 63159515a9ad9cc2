from __future__ import annotations

import json

import pytest

from bachtest.stats.detection.marginal_d import d_of_marginal
from bachtest.stats.mixed.mixed_fit import Rate
from bachtest.stats.rates.protocols import PROTOCOLS
from bachtest.stats.report.analysis import analyse
from bachtest.stats.report.counts_text import cell_d, to_json
from bachtest.stats.report.terminal import analysis_json, analysis_text
from bachtest.stats.tables.read_study_folder import read_source
from bachtest.stats.verdict.finding import Finding
from tests.stats.reference import DATA

CASES = DATA.parent / "tables" / "cases"


def rate(estimate, low, high):
    return Rate((), estimate, low, high, 0.1, 0.2, None, 100, 60)


@pytest.mark.parametrize("name", [name for name, one in PROTOCOLS.items() if one.curve])
def test_it_is_the_rate_and_its_limits_through_the_curve(name):
    protocol = PROTOCOLS[name]
    rates = [protocol.rate(d) for d in (1.0, 0.5, 1.5)]
    found = d_of_marginal(rate(*rates), protocol, 0.9)
    assert (found.estimate, found.low, found.high) == pytest.approx((1.0, 0.5, 1.5), abs=1e-6)
    assert found.level == 0.9


def test_below_chance_it_is_0_where_the_curve_ends_there():
    found = d_of_marginal(rate(0.3, 0.2, 0.4), PROTOCOLS["triangle"], 0.95)
    assert (found.estimate, found.low) == (0, 0)
    assert found.high > 0
    assert d_of_marginal(rate(0.3, 0.2, 0.4), PROTOCOLS["three-afc"], 0.95).estimate < 0


def test_every_d_of_a_report_is_that_of_a_marginal_rate():
    analysis = analyse(read_source(CASES / "few_items.csv.gz"))
    protocol, report = analysis.protocol, analysis_json(analysis)
    for table in analysis.model.tables:
        for one in table.rates:
            d = analysis.d_primes[table.by, one.labels]
            assert d.estimate == pytest.approx(protocol.d_of_rate(one.estimate))
            assert (d.low, d.high) == pytest.approx(
                (protocol.d_of_rate(one.low), protocol.d_of_rate(one.high))
            )
    overall = analysis.d_primes[(), ()]
    assert report["overall"]["d_prime"] == report["results"]["d_prime"]["estimate"]
    assert report["overall"]["d_prime"] == overall.estimate
    assert report["overall"]["d_prime_method"] == overall.method
    assert report["with_everything"]["d_prime"] is None
    assert report["results"]["discrimination"] is None
    assert json.dumps(report, allow_nan=False)
    condition = analysis.d_primes[("condition",), ("SATB",)]
    assert f"SATB: {condition}" in analysis_text(analysis)


def test_without_a_model_it_is_pooled_and_says_so():
    analysis = analyse(read_source(CASES / "few_items.csv.gz"), model=False)
    assert analysis.d_prime is None
    assert analysis_json(analysis)["overall"]["d_prime_method"].startswith("clopper")
    assert to_json(analysis.report)["overall"] == analysis_json(analysis)["overall"]


def test_a_column_with_one_level_has_the_d_of_all(tmp_path):
    path = tmp_path / "answers.csv"
    rows = [f"l{a},i{b},S,{int((a * b) % 3 > 0)}" for a in range(12) for b in range(10)]
    path.write_text("\n".join(["listener,item,condition,correct", *rows]) + "\n")
    analysis = analyse(read_source(path))
    [breakdown] = analysis.report.breakdowns
    assert cell_d(breakdown, analysis.d_primes)(breakdown.cells[0]) == analysis.d_prime


def test_levels_of_a_column_that_the_model_lacks_have_no_d():
    analysis = analyse(read_source(CASES / "interaction.csv.gz"), by=[["condition"]])
    report = analysis_json(analysis)
    assert all(cell["d_prime"] for cell in report["by"]["condition"])
    assert [cell["d_prime"] for cell in report["by"]["experience"]] == [None, None]


class TestCurvesThatEndAtChance:
    """The case was simulated at chance: 186 of 600 in a triangle test."""

    def test_the_test_is_that_of_the_model_against_chance(self):
        analysis = analyse(read_source(CASES / "tri.csv.gz", protocol="triangle"))
        assert analysis.model.chance == pytest.approx(1 / 3)
        assert analysis.model.overall.estimate == pytest.approx(0.31, abs=0.005)
        assert 0.1 < analysis.model.overall.p < 0.5
        # The intercept is tested against chance as well.
        assert 0.1 < analysis.model.corrected_coefficients[0].p < 0.5
        assert analysis.verdict.finding is Finding.UNDECIDED
        assert "guessing gives 33.3%" in analysis.verdict.sentence
        assert analysis.d_prime.estimate == analysis.d_prime.low == 0

    def test_a_margin_is_answered_by_similarity(self):
        source = read_source(CASES / "tri.csv.gz", protocol="triangle")
        analysis = analyse(source, margin=0.05)
        assert analysis.verdict.finding is Finding.CANNOT_TELL
        assert analysis.equivalence is None
        assert analysis.similarity.rate0 == pytest.approx(1 / 3 + 0.05)
        assert analysis.similarity.p < 0.001
        with pytest.raises(ValueError, match=r"between 0 and 0\.333"):
            analyse(source, margin=0.4)

    def test_far_below_chance_is_no_similarity(self, tmp_path):
        path = tmp_path / "answers.csv"
        rows = [f"l{a},i{b},S,{int((a + b) % 10 == 0)}" for a in range(20) for b in range(10)]
        path.write_text("\n".join(["listener,item,condition,correct", *rows]) + "\n")
        for name in ("triangle", "duo-trio", "abx"):
            analysis = analyse(read_source(path, protocol=name), margin=0.1)
            for verdict in (analysis.verdict, analysis.pooled):
                assert verdict.finding is Finding.UNDECIDED
                assert "right less often than by guessing" in verdict.sentence
