from __future__ import annotations

import re
from html import unescape

import pytest

from bachtest.stats.rates.discrimination import discriminate
from bachtest.stats.rates.protocols import PROTOCOLS
from bachtest.stats.report.analysis import analyse
from bachtest.stats.report.html import to_html
from bachtest.stats.report.terminal import analysis_json, analysis_text
from bachtest.stats.tables.read_study_folder import read_source
from bachtest.stats.verdict.finding import Finding
from bachtest.stats.verdict.pooled_verdict import discrimination_verdict

# Below chance, by what was asked.
TAKEN_FOR_BACH = ("pair", "pair-ties", "yes-no", "three-afc")
MEANINGLESS = ("abx", "abx-independent", "duo-trio", "triangle")
WITH_TRUTH = [name for name, protocol in PROTOCOLS.items() if protocol.has_truth]
HALF = ("pair", "pair-ties", "yes-no", "abx", "abx-independent", "duo-trio")


@pytest.fixture
def study(tmp_path):
    """Twenty listeners with ten answers each, of which so many are right."""

    def analysed(protocol, right, *, model=True, **options):
        answers = [
            f"l{listener},i{item},S,{item % 2},{int((item + listener) % 10 < right)}"
            for listener in range(20)
            for item in range(10)
        ]
        path = tmp_path / "answers.csv"
        path.write_text("\n".join(["listener,item,condition,bach,correct", *answers]) + "\n")
        return analyse(read_source(path, protocol=protocol), model=model, **options)

    return analysed


@pytest.mark.parametrize("model", [True, False])
@pytest.mark.parametrize("name", TAKEN_FOR_BACH + MEANINGLESS)
def test_above_chance_listeners_can_tell(study, name, model):
    analysis = study(name, 8, model=model)
    assert analysis.verdict.finding is analysis.pooled.finding is Finding.CAN_TELL


@pytest.mark.parametrize("model", [True, False])
@pytest.mark.parametrize("name", TAKEN_FOR_BACH)
def test_below_chance_listeners_who_point_to_bach_take_the_machine_for_him(study, name, model):
    analysis = study(name, 1, model=model)
    assert analysis.verdict.finding is analysis.pooled.finding is Finding.TAKE_MACHINE_FOR_BACH


@pytest.mark.parametrize("model", [True, False])
@pytest.mark.parametrize("name", MEANINGLESS)
def test_below_chance_other_protocols_ask_for_the_coding(study, name, model):
    analysis = study(name, 1, model=model)
    for verdict in (analysis.verdict, analysis.pooled):
        assert verdict.finding is Finding.UNDECIDED
        assert "right less often than by guessing" in verdict.sentence
        assert verdict.needs.answers is verdict.needs.items is None
        assert "check first how the answers are coded" in verdict.needs.sentence
    assert "marginal rate" in analysis.verdict.sentence or not model


@pytest.mark.parametrize("right", [1, 8])
def test_fakes_alone_decide_nothing_above_or_below_chance(study, right):
    analysis = study("single-fakes", right)
    assert analysis.verdict.finding is Finding.UNDECIDED
    assert "Without Bach's clips this does not show sensitivity" in analysis.verdict.sentence


@pytest.mark.parametrize("right", [1, 5, 8])
@pytest.mark.parametrize("name", WITH_TRUTH)
def test_every_verdict_names_its_size(study, name, right):
    analysis = study(name, right, model=False)
    assert analysis.verdict.alpha == analysis.pooled.alpha == 0.05
    smaller = study(name, right, model=False, alpha=0.01)
    assert smaller.verdict.alpha == smaller.pooled.alpha == 0.01


def test_three_clips_of_which_one_is_bach_are_tested_on_both_sides():
    protocol = PROTOCOLS["three-afc"]
    for correct, one_sided in ((25, 0.0431), (16, 0.1571)):
        verdict = discrimination_verdict(discriminate(correct, 57, protocol), protocol)
        assert verdict.finding is Finding.UNDECIDED, one_sided
    assert "tested at 0.025" in verdict.sentence


