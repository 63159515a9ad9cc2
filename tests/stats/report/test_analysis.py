from __future__ import annotations

import csv
import json
import math
import re
from html import unescape

import numpy as np
import pytest

from bachtest.stats.report.analysis import analyse
from bachtest.stats.report.forest import ForestMark, forest_svg
from bachtest.stats.report.html import to_html
from bachtest.stats.report.sections import sections_of
from bachtest.stats.report.terminal import analysis_json, analysis_text
from bachtest.stats.tables.read_study_folder import read_source
from bachtest.stats.verdict.finding import Finding
from tests.stats.reference import DATA, REFERENCE

OTHER = {"left": "right", "right": "left"}


@pytest.fixture(scope="module")
def crossed():
    return analyse(read_source(DATA / "answers_crossed.csv"), margin=0.05)


def simulated(listeners=40, items=24, each=6, seed=2):
    rng = np.random.default_rng(seed)
    rows = []
    for listener in range(listeners):
        skill = rng.normal() * 0.5
        for trial, item in enumerate(rng.choice(items, each, replace=False)):
            right = rng.random() < 1 / (1 + math.exp(-0.5 - skill))
            side = rng.choice(["left", "right"])
            rows.append({
                "listener": f"l{listener}", "trial": trial + 1, "item": f"i{item}",
                "condition": "S" if item % 2 else "SATB", "composer": "x" if item % 3 else "y",
                "side": side, "first": int(rng.integers(2)),
                "chosen": side if right else OTHER[side], "correct": int(right),
            })  # fmt: skip
    return rows


@pytest.fixture
def source(tmp_path):
    def write(rows, **options):
        path = tmp_path / "table.csv"
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        return read_source(path, **options)

    return write


def test_the_mixed_model_decides_and_the_pooled_test_stands_beside_it(crossed):
    assert "mixed model over 120 listeners and 42 items" in crossed.verdict.sentence
    assert crossed.verdict.finding is Finding.CAN_TELL
    assert "pooled" in crossed.pooled.sentence
    assert "treats the answers as independent" in crossed.pooled.caution
    [test] = [row for row in crossed.model.tests if row.name == "condition"]
    expected = REFERENCE["glmm_lme4_converged"]["crossed"]["lrt_condition_chi2_df6"]
    assert test.chi2 == pytest.approx(expected, abs=1e-4)


def test_the_text_and_the_page_say_the_same(crossed):
    text, page = analysis_text(crossed), to_html(crossed)
    words = " ".join(text.split())
    shown = [unescape(line) for line in re.findall(r"<p[^>]*>(.*?)</p>", page)]
    sections = sections_of(crossed)
    assert {"Verdict", "Exclusions", "Rates by condition", "Mixed model"} < {
        section.title for section in sections
    }
    for section in sections:
        assert f"\n{section.title}\n" in f"\n{text}"
        assert f"<h2>{section.title}</h2>" in page
        for line in section.lines:
            assert " ".join(line.split()) in words
            assert line.strip() in shown
    assert page.count("<svg") >= 3
    assert page.count("<desc>") == page.count("<svg")
    for outside in ("http://", "https://", "<script", "url(", "@import"):
        assert outside not in page.replace("http://www.w3.org/2000/svg", "")
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page


def test_the_longest_label_has_room_in_the_picture():
    label = "SATB intermediate a-composer-with-a-long-name"
    picture = forest_svg([ForestMark(label, 0.5, 0.0, 1.0)], "Rates")
    [start] = re.findall(r'<line class="tick" x1="([\d.]+)"', picture)[:1]
    assert float(start) > 6.5 * len(label)


def test_few_items_bring_the_corrected_coefficients_too(crossed):
    text = analysis_text(crossed)
    _, model = text.split("With the small-sample correction (use these):\n")
    corrected, uncorrected = model.split("By maximum likelihood, uncorrected:\n")
    for one in crossed.model.corrected_coefficients:
        assert f"  {one.name}: {one.estimate:.6f}, se {one.se:.6f}" in corrected
    for one in crossed.model.coefficients:
        assert f"  {one.name}: {one.estimate:.6f}, se {one.se:.6f}" in uncorrected
    assert len(crossed.model.corrected_coefficients) == 10


