"""Cells and names that differ and mean the same, or look alike and do not."""

from __future__ import annotations

import pytest

HEADER = "listener,item,condition,correct\n"


def shape(table):
    return len(table), int(table.correct.sum()), table.distinct("listener"), table.distinct("item")


def test_one_listener_and_one_condition_in_several_spellings_are_said(read):
    table = read(HEADER + "1,a, ATB,1\n1.0,b,atb,0\n2,a,ATB,1\n2.00,c,S\u00a0,1\n")
    assert shape(table) == (4, 3, 2, 3)
    assert table.values("condition") == ["ATB", "ATB", "ATB", "S"]
    assert table.notes == (
        "listener: '1' and '1.0' are one, '2' and '2.00' are one.",
        "condition: 'ATB' and 'atb' are one.",
    )


def test_a_name_in_two_unicode_forms_is_one(read):
    table = read(HEADER + "J\u00fcrgen,a,S,1\nJu\u0308rgen,b,S,1\nAnn  B,a,S,1\nAnn\u00a0B,b,S,0\n")
    assert shape(table) == (4, 3, 2, 2)


def test_listeners_that_differ_in_case_are_two_and_it_is_said(read):
    table = read(HEADER + "P1,a,S,1\np1,a,S,0\n01,a,S,1\n1,a,S,1\n")
    assert table.distinct("listener") == 4
    assert table.notes == ("listener: 'P1' and 'p1' differ in case alone, and are two.",)


def test_an_item_in_two_conditions_is_two_items(read):
    table = read(HEADER + "p,BWV 1,S,1\np,BWV 1,ATB,0\nq,BWV 1,S,1\nq,BWV 2,S,1\n")
    assert table.values("item") == ["BWV 1 (S)", "BWV 1 (ATB)", "BWV 1 (S)", "BWV 2"]
    assert "1 item stands in more than one condition, 'BWV 1' for one" in table.notes[0]


def test_the_name_of_an_item_of_two_conditions_is_no_other_items_name(read):
    table = read(HEADER + "p,x,S,1\np,x,B,0\np,x (S),B,1\n")
    assert len(set(table.values("item"))) == 3


RIGHT = ["1", "1.0", "1,0", "1.000e+00", "TRUE", "Yes", "y", "WAHR", "ja", "Richtig", "korrekt"]
WRONG = ["0", "0.00", "0e0", "False", "no", "falsch", "nein", "incorrect", "nicht  richtig"]


@pytest.mark.parametrize("right", RIGHT)
@pytest.mark.parametrize("wrong", WRONG)
def test_words_for_right_and_wrong(read, right, wrong):
    table = read(f"listener;item;correct\np;a;{right}\np;b; {wrong}\n", "--delimiter", ";")
    assert table.correct.tolist() == [1, 0]


def test_words_are_said_and_numbers_are_not(read):
    assert read(HEADER + "p,a,S,1.0\np,b,S,FALSE\n").notes == ()
    table = read(HEADER + "p,a,S,ja\np,b,S,Nein\n")
    assert table.notes == ("correct: 'ja' is right and 'Nein' is wrong.",)


def test_what_is_right_is_said_by_a_word_or_by_a_column(read):
    text = "listener,item,response,key\np,a,x,x\np,b,y,x\nq,a,Y,y\nq,b,z,z\n"
    named = ("--column", "correct=response", "--correct-is")
    assert read(text, *named, "y").correct.tolist() == [0, 1, 1, 0]
    assert read(text, *named, "y", "--correct-is", "Z").correct.tolist() == [0, 1, 1, 1]
    table = read(text, *named, "key")
    assert table.correct.tolist() == [1, 0, 1, 1]
    assert "correct: an answer is right if it is what key says (3 of 4)." in table.notes


def test_ties_have_words_too(read):
    text = HEADER + "p,a,S,weiß nicht\np,b,S,Tie\np,c,S,1\n"
    table = read(text, "--protocol", "pair-ties")
    assert (table.ties.tolist(), table.correct.tolist()) == ([1, 1, 0], [0, 0, 1])


def test_half_a_point_is_a_tie_and_it_is_said(read, refused):
    text = HEADER + "p,a,S,0.5\np,b,S,don’t know\np,c,S,1\n"
    table = read(text, "--protocol", "pair-ties")
    assert table.ties.tolist() == [1, 1, 0]
    assert "correct: '0.5' is a tie and 'don’t know' is a tie." in table.notes
    assert "--protocol pair-ties" in refused(text)


