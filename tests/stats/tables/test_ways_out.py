"""The way out that a refusal names leads to a table that is read rightly."""

from __future__ import annotations

import shlex

import pytest

HEADER = "listener,item,condition,correct\n"
ROWS = "p,a,S,1\np,b,ATB,0\n"
ANSWERS = HEADER + ROWS
KEYED = "listener,item,{answer},{key}\np,a,left,left\np,b,left,right\n"

LEADS_TO_A_TABLE = {
    "UTF-16 without a byte order mark, read as UTF-8": (ANSWERS.encode("utf-16-le"), ()),
    "UTF-16 without a byte order mark": (ANSWERS.encode("utf-16-le"), ("--encoding", "utf-16")),
    "Latin-1 read as UTF-16": (
        ANSWERS.replace("p", "ü").encode("latin-1"), ("--encoding", "utf-16")
    ),
    "the other order": (ANSWERS.replace("p", "ü").encode("utf-16-be"), ()),
    "UTF-32": (ANSWERS.replace("p", "ü").encode("utf-32"), ()),
    "colons": (ANSWERS.replace(",", ":"), ()),
    "spaces and quotes, as R writes": (
        '"listener" "item" "correct"\n"p" "a" 1\n"p" "b" 0\n', ()
    ),
    "a name in capitals inside": ("SubjectID,stimFile,is_correct\np,a,1\np,b,0\n", ()),
    "plurals": ("Listeners,Items,hits\np,a,1\np,b,0\n", ()),
    "times beside answers": (
        "listener,item,response_time,correct_response,response\np,a,9,1,1\np,b,9,1,0\n", ()
    ),
    "counts in the plural": ("cond,trials,hits\nS,2,1\n", ()),
    "a column turned round": (
        "participant,item,correct\np,a,1\np,b,0\n", ("--column", "participant=listener")
    ),
}  # fmt: skip


def named_options(message: str) -> list[str]:
    """The options that a message says to add, or the column to turn round."""
    if ": 'listener=" in message:
        return ["--column", *shlex.split(message.rpartition(": ")[2])]
    option = message.partition(" add --")[2].partition(";")[0].partition(": ")[0]
    return shlex.split(f"--{option}")


@pytest.mark.parametrize(("data", "options"), LEADS_TO_A_TABLE.values(), ids=list(LEADS_TO_A_TABLE))
def test_the_options_that_are_named_read_the_table(read, refused, data, options):
    named = named_options(refused(data, *options).replace("';'", "semicolon"))
    table = read(data, *named)
    assert (int(table.n.sum()), int(table.correct.sum())) == (2, 1)


@pytest.mark.parametrize(
    ("answer", "key"),
    [
        ("response", "correct_response"),
        ("answer", "solution"),
        ("key_resp.keys", "corrAns"),
        ("Antwort", "Richtige Antwort"),
    ],
)
def test_a_column_that_says_what_is_right_is_named_as_that(read, refused, answer, key):
    text = KEYED.format(answer=answer, key=key)
    assert f"correct={key}" not in refused(text)
    column = ("--column", f"correct={answer}")
    assert f"--correct-is {shlex.quote(key)}" in refused(text, *column)
    assert read(text, *column, "--correct-is", key).correct.tolist() == [1, 0]


WIDE = {
    "listener,BWV 1,BWV 2.6,BWV 253\np,1,0,1\n": "BWV 1, BWV 2.6, ... look like one column",
    "ID,Q1_correct,Q2_correct,Q3_correct\np,1,0,1\n": "one column for each item",
    "listener,item_a,item_b,item_c\np,1,0,1\n": "one column for each item",
    "item,p1,p2,p3\na,1,0,1\n": "melt(var_name='listener'",
    "listener,p,p,q\nitem,a,b,a\ncorrect,1,0,1\n": "transpose the table",
    "S,100,61\nA,120,80\n": "and the first line names them",
    "condition,correct,incorrect\nS,61,39\n": "add a column n",
    "'listener','item','correct'\n'p','a',1\n": "the cells stand in ' instead of \"",
    "listener   item  correct\np  a  1\n": "separated by spaces; write it with commas:",
}  # fmt: skip


@pytest.mark.parametrize(("text", "words"), WIDE.items(), ids=list(WIDE.values()))
def test_tables_of_another_shape_are_told_so(refused, text, words):
    assert words in refused(text)


ROWS_AT_FAULT = [
    (HEADER + ROWS.replace(",", ";"), "this row is separated by semicolons"),
    (ANSWERS + "\nSource: a thesis\n", "if it is a note below the table, delete it"),
    (ANSWERS + "q,a, too,S,1\n", "put quotes around a cell that holds ','"),
    ("listener,item,correct,seconds\np,a,1,12,5\n", "if 1,12 or 12,5 is one number"),
    (HEADER + "Who,What,Where,Right?\n" + ROWS, "if this line explains the columns, delete it"),
    (HEADER + "p,a,S,bot\nq,a,S,Bach\n", "--correct-is bot or --correct-is Bach"),
    (ANSWERS + "q,a,S,timeout\n", "or leave the cell empty and add --skip-missing"),
    (HEADER + 'p,a,S,"{""a"":1}"\nq,a,S,1\n', "correct is '{\"a\":1}'"),
    ("condition,n,correct\nS,100,61%\n", "call the column rate if it is a share of n"),
    ("condition,n,correct,rate\nS,100,61,.65\n", "a rate of 0.61, but the column rate says .65"),
    ("listener,item,block,correct\np,a,1,1\np,a,2,0\n", "--column trial=block"),
]


@pytest.mark.parametrize(("text", "words"), ROWS_AT_FAULT, ids=[w for _, w in ROWS_AT_FAULT])
def test_a_row_at_fault_is_told_what_to_do(refused, text, words):
    assert words in refused(text)


@pytest.mark.parametrize(
    "rows",
    [
        "S,100,61\nA,120,80\nGrand Total,220,141\n",
        "S,100,61\nA,120,80\nGesamtergebnis,220,141\n",
        "Total,220,141\nS,100,61\nA,120,80\n",
        "S,100,61\nA,120,80\n,220,141\n",
        "S,100,61\nTotal,100,61\n",
    ],
)
def test_a_total_is_not_counted_twice(refused, rows):
    assert "is the sum of the other rows" in refused(f"condition,n,correct\n{rows}")


def test_subtotals_are_not_counted_twice(refused):
    groups = "A,x,10,6\nA,y,10,7\nA,total,20,13\nB,x,10,5\nB,y,10,8\nB,total,20,13\n"
    for rows in (groups, f"{groups}all,all,40,26\n"):
        text = refused(f"composer,condition,n,correct\n{rows}")
        assert "line 4" in text and "sum of the rows above it" in text


def test_two_conditions_alike_are_no_total(read):
    for name in ("A", "all voices"):
        assert len(read(f"condition,n,correct\nS,100,61\n{name},100,61\n")) == 2
