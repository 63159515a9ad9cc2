"""What cannot be read is refused by one sentence with the way out."""

from __future__ import annotations

import pytest

HEADER = "listener,item,condition,correct\n"
ROWS = "p,a,S,1\np,b,ATB,0\n"
SEMICOLON = ("--delimiter", ";")
REFUSED = [
    ('"listener";"item";"correct"\n"p";"a";"1"\n', "separated by semicolons; add --delimiter ';'"),
    ('"listener"\t"item"\t"correct"\n', "separated by tabs; add --delimiter tab"),
    ("My study;;\nlistener;item;correct\n", "separated by semicolons"),
    ("listener item condition correct\np a S 1\n", "separated by spaces"),
    ('"listener,item,condition,correct"\n"p,a,S,1"\n', "each line is one quoted cell"),
    ("listener,Listener,item,correct\np,q,a,1\n", "say which with --column listener=listener"),
    ("Versuchsperson,Hörer,Stück,richtig\np,q,a,1\n", "'Versuchsperson' and 'Hörer' may both be"),
    ("listener,BWV 1,BWV 2,BWV 3\np,1,0,1\n", "one column for each item"),
    ("1,p1,a,S,1\n", "no column 'listener', 'item', 'correct'"),
    (HEADER + "1,p,a,S,1\n", "if rows begin with their number, give that column a name"),
    (HEADER + ROWS + "# the end\n", "1 cell, but the header has 4: '# the end'; delete lines"),
    (HEADER + '"p" ,a,S,1\n', "something stands between a closing quote and the next separator"),
    (HEADER + ROWS + 'q,"a,S,1\nq,b,S,1\n', "line 4: not valid CSV (a quote is opened here"),
    (HEADER + "NA,a,S,1\n", "listener is 'NA', which means that it is missing"),
    (HEADER + ROWS + "q,a,-,1\n", "condition is '-', which means that it is missing"),
    (HEADER + ROWS + "q,a,S,n/a\nq,b,S,NA\n", "line 4: correct is 'n/a', which is no answer; delete"
     " 2 such rows, or leave them out with --skip-missing"),
    (HEADER + "p,a,S,tie\n", "ties are read with --protocol pair-ties"),
    (HEADER + "p,a,S,Mozart\n", "such as --correct-is Mozart"),
    (HEADER.replace("\n", ",flag_knew\n") + "p,a,S,1,perhaps\n", "flag_knew is 'perhaps'; use 1"),
    ("n,correct,ties\n30,10,5\n", "5 ties; --protocol pair-ties reads them"),
    ("condition,n,rate\nA,40,0,65\n", "if 0,65 is one number, write 0.65"),
    ("condition,n,correct\nA,1,000,610\n", "if 1,000 is one number, write 1000"),
    ("condition,n,correct\nA,1.000,610\n", "such as 1000 if it is thousands"),
    ("condition,n,correct\nA,1 000,610\n", "such as 1000 if it is thousands"),
    ('condition,n,correct\nA,100,"61,5"\n', "this has a decimal comma"),
    ("condition,n,correct\nA,NA,61\n", "delete the row if the count is missing"),
    ("condition,n,rate\nA,20,.66\n", "neither 13 nor 14 right answers (0.65 or 0.7)"),
    ("condition,n,rate\nA,20,66%\n", "neither 13 nor 14 right answers (0.65 or 0.7)"),
    ("condition,n,rate\nA,189,.76\n", "either 143 or 144 right answers (0.7566 or 0.7619)"),
    ("condition,n,rate\nA,20,61\n", "use a number from 0 to 1, or one with a percent sign"),
    ("condition,n,rate\nA,20,101%\n", "use a number from 0 to 1"),
    ("condition,n,correct\nS,9,6\nA,7,5\nSumme:,16,11\n", "line 4: 'Summe:' is the sum of the"),
    ((HEADER + ROWS).encode("utf-16-le"), "every other byte is 0; add --encoding utf-16"),
    ((HEADER + "J\xfcrgen,a,S,1\n").encode("latin-1"), "add --encoding latin-1"),
    ((HEADER + "J\xfcrgen \x80,a,S,1\n").encode("latin-1"), "add --encoding windows-1252"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "words"), REFUSED, ids=[words for _, words in REFUSED])
def test_it_says_what_to_do(refused, text, words):
    message = refused(text)
    assert words in message
    assert message.startswith("table.csv, line ")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--column", "listener=nobody"), "no column 'nobody' to be listener; this table has"),
        (
            ("--column", "listener=item", "--column", "item=item"),
            "cannot be both listener and item",
        ),
        (
            ("--column", "listener=item", "--column", "listener=correct"),
            "listener is both 'item' and",
        ),
        (("--column", "listener"), "use NAME=COLUMN, as in listener=participant"),
        (("--column", "hearer=item"), "'hearer' is none of listener, item"),
        (
            ("--correct-is", "Bach"),
            "no answer is 'Bach' (--correct-is); the column correct has '1'",
        ),
        (("--encoding", "klingon"), "encoding 'klingon' is unknown"),
        (("--encoding", "a\0b"), "is unknown; use utf-8"),
        (("--encoding", "rot13"), "encoding 'rot13' is unknown"),
        (("--encoding", "utf-16"), "not UTF-16"),
        (SEMICOLON, "separated by commas; leave --delimiter out"),
        (("--protocol", "yes-no"), "no column 'bach'"),
    ],
)  # fmt: skip
def test_options_that_do_not_fit_the_table(refused, options, words):
    assert words in refused(HEADER + ROWS, *options)


def test_a_byte_order_mark_shows_that_the_encoding_is_another(refused):
    text = b"\xef\xbb\xbf" + HEADER.encode()
    assert "in UTF-8; leave --encoding out" in refused(text, "--encoding", "latin-1")


def test_messages_repeat_no_more_than_they_must(refused):
    name = "x" * 5000
    assert len(refused(f"{name},{name}1,b,c\n1,2,3,4\n")) < 600
    assert len(refused(HEADER + f"p,a,S,{name}\n")) < 300
