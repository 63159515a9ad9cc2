"""Two clips by Bach: which side is favoured, and never whether listeners can tell."""

from __future__ import annotations

import json
import math
import re
from html import unescape
from statistics import NormalDist

import numpy as np
import pytest

from bachtest.stats.__main__ import main
from bachtest.stats.clustered.response_bias import side_bias
from bachtest.stats.report.all_bach import analyse_all_bach
from bachtest.stats.report.all_bach_report import (
    all_bach_html,
    all_bach_json,
    all_bach_sections,
    all_bach_text,
)
from bachtest.stats.report.analysis import analyse
from bachtest.stats.tables.read_study_folder import read_source
from bachtest.stats.verdict.finding import Finding

OF_A_TRUTH = re.compile(
    r"can ?not tell|can tell|\bcorrect\b|\bwrong\b|the machine|fool|guess|learn"
)


@pytest.fixture
def study(tmp_path):
    """Listeners with a bias of their own, in logits around a common one."""

    def written(bias, *, listeners=60, each=8, items=30, sd=0.6, words=("left", "right")):
        rng = np.random.default_rng(5)
        rows = ["listener,item,condition,chosen"]
        for listener in range(listeners):
            own = bias + sd * rng.normal()
            for item in rng.choice(items, each, replace=False):
                word = words[int(rng.random() > 1 / (1 + math.exp(-own)))]
                rows.append(f"l{listener},i{item},{'S' if item % 2 else 'SATB'},{word}")
        path = tmp_path / "sides.csv"
        path.write_text("\n".join(rows) + "\n")
        return path

    return written


def analysed(path, **options):
    return analyse_all_bach(read_source(path, protocol="all-bach"), **options)


@pytest.mark.parametrize("model", [True, False])
@pytest.mark.parametrize(("bias", "side"), [(0.7, "left"), (-0.7, "right")])
def test_the_favoured_side_is_named(study, bias, side, model):
    analysis = analysed(study(bias), model=model)
    assert analysis.verdict.finding is analysis.pooled.finding is Finding.FAVOUR_SIDE
    assert analysis.verdict.sentence.startswith(f"Listeners favour the {side} clip: the left clip")
    assert (analysis.preference.bias > 0) == (bias > 0)
    assert analysis.preference.criterion == -analysis.preference.bias


@pytest.mark.parametrize("model", [True, False])
def test_that_no_side_is_favoured_needs_a_margin(study, model):
    path = study(0.0, listeners=150, each=20, sd=0.1)
    without = analysed(path, model=model).verdict
    assert without.finding is Finding.UNDECIDED
    assert "neither that listeners favour a side nor that they do not" in without.sentence
    within = analysed(path, model=model, margin=0.05).verdict
    assert within.finding is Finding.NO_SIDE_FAVOURED
    assert within.sentence.startswith("No side is favoured within the margin of 5 points:")
    assert analysed(path, model=model, margin=0.005).verdict.finding is Finding.UNDECIDED


def test_a_small_bias_can_be_shown_to_be_small(study):
    analysis = analysed(study(0.12, listeners=300, each=20, sd=0.1), margin=0.1)
    assert analysis.verdict.finding is Finding.FAVOUR_SIDE_BELOW_MARGIN


def test_the_bias_has_the_scale_and_the_sign_of_the_side_bias_of_pairs(study):
    preference = analysed(study(0.4), model=False).preference
    chosen, n = preference.chosen, preference.n
    of_pairs = side_bias("left", chosen, n, chosen, n)
    assert preference.bias == pytest.approx(of_pairs.estimate)
    assert preference.bias == pytest.approx(NormalDist().inv_cdf(chosen / n))


def test_the_model_says_how_much_listeners_differ(study):
    analysis = analysed(study(0.3, listeners=150, each=12, sd=0.8))
    preference = analysis.preference
    assert preference.listener_sd == pytest.approx(0.8, abs=0.15)
    assert preference.listeners_low < preference.estimate < preference.listeners_high
    assert preference.low < analysis.pooled_preference.low
    assert "Listeners differ with a standard deviation of" in all_bach_text(analysis)
    assert analysis.model.formula.startswith("chose_left ~ condition")


@pytest.mark.parametrize("model", [True, False])
@pytest.mark.parametrize("bias", [0.0, 0.7, 30.0])
def test_nothing_is_said_of_right_answers(study, bias, model):
    analysis = analysed(study(bias), model=model, margin=0.1)
    for text in (all_bach_text(analysis), unescape(all_bach_html(analysis))):
        assert OF_A_TRUTH.findall(re.sub(r"<style.*?</style>", "", text, flags=re.DOTALL)) == []


def test_the_pooled_verdict_says_what_it_ignores(study):
    analysis = analysed(study(0.3), model=False)
    assert "treats the answers as independent" in analysis.verdict.caution
    assert "one bias for all listeners" in analysis.preference.assumptions
    assert "Listeners differ by more than chance (beta-binomial" in all_bach_text(analysis)


def test_the_page_the_text_and_the_json_agree(study):
    analysis = analysed(study(0.4), margin=0.1)
    text, page = " ".join(all_bach_text(analysis).split()), all_bach_html(analysis)
    shown = [unescape(line) for line in re.findall(r"<p[^>]*>(.*?)</p>", page)]
    for section in all_bach_sections(analysis):
        assert f"<h2>{section.title}</h2>" in page
        for line in section.lines:
            assert " ".join(line.split()) in text
            assert line.strip() in shown
    report = json.loads(json.dumps(all_bach_json(analysis), allow_nan=False))
    assert report["verdict"]["finding"] == analysis.verdict.finding
    assert report["preference"]["bias"] == analysis.preference.bias
    assert report["model"]["chosen"] == report["overall"]["chosen"]
    assert "correct" not in json.dumps(report["model"]["rates"])
    assert [cell["labels"]["condition"] for cell in report["by"]["condition"]] == ["S", "SATB"]


def test_it_is_reached_from_the_shell(study, tmp_path, capsys):
    path, page = study(0.7, words=("first", "second")), tmp_path / "page.html"
    assert main([str(path), "--protocol", "all-bach"]) == 0
    assert "Listeners favour the first clip" in " ".join(capsys.readouterr().out.split())
    assert main([str(path), "--protocol", "all-bach", "--html", str(page)]) == 0
    assert "Listeners favour the first clip" in page.read_text()
    assert main([str(path), "--protocol", "all-bach", "--public", "--json"]) == 0
    public = json.loads(capsys.readouterr().out)
    assert "verdict" not in public
    assert public["overall"]["n"] == 480
    assert main([str(path), "--protocol", "all-bach", "--margin", ".7"]) == 2
    assert main([str(path), "--protocol", "all-bach", "--by", "mood"]) == 2


def test_counts_give_a_pooled_result(tmp_path, capsys):
    path = tmp_path / "counts.csv"
    path.write_text("condition,n,left\nS,200,130\nSATB,9,2\n")
    assert main([str(path), "--protocol", "all-bach"]) == 0
    text = capsys.readouterr().out
    assert "the left clip was chosen in 132 of 209 answers" in " ".join(text.split())
    assert "SATB *" in text
    path.write_text("n,left\n0,0\n")
    assert main([str(path), "--protocol", "all-bach"]) == 0
    assert "There are no answers yet." in capsys.readouterr().out


def test_it_has_an_analysis_of_its_own(study):
    with pytest.raises(ValueError, match="use analyse_all_bach"):
        analyse(read_source(study(0.0), protocol="all-bach"))