def test_the_json_holds_no_number_that_is_none(crossed):
    report = json.loads(json.dumps(analysis_json(crossed), allow_nan=False))
    assert report["verdict"]["finding"] == "can tell"
    assert report["pooled_verdict"]["method"].startswith("pooled")
    assert report["margin"] == 0.05
    for name in ("equivalence", "clustered", "e_value", "listeners", "fooling", "items_differ"):
        assert report["results"][name]["method"]
    assert report["model"]["coefficients"][0]["name"] == "(intercept)"


def test_fakes_alone_are_reported_as_what_they_are():
    source = read_source(DATA / "js_fakes_by_item.csv", protocol="single-fakes")
    analysis = analyse(source)
    assert (analysis.report.overall.rate.correct, analysis.report.overall.rate.n) == (2321, 4048)
    assert "machine-made more often than half the time" in analysis.verdict.sentence
    assert analysis.verdict.sentence.startswith("Undecided. Listeners called these fakes")
    text = " ".join(analysis_text(analysis).split())
    assert text.count("Without Bach's clips this does not show sensitivity") == 1
    assert "Marginal rates of the mixed model, for new items." in text
    assert "items are a random sample of those the result is about" in text
    assert "new listeners" not in text
    assert "for every listener" not in text
    assert analysis.verdict.finding is Finding.UNDECIDED
    [intercept] = analysis.model.coefficients
    assert intercept.estimate == pytest.approx(0.298688, abs=5e-5)
    assert intercept.se == pytest.approx(0.033353, abs=5e-6)
    assert analysis.model.variance_component("item").variance == pytest.approx(0.039126, abs=5e-5)
    assert (analysis.e_value, analysis.discrimination, analysis.equivalence) == (None, None, None)
    assert "d'" not in analysis_text(analysis).partition("Counts, pooled")[2]


def test_all_questions_of_a_full_table_are_answered(source):
    analysis = analyse(source(simulated()), margin=0.1)
    assert {bias.side for bias in analysis.sides} == {"first", "left"}
    assert [bias.listeners for bias in analysis.sides] == [40, 40]
    assert "clustered by listener; chosen" in " ".join(analysis_text(analysis).split())
    assert analysis.trend.estimate is not None
    assert analysis.listeners.n == 40
    assert analysis.ranking is not None
    assert {row.name for row in analysis.ranking.ranked} == {"x", "y"}
    assert analysis.item_effects.items == 24


def invariants(analysis):
    """Values that stay the same if sides are swapped, listeners renamed, or rows shuffled."""
    rates = [rate.estimate for table in analysis.model.tables for rate in table.rates]
    return [
        *rates, analysis.verdict.finding, analysis.d_prime.estimate,
        analysis.listeners_differ.gamma, analysis.items_differ.estimate, analysis.e_value.log_e,
        analysis.trend.estimate, analysis.equivalence.p, analysis.pooled.sentence,
    ]  # fmt: skip


def assert_same(one, two):
    for a, b in zip(invariants(one), invariants(two), strict=True):
        assert a == (pytest.approx(b, rel=1e-4, abs=1e-6) if isinstance(a, float) else b)


def test_swapping_sides_turns_the_bias_and_nothing_else(source):
    rows = simulated()
    plain = analyse(source(rows), margin=0.1)
    swapped = analyse(
        source([
            row | {"side": OTHER[row["side"]], "chosen": OTHER[row["chosen"]]} for row in rows
        ]),
        margin=0.1,
    )  # fmt: skip
    assert_same(plain, swapped)
    first, left = plain.sides
    assert swapped.sides[0] == first
    assert swapped.sides[1].estimate == pytest.approx(-left.estimate)


def test_relabelling_splitting_and_merging_change_nothing(source):
    rows = simulated()
    plain = analyse(source(rows), margin=0.1)
    names = np.random.default_rng(4).permutation(40)
    renamed = [row | {"listener": f"z{names[int(row['listener'][1:])]}"} for row in rows]
    assert_same(plain, analyse(source(renamed), margin=0.1))
    halves = [[row for row in rows if row["trial"] % 2 == part] for part in (0, 1)]
    assert_same(plain, analyse(source([*halves[0], *halves[1]]), margin=0.1))


