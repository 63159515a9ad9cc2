"""Swapping right and wrong answers turns what is said about Bach, and no number."""

from __future__ import annotations

import re

import pytest

from bachtest.stats.rates.discrimination import discriminate
from bachtest.stats.rates.protocols import PROTOCOLS
from bachtest.stats.rates.summary import AnswerCount, summarise
from bachtest.stats.rates.yes_no import fakes_only
from bachtest.stats.report.analysis import analyse
from bachtest.stats.tables.read_study_folder import read_source
from bachtest.stats.verdict.finding import Finding
from bachtest.stats.verdict.pooled_verdict import discrimination_verdict, pooled_verdict

MIRRORED = {
    Finding.CAN_TELL: Finding.TAKE_MACHINE_FOR_BACH,
    Finding.LESS_THAN_MARGIN: Finding.TAKE_LESS_THAN_MARGIN,
}
WORDS = {
    "Listeners can tell:": "Listeners tell them apart, but take the machine for Bach:",
    "Listeners can tell, but": "Listeners take the machine for Bach, but",
}


def pooled(right, n, **options):
    return pooled_verdict(summarise([AnswerCount((), n, right)]).cells[0], **options)


def without_figures(sentence):
    """The words of a verdict; the interval and the counts are those of the other side."""
    return re.sub(r"[\d,]+ of [\d,]+ answers? (was|were) right \([^;]*;|\d[^;]*%;", "", sentence)


def assert_mirrored(above, below):
    assert below.finding is MIRRORED.get(above.finding, above.finding)
    words = without_figures(above.sentence)
    for said, mirrored in WORDS.items():
        words = words.replace(said, mirrored)
    assert without_figures(below.sentence) == words
    if above.needs is not None:
        needed = re.sub(r"stays at [\d.]+%", "", above.needs.sentence)
        assert re.sub(r"stays at [\d.]+%", "", below.needs.sentence) == needed
        assert (below.needs.answers, below.needs.items) == (above.needs.answers, above.needs.items)
    assert (above.needs is None) == (below.needs is None)


@pytest.mark.parametrize("margin", [None, 0.03, 0.15, 0.2])
@pytest.mark.parametrize("n", [7, 100, 1000])
def test_a_pooled_verdict_below_one_half_mirrors_the_one_above(n, margin):
    for right in range((n + 1) // 2, n + 1, max(1, n // 25)):
        assert_mirrored(pooled(right, n, margin=margin), pooled(n - right, n, margin=margin))


def test_the_margin_is_named_on_both_sides():
    above, below = pooled(560, 1000, margin=0.1), pooled(440, 1000, margin=0.1)
    assert str(above.finding) == "can tell, but by less than the margin"
    assert str(below.finding) == "take the machine for Bach, but by less than the margin"
    start = "Listeners take the machine for Bach, but by less than the margin of 10 points: 440 of"
    assert below.sentence.startswith(start)


@pytest.mark.parametrize(("right", "margin"), [(8, None), (6, 0.3), (6, None), (5, 0.05)])
def test_the_mixed_model_mirrors_as_well(tmp_path, right, margin):
    verdicts = []
    for swapped in (False, True):
        rows = [
            f"l{i},i{j},S,{int(((j + i) % 10 < right) != swapped)}"
            for i in range(20)
            for j in range(10)
        ]
        path = tmp_path / "answers.csv"
        path.write_text("\n".join(["listener,item,condition,correct", *rows]) + "\n")
        verdicts.append(analyse(read_source(path), margin=margin).verdict)
    above, below = verdicts
    assert below.finding is MIRRORED.get(above.finding, above.finding)
    for one in verdicts:
        assert "marginal rate" in one.sentence
    if above.needs is not None:
        assert (below.needs.answers, below.needs.items) == (above.needs.answers, above.needs.items)


def test_three_clips_give_d_prime_and_the_nearer_tail_on_both_sides():
    protocol = PROTOCOLS["three-afc"]
    above = discrimination_verdict(discriminate(40, 60, protocol), protocol)
    below = discrimination_verdict(discriminate(6, 60, protocol), protocol)
    form = r": three-afc: \d+ of 60, d' -?[\d.]+ \(.*\), one-sided p < .001, tested at 0.025\.$"
    for verdict in (above, below):
        assert re.search(form, verdict.sentence)
    assert below.finding is Finding.TAKE_MACHINE_FOR_BACH
    open_below = discrimination_verdict(discriminate(17, 60, protocol), protocol)
    assert "one-sided p = .2" in open_below.sentence


def test_fakes_called_machine_more_or_less_often():
    often, seldom = fakes_only(70, 100).sentence, fakes_only(30, 100).sentence
    turned = often.replace("more often", "less often").replace("70 of", "30 of")
    assert seldom == turned.replace('"machine" scores 100%', '"Bach" scores 0%')


def test_where_below_one_half_means_nothing_more_answers_do_not_decide_there():
    abx = PROTOCOLS["abx"]
    assert pooled(60, 100, protocol=abx).needs.answers == 10
    assert pooled(40, 100, protocol=abx).needs.answers is None
    outside = pooled(42, 100, protocol=abx, margin=0.05).needs
    assert "a rate below one half decides nothing" in outside.sentence
    assert pooled(48, 100, protocol=abx, margin=0.1).needs.answers > 1


def test_three_clips_far_below_chance_are_not_within_the_margin():
    protocol = PROTOCOLS["three-afc"]
    for right, finding in (
        (600, Finding.CAN_TELL), (380, Finding.LESS_THAN_MARGIN), (334, Finding.CANNOT_TELL),
        (290, Finding.TAKE_LESS_THAN_MARGIN), (100, Finding.TAKE_MACHINE_FOR_BACH),
    ):  # fmt: skip
        found = discriminate(right, 1000, protocol)
        assert discrimination_verdict(found, protocol, margin=0.1).finding is finding
