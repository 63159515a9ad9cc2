from __future__ import annotations

import json

import pytest

from bachtest.stats.report.counts_text import to_json, to_text
from bachtest.stats.report.pooled_report import make_report
from bachtest.stats.tables.read_study_folder import read_source
from bachtest.stats.tables.table import TableError

ANSWERS = "listener,item,condition,composer,correct,flag_knew\n" + "".join(
    f"l{i},1,S,bot,{int(i < 16)},{int(i < 5)}\n" for i in range(25)
)
ITEMS = (
    "item,condition,composer,differing,alike,set_aside\n"
    "1,S,bot,0.5,0,\n"
    "2,S,bot,0.0,1,no written note differs\n"
    "3,S,bot,0.9,0,copies Bach\n"
    "4,S,other,0.25,0,\n"
)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "answers.csv").write_text(ANSWERS)
    (tmp_path / "design.json").write_text(json.dumps({"exclusions": ["knew"]}))
    (tmp_path / "items.csv").write_text(ITEMS)
    return tmp_path


def test_the_design_says_which_answers_are_excluded(folder):
    report = make_report(read_source(folder))
    assert (report.overall.rate.correct, report.overall.rate.n) == (11, 20)
    assert (report.everything.rate.correct, report.everything.rate.n) == (16, 25)
    assert [(flag.answers, flag.excluded) for flag in report.flags] == [(5, True)]
    assert "with the excluded answers: 16 of 25" in to_text(report)


def test_the_answers_inside_an_export_are_that_export(folder):
    inside = make_report(read_source(folder / "answers.csv"))
    assert inside == make_report(read_source(folder))


def test_a_table_on_its_own_excludes_nothing(folder):
    (folder / "design.json").unlink()
    assert make_report(read_source(folder / "answers.csv")).overall.rate.n == 25


def test_identical_pairs_are_reported_beside_the_rate(folder):
    bot, other = make_report(read_source(folder)).identical_pairs
    # Of the two pairs that could play one is identical; the copy of Bach does not count.
    assert (bot.composer, bot.pairs, bot.identical) == ("bot", 2, 1)
    assert bot.rate == 11 / 20
    assert bot.rate_if_guessed == pytest.approx((11 / 2 + 20 / 4) / 20)
    assert (other.composer, other.pairs, other.rate) == ("other", 1, None)


def test_rates_of_few_answers_stay_hidden_in_the_table_of_identical_pairs(folder):
    (folder / "answers.csv").write_text(
        ANSWERS + "".join(f"l{i},4,S,other,1,0\n" for i in range(9))
    )
    report = make_report(read_source(folder))
    assert to_json(report)["alike"][1]["rate"] == 1
    hidden = to_json(report, hide_few=True)["alike"][1]
    assert (hidden["answers"], hidden["rate"], hidden["rate_if_guessed"]) == (None, None, None)
    assert hidden["pairs"] == 1


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("design.json", "{", "design.json: not readable as JSON"),
        ("design.json", "[]", "exclusions must be a list"),
        ("design.json", '{"exclusions": "knew"}', "exclusions must be a list"),
        ("design.json", '{"exclusions": ["late"]}', "no flag 'late'"),
        ("items.csv", "item\n1\n", "items.csv: no column 'composer'"),
        ("items.csv", ITEMS.replace("0.5", "half"), "line 2: differing is 'half'"),
        ("items.csv", ITEMS.replace("0.0,1", "0.0,yes"), "line 3: alike is 'yes'"),
    ],
)
def test_a_damaged_export_is_named(folder, name, text, message):
    (folder / name).write_text(text)
    with pytest.raises(TableError, match=message):
        make_report(read_source(folder))