def test_missing_answers_are_left_out_on_request(read):
    missing = ["NA", "", "-", "n/a", "NaN", "#N/A", "keine Angabe", "?", "None"]
    text = HEADER + "p,a,S,1\n" + "".join(f"p,m{at},S,{cell}\n" for at, cell in enumerate(missing))
    table = read(text, "--skip-missing")
    assert shape(table) == (1, 1, 1, 1)
    assert table.notes == ("9 rows without an answer left out.",)


def test_a_missing_group_is_unstated(read):
    table = read("listener,item,correct,experience\np,a,1,NA\nq,a,1,\nr,a,1,None\n")
    assert table.values("experience") == ["unstated", "unstated", "None"]
    assert "experience: 'NA' counts as unstated." in table.notes


def test_sides_and_flags_have_words_too(read):
    text = "listener,item,correct,side,chosen,flag_knew\np,a,1,links,Left,ja\np,b,0,R,l,\n"
    table = read(text)
    assert table.values("side") == ["left", "right"]
    assert table.flagged("knew").tolist() == [True, False]
    other = read(text.replace("links,Left", "A,A"))
    assert any("'A' is neither left nor right" in note for note in other.notes)


def test_sides_have_any_case(read):
    assert read("listener,item,correct,side,chosen\np,a,1,A,a\np,b,0,B,A\n").correct.sum() == 1


def test_shares_are_one_condition_however_they_are_written(read):
    table = read(HEADER + "p,a,.5,1\np,b,0.50,0\nq,a,0.5,1\nq,c,1.10,1\nr,c,1.1,1\n")
    assert set(table.values("condition")) == {".5", "1.10", "1.1"}
    assert "condition: '.5' and '0.50' and '0.5' are one." in table.notes


def test_long_numbers_that_a_spreadsheet_cut_are_said(read):
    table = read("listener,item,correct\n1.23457E+11,a,1\n1.23457E+11,b,0\n")
    assert any("several may have become one" in note for note in table.notes)


def test_groups_that_are_asked_for_are_spelled_alike_too(read):
    text = "listener,item,correct,Skill\np,a,1,High\nq,a,1,high \nr,a,1,low\n"
    table = read(text)
    assert table.name_of("SKILL") == "Skill"
    merged = table.grouped_by(["Skill"])
    assert merged.values("Skill") == ["High", "High", "low"]
    assert merged.notes[-1] == "Skill: 'High' and 'high' are one."


def test_counts_and_rates_in_several_notations(read):
    text = "condition;n;rate\nS;20,0;0,65\nA;40;65 %\nT;30;.333\nB;10;1\nAT;3;0.3333333333333333\n"
    table = read(text, "--delimiter", ";")
    assert table.correct.tolist() == [13, 26, 10, 10, 1]
    assert table.n.tolist() == [20, 40, 30, 10, 3]


def test_counts_in_powers_of_ten(read):
    assert read("n,correct\n1.000e+02,6.1e1\n").correct.tolist() == [61]


def test_a_rate_that_may_be_rounded_is_said(read):
    table = read("condition,n,rate\nS,1000,.61\nA,20,.65\n")
    assert table.correct.tolist() == [610, 13]
    assert "may be any from 605 to 615" in table.notes[-1]


REPEATED = "listener,item,trial,correct\np,a,1,1\np,a,2,0\np,a,3.0,1\n"


@pytest.mark.parametrize("protocol", ["abx", "triangle", "duo-trio", "pair"])
def test_a_column_trial_tells_repeated_answers_apart(read, protocol):
    table = read(REPEATED, "--protocol", protocol)
    assert shape(table) == (3, 2, 1, 1)
    assert any("1 of 1 pairs of a listener and an item" in note for note in table.notes)


def test_repeated_answers_need_a_protocol_and_different_trials(refused):
    assert "--protocol abx, --protocol triangle" in refused(REPEATED)
    twice = refused(REPEATED.replace("3.0", "2.0"), "--protocol", "abx")
    assert "in trial '2' already on line 3; number the trials" in twice
    without = refused("listener,item,correct\np,a,1\np,a,0\n", "--protocol", "abx")
    assert "as in ABX and triangle tests, add a column trial" in without
