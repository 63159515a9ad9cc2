"""Where the names and the rows of a table stand, and what the columns are called."""

from __future__ import annotations

import pytest

HEADER = "listener,item,condition,correct\n"
ROWS = "p,a,S,1\np,b,ATB,0\nq,a,S,1\n"
NOTHING_SAID = {
    "trailing cells in the header": "listener,item,condition,correct,,\n" + ROWS,
    "trailing cells in the rows": HEADER + ROWS.replace("\n", ",,\n"),
    "trailing cells in some rows": HEADER + ROWS.replace("S,1\n", "S,1,\n"),
    "trailing cells after quotes": HEADER + ROWS.replace("p,", '"p",').replace("\n", ",\n"),
    "blank lines": "\n\n" + HEADER + "\n,,,\n" + ROWS + "\n   \n",
    "a column without a name": ",listener,item,condition,correct\n"
    + ROWS.replace("p", "0,p").replace("q", "1,q"),
    "spaces before quotes": 'listener, "item", condition, correct\n'
    + ROWS.replace(",a,", ', "a",'),
    "an N of something else": HEADER.replace("\n", ",N\n") + ROWS.replace("\n", ",7\n"),
    "line ends in the header": HEADER.replace("listener", '"listener\n"').replace("n,c", 'n,"\n\nc')
    .replace("t\n", 't"\n') + ROWS,
    "a character that nobody sees": "\u200b" + HEADER.replace(",item", "\u200b,item") + ROWS,
    "no last line end": HEADER + ROWS.rstrip("\n"),
    "other case": HEADER.title() + ROWS,
}  # fmt: skip


@pytest.mark.parametrize("text", NOTHING_SAID.values(), ids=list(NOTHING_SAID))
def test_layouts_that_need_no_word(read, text):
    table = read(text)
    assert table.values("listener") == ["p", "p", "q"]
    assert table.values("item") == ["a", "b", "a"]
    assert table.correct.tolist() == [1, 0, 1]
    assert table.notes == ()


SAID = {
    "The names of the columns are in line 3; skipped above them: 'My study, 2026'.": (
        "My study, 2026,,\n,,,\n" + HEADER + ROWS
    ),
    "The names of the columns are in line 4; skipped above them: '# one', '# two', ....": (
        "# one\n# two\n# three\n" + HEADER + ROWS
    ),
    "The first line of the file says that ';' separates its cells.": (
        "sep=;\n" + (HEADER + ROWS).replace(",", ";")
    ),
    "1 row that only repeats the names of the columns left out (line 5).": (
        HEADER + ROWS + "listener,item,condition,correct\n"
    ),
    "1 row that only repeats the names of the columns left out (line 2).": (
        HEADER + "Hörer,Stück,Bedingung,Richtig\n" + ROWS
    ),
    "1 row without listener, item and correct left out (line 5).": (
        HEADER.replace("\n", ",date\n") + ROWS.replace("\n", ",1.2.\n") + ",,,,END OF FILE\n"
    ),
    "There is no column condition: all answers are of one condition.": (
        "listener,item,correct\np,a,1\np,b,0\nq,a,1\n"
    ),
    "The column condition is empty: all answers are of one condition.": (
        HEADER + ROWS.replace("S", "").replace("ATB", "")
    ),
    "The names of the columns are in line 2; skipped above them: 'sep=;'.": (
        "sep=;\n" + HEADER + ROWS
    ),
    "Column 'Hörer:in' is read as listener, 'Stück' as item, 'Bedingung' as condition and"
    " 'Richtig' as correct.": "Hörer:in,Stück,Bedingung,Richtig\n" + ROWS,
    "There is a column bach, which only --protocol yes-no reads; here each answer is taken for one"
    " of protocol pair.": HEADER.replace("\n", ",bach\n") + ROWS.replace("\n", ",1\n"),
    "trial: 'first' is no number; the trend over trials leaves it out.": (
        HEADER.replace("\n", ",trial\n") + ROWS.replace("\n", ",first\n")
    ),
}


@pytest.mark.parametrize(("note", "text"), SAID.items(), ids=list(SAID))
def test_what_is_decided_is_said(read, note, text):
    # The row that repeats the names stands at the end here, and in the middle of joined files.
    table = read(text)
    assert table.values("listener") == ["p", "p", "q"]
    assert table.correct.tolist() == [1, 0, 1]
    assert table.notes == (note,)


def test_each_row_of_a_column_n_counts_n_answers(read):
    table = read("listener,item,condition,correct,n\np,a,S,3,5\np,b,S,0,5\n")
    assert not table.of_answers
    assert table.notes == ("There is a column n, so each row counts n answers.",)


def test_a_row_of_counts_without_counts_is_a_footnote(read):
    table = read("condition,n,correct\nS,100,61\nSource: a thesis,,\n")
    assert table.values("condition") == ["S"]
    assert table.notes == ("1 row without n and correct left out (line 3).",)


def test_a_second_table_below_the_first_is_not_counted(refused):
    text = "condition,n,correct\nS,20,13\n\nexperience,n,correct\nnovice,20,13\n"
    assert "line 4: another table begins here, with a column 'experience'" in refused(text)


def test_merged_cells_are_said(read):
    table = read("condition,n,correct\nS,10,5\n,10,6\n")
    assert table.notes == (
        "condition: an empty cell counts as unstated; where cells were merged, fill them in.",
    )


def test_columns_are_chosen_whatever_their_case(read):
    options = ("--column", "listener=Prolific id", "--column", "correct= Hit ")
    table = read("PROLIFIC ID,item,condition,hit,correct\np,a,S,1,0\nq,a,S,0,1\n", *options)
    assert table.correct.tolist() == [1, 0]
    assert "correct (in the file)" in table.columns
    assert table.name_of("prolific id") == "listener"


def test_a_column_is_chosen_by_any_name_that_is_known(read):
    options = ("--column", "Listener=who", "--column", "STÜCK=what")
    assert read("who,what,correct\np,a,1\n", *options).values("item") == ["a"]


def test_a_long_preamble_is_skipped(read):
    assert read("# a line\n" * 60 + HEADER + ROWS).correct.tolist() == [1, 0, 1]


@pytest.mark.parametrize("delimiter", ["semicolon", ";", "TAB"])
def test_a_delimiter_has_a_name(read, delimiter):
    text = (HEADER + ROWS).replace(",", "\t" if delimiter == "TAB" else ";")
    assert read(text, "--delimiter", delimiter).correct.tolist() == [1, 0, 1]


def test_a_name_of_the_file_can_be_grouped_by(read):
    table = read("Hörer,Stück,Bedingung,richtig\np,a,S,1\n")
    assert table.name_of("bedingung") == "condition"
    assert table.name_of("no such column") == "no such column"


def test_lines_are_counted_from_the_top_of_the_file(refused):
    title = "My study\n\n"
    assert refused(title + HEADER + ROWS + "p,c,S,maybe\n").startswith("table.csv, line 7: correct")
    assert refused(title + HEADER + "p,c,S\n").startswith("table.csv, line 4: 3 cells")
    quoted = refused(title + HEADER + 'p,"c\nd",S,1\np,e,S,maybe\n')
    assert quoted.startswith("table.csv, line 6: correct is 'maybe'")


def test_latin_1_of_a_file_in_utf_8_is_said(read):
    table = read((HEADER + "Jürgen,a,S,1\n"), "--encoding", "latin-1")
    assert table.notes == ("The file may be in UTF-8; it was read as latin-1, as asked.",)
    assert read((HEADER + "Jürgen,a,S,1\n").encode("latin-1"), "--encoding", "cp1252").notes == ()