EDGES = {
    "one listener": lambda rows: [row for row in rows if row["listener"] == "l1"],
    "one item": lambda rows: [row for row in rows if row["item"] == "i3"],
    "one answer": lambda rows: rows[:1],
    "all right": lambda rows: [
        row | {"correct": 1, "chosen": row["side"]} for row in rows
    ],
    "all wrong": lambda rows: [
        row | {"correct": 0, "chosen": OTHER[row["side"]]} for row in rows
    ],
    "a cell all right": lambda rows: [
        row | {"correct": 1, "chosen": row["side"]} if row["condition"] == "S" else row
        for row in rows
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", EDGES)
def test_tables_at_the_edge_have_a_defined_answer(source, name):
    analysis = analyse(source(EDGES[name](simulated(20, 12, 4))), margin=0.1)
    assert analysis.verdict.sentence
    text, page = analysis_text(analysis), to_html(analysis)
    assert "nan" not in text.lower()
    assert "nan" not in page.lower()
    json.dumps(analysis_json(analysis), allow_nan=False)


def test_no_answers_are_an_answer(tmp_path):
    path = tmp_path / "none.csv"
    path.write_text("listener,item,condition,correct,trial,side,chosen,first\n")
    analysis = analyse(read_source(path), margin=0.05)
    assert analysis.verdict.finding is Finding.NO_ANSWERS
    assert analysis.no_model.startswith("no answers")
    json.dumps(analysis_json(analysis), allow_nan=False)
    assert "There are no answers yet." in analysis_text(analysis)


def write(path, text):
    path.write_text(text)
    return path


def test_ties_are_reported_apart(tmp_path):
    lines = "".join(
        f"l{i},{i},S,{answer}\n" for i, answer in enumerate(["0"] * 2 + ["tie"] * 2 + ["1"] * 6)
    )
    path = write(tmp_path / "ties.csv", "listener,item,condition,correct\n" + lines)
    analysis = analyse(read_source(path, protocol="pair-ties"))
    assert analysis.ties.estimate == pytest.approx(REFERENCE["two_AC_with_ties"][0]["d"], abs=1e-7)
    assert "6 of 8 answers were right" in analysis.pooled.sentence
    text = analysis_text(analysis)
    assert "10 answers in the table\n  2 ties, analysed separately (2-AC)\n" in text
    assert "\n8 answers analysed\n" in text


@pytest.mark.parametrize("options", [{"margin": 0.2}, {"alpha": 0.001}])
def test_the_counts_and_the_headline_have_one_margin_and_one_size(tmp_path, options):
    path = write(tmp_path / "counts.csv", "n,correct\n200,120\n")
    analysis = analyse(read_source(path), model=False, **options)
    assert analysis.report.verdict == analysis.pooled == analysis.verdict
    assert (analysis.report.alpha, analysis.report.margin) == (analysis.alpha, analysis.margin)
    text = " ".join(analysis_text(analysis).split())
    assert text.count(analysis.verdict.sentence) == 2
    level = "99.9%" if "alpha" in options else "95%"
    assert f"exact {level} interval" in analysis.verdict.sentence


def test_yes_no_with_bach_gives_sensitivity(tmp_path):
    text = "bach,n,correct\n1,25,8\n0,25,24\n"
    analysis = analyse(read_source(write(tmp_path / "sdt.csv", text), protocol="yes-no"))
    expected = REFERENCE["yes_no"]["SDT_8_17_1_24_probit"]["d"]
    assert analysis.single_clips.yes_no.estimate == pytest.approx(expected, abs=1e-9)
    assert analysis.verdict.finding is Finding.CAN_TELL


def test_a_triangle_is_held_against_a_third(tmp_path):
    path = write(tmp_path / "triangle.csv", "n,correct\n60,30\n")
    analysis = analyse(read_source(path, protocol="triangle"))
    assert analysis.verdict.finding is Finding.CAN_TELL
    assert analysis.discrimination.estimate == pytest.approx(1.47, abs=0.01)
    few = write(tmp_path / "few.csv", "n,correct\n60,22\n")
    analysis = analyse(read_source(few, protocol="triangle"))
    assert analysis.verdict.finding is Finding.UNDECIDED
