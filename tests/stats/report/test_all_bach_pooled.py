"""Two clips by Bach from counts: one interval, that of the exact test."""

from __future__ import annotations

import pytest

from bachtest.stats.__main__ import main
from bachtest.stats.report.all_bach import analyse_all_bach
from bachtest.stats.report.all_bach_report import all_bach_sections
from bachtest.stats.tables.read_study_folder import read_source
from bachtest.stats.verdict.finding import Finding
from bachtest.stats.verdict.side_preference import preference_of_counts, side_verdict


@pytest.fixture
def analysed(tmp_path):
    def run(text, **options):
        path = tmp_path / "sides.csv"
        path.write_text(text)
        return analyse_all_bach(read_source(path, protocol="all-bach"), **options)

    return run


def test_the_interval_the_bias_and_the_picture_agree_with_p(analysed, tmp_path, capsys):
    analysis = analysed("n,left\n100,60\n")
    preference = analysis.preference
    assert preference.p == pytest.approx(0.0569, abs=1e-4)
    assert preference.low < 0.5 < preference.high
    assert preference.bias_low < 0 < preference.bias_high
    (mark,) = next(section.marks for section in all_bach_sections(analysis) if section.marks)
    assert (mark.low, mark.high) == (preference.low, preference.high)
    assert main([str(tmp_path / "sides.csv"), "--protocol", "all-bach"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "exact 95% interval 49.7% to 69.7%, p = .057; pooled" in shown
    assert "0.497 to 0.697" in shown
    assert "50.2%" not in shown
    assert "10 more answers would decide by the exact test" in shown


@pytest.mark.parametrize("n", [5, 40, 61])
def test_the_interval_excludes_one_half_just_where_a_side_is_favoured(n):
    for chosen in range(n + 1):
        preference = preference_of_counts(chosen, n, "left")
        favoured = side_verdict(preference).finding is Finding.FAVOUR_SIDE
        assert favoured == (preference.low > 0.5 or preference.high < 0.5)


def test_that_listeners_are_alike_is_never_stated_as_a_fact(analysed):
    rows = [f"l{one},i{(one + k) % 9},{'left' if k % 2 else 'right'}" for one in range(30)
            for k in range(6)]  # fmt: skip
    preference = analysed("\n".join(["listener,item,chosen", *rows])).preference
    assert preference.listener_sd == 0
    assert preference.listeners == "no differences between listeners were found"


@pytest.mark.parametrize(
    ("text", "n"),
    [("n,left\n5,5\n", 5), ("n,left\n5,0\n", 5), ("listener,item,chosen\na,b,left\n", 1)],
)
@pytest.mark.parametrize("margin", [None, 0.1])
def test_all_on_one_side_has_a_verdict(analysed, text, n, margin):
    verdict = analysed(text, margin=margin).pooled
    assert verdict.finding is Finding.UNDECIDED
    assert verdict.needs.answers == 6 - n