def test_three_clips_of_which_two_are_alike_are_tested_on_both_sides():
    protocol = PROTOCOLS["triangle"]
    # One-sided p: .019, .036, .031 and .015. The test agrees with the 95% interval of d'.
    for correct, tells, below in ((27, True, False), (26, False, False), (12, False, False),
                                  (11, False, True)):  # fmt: skip
        found = discriminate(correct, 57, protocol)
        verdict = discrimination_verdict(found, protocol)
        assert (verdict.finding is Finding.CAN_TELL) == (found.low > 0) == tells
        assert ("right less often than by guessing" in verdict.sentence) == below
        assert "tested at 0.025" in verdict.sentence


@pytest.mark.parametrize("name", ["pair", "three-afc", "triangle"])
def test_the_d_prime_of_counts_has_no_test_beside_the_verdicts(study, name):
    analysis = study(name, 1, model=False)
    text = " ".join(analysis_text(analysis).split())
    assert f"d': {name}: 20 of 200, d' " in text
    assert "one-sided" not in text.partition("Further questions")[2]


@pytest.mark.parametrize("name", ["pair", "abx", "duo-trio", "triangle"])
def test_only_where_listeners_look_for_bach_do_composers_fool_them(study, name):
    text = analysis_text(study(name, 8))
    fool = name == "pair"
    assert ("Which items fool listeners most" in text) == fool
    assert ("Which items are hardest to tell apart" in text) == (not fool)


@pytest.mark.parametrize("right", [4, 5, 6])
@pytest.mark.parametrize("name", HALF)
def test_significance_and_not_the_side_of_chance_decides(study, name, right):
    # 200 answers: 5 of 10 right is chance, and one more or less is significant.
    analysis = study(name, right, model=False)
    assert (analysis.verdict.finding is Finding.UNDECIDED) == (
        right == 5 or (right == 4 and name in MEANINGLESS)
    )
    assert ("by guessing" in analysis.verdict.sentence) == (right == 4 and name in MEANINGLESS)


@pytest.mark.parametrize("name", WITH_TRUTH)
def test_the_terminal_the_page_and_the_json_give_the_same_columns(study, name):
    analysis = study(name, 8, model=False)
    [table] = re.findall(r"<pre[^>]*>(.*?)</pre>", to_html(analysis), re.DOTALL)
    assert analysis_text(analysis).endswith(unescape(table))
    header = table.split("\n\n")[1].splitlines()[0]
    overall = analysis_json(analysis)["overall"]
    assert ("p (Holm)" in header) == ("p" in overall) == (name in ("pair", "pair-ties"))
    # With ties d' is that of the 2-AC, which stands with the further questions.
    assert ("d&#x27;" in header) == ("d_prime" in overall) == (name == "pair")


def test_only_ties_are_answers_too(tmp_path):
    path = tmp_path / "answers.csv"
    rows = [f"l{listener},i{item},S,tie" for listener in range(5) for item in range(4)]
    path.write_text("\n".join(["listener,item,condition,correct", *rows]) + "\n")
    analysis = analyse(read_source(path, protocol="pair-ties"))
    assert analysis.verdict.finding is Finding.UNDECIDED
    assert "all 20 answers are ties" in analysis.verdict.sentence
    assert "no answers yet" not in analysis_text(analysis)


def test_clips_of_bach_alone_decide_nothing_and_treat_nothing_as_independent(tmp_path):
    path = tmp_path / "answers.csv"
    rows = [f"l{a},i{b},S,1,{(a + b) % 3 % 2}" for a in range(8) for b in range(6)]
    path.write_text("\n".join(["listener,item,condition,bach,correct", *rows]) + "\n")
    analysis = analyse(read_source(path, protocol="yes-no"))
    assert "all 48 answers are about Bach's own clips" in analysis.verdict.sentence
    assert "independent" not in str(analysis.verdict)
