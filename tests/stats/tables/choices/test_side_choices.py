"""Tables of rounds of two clips by Bach: the side chosen, and nothing that is right."""

from __future__ import annotations

import json

import pytest

from bachtest.stats.tables.read_study_folder import read_source

ALL_BACH = ("--protocol", "all-bach")


@pytest.mark.parametrize(
    ("words", "side"),
    [
        (("left", "right"), "left"),
        (("Links", " rechts "), "left"),
        (("L", "R"), "left"),
        (("first", "second"), "first"),
        (("Erster", "Zweiter"), "first"),
    ],
)
def test_the_side_is_read_in_the_words_that_people_write(read, words, side):
    one, other = words
    table = read(f"listener,item,chosen\na,x,{one}\na,y,{other}\nb,x,{one}\n", *ALL_BACH)
    assert table.chosen_side == side
    assert table.correct.tolist() == [1, 0, 1]
    assert table.notes == ("There is no column condition: all answers are of one condition.",)


def test_another_column_can_be_the_choice(read):
    text = "listener,item,condition,response\na,x,S,left\nb,x,S,right\n"
    table = read(text, *ALL_BACH, "--column", "chosen=response")
    assert table.correct.tolist() == [1, 0]
    assert table.notes == ("Column 'response' is read as the side chosen.",)


@pytest.mark.parametrize("name", ["left", "chose_left", "Chosen left", "left chosen"])
def test_counts_say_how_many_chose_a_side(read, name):
    table = read(f"condition,n,{name}\nS,40,22\nSATB,10,3\n", *ALL_BACH)
    assert (table.chosen_side, table.of_answers, table.notes) == ("left", False, ())
    assert table.correct.tolist() == [22, 3]
    assert table.n.tolist() == [40, 10]


def test_counts_of_the_first_clip_are_of_the_first_clip(read):
    assert read("n,first,second\n40,22,18\n", *ALL_BACH).chosen_side == "first"


def test_a_column_of_right_answers_must_be_empty(read, refused):
    table = read("listener,item,condition,chosen,correct\na,x,S,left,\nb,x,S,right,NA\n", *ALL_BACH)
    assert table.correct.tolist() == [1, 0]
    assert table.notes == ("The column correct is empty, and not read.",)
    message = refused("listener,item,chosen,correct\na,x,left,\nb,x,right,1\n", *ALL_BACH)
    assert "line 3: correct is '1', but with two clips of Bach no answer is right" in message


def test_rows_without_a_choice_are_left_out_on_request(read, refused):
    text = "listener,item,condition,chosen\na,x,S,left\nb,x,S,\n"
    assert "line 3: chosen is '', which is no answer; delete 1 such row" in refused(text, *ALL_BACH)
    table = read(text, *ALL_BACH, "--skip-missing")
    assert table.correct.tolist() == [1]
    assert table.notes == ("1 row without a choice left out.",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("listener,item,chosen\na,x,A\n", "line 2: chosen is 'A'; use left or right"),
        ("listener,item,chosen\na,x,1\n", "line 2: chosen is '1'; use left or right"),
        ("listener,item,chosen\na,x,left\nb,x,first\n", "in all rows"),
        ("listener,item,side\na,x,left\n", "if 'side' is it, add --column chosen=side"),
        ("listener,item,correct\na,x,1\n", "no column 'chosen'"),
        ("n,correct\n40,22\n", "a table of counts n and left, or n and first"),
        ("n,first\n40,42\n", "line 2: 42 of n=40 chose the first clip"),
        ("n,left\n40,x\n", "line 2: left is 'x'; use a whole number"),
        ("n,left,right\n40,22,17\n", "line 2: 22 and 17 chose a side, but n is 40"),
        ("listener;item;chosen\na;x;left\n", "separated by semicolons; add --delimiter ';'"),
        ("listener,item,chosen\na,x,left\na,x,left\n", "already on line 2"),
        ("", "the file is empty"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(refused, text, words):
    message = refused(text, *ALL_BACH)
    assert words in message
    assert "correct is" not in message


def test_a_side_of_bach_is_said_not_to_be_read(read):
    text = "listener,item,condition,side,chosen\na,x,S,left,right\n"
    table = read(text, *ALL_BACH)
    assert table.correct.tolist() == [0]
    assert table.notes == (
        "The column side is not read: with two clips of Bach neither side is his.",
    )


def test_correct_is_no_name_for_the_choice(refused):
    text = "listener,item,picked\na,x,left\n"
    message = refused(text, *ALL_BACH, "--correct-is", "left")
    assert "no answer is right or wrong" in message
    assert "as in chosen=response" in refused(text, *ALL_BACH, "--column", "correct=picked")


def test_of_an_export_only_the_rounds_of_two_clips_by_bach_are_read(tmp_path):
    (tmp_path / "answers.csv").write_text(
        "listener,item,condition,composer,side,chosen,correct,flag_knew\n"
        "a,1,S,bot,left,left,1,0\n"
        "a,2,S,,,right,,0\n"
        "a,3,S,bot,left,right,,0\n"  # no truth, for another reason
        "b,2,S,,,left,,1\n"
        "b,4,S,,,,,0\n"  # no idea
        "b,5,S,,,left,,0\n"
    )
    (tmp_path / "design.json").write_text(json.dumps({"exclusions": ["knew"], "margin": 0.05}))
    source = read_source(tmp_path, protocol="all-bach")
    assert source.table.values("item") == ["2", "2", "5"]
    assert source.included.correct.tolist() == [0, 1]
    assert source.margin is None
    assert (
        "3 answers to rounds that were not of two clips of Bach left out" in source.table.notes[0]
    )
