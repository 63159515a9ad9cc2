from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bachtest.stats.report.pooled_report import make_report
from bachtest.stats.tables.read_study_folder import AnswerSource
from bachtest.stats.tables.table import TableError, read_table

MINIMAL = "listener,item,condition,correct\n"


@pytest.fixture
def table(tmp_path):
    def write(text, name="answers.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_the_minimal_table_is_read(table):
    answers = read_table(table(MINIMAL + "ada,1,S,1\nben,1,S,0\nada,2,SATB,TRUE\n"))
    assert answers.of_answers
    assert answers.correct.tolist() == [1, 0, 1]
    assert answers.n.tolist() == [1, 1, 1]
    assert answers.values("condition") == ["S", "S", "SATB"]


def test_a_table_of_counts_is_read(table):
    answers = read_table(table("skill,n,correct\n0,12,7\n1,0,0\n"))
    assert not answers.of_answers
    assert (answers.n.tolist(), answers.correct.tolist()) == ([12, 0], [7, 0])


def test_spreadsheets_marks_line_ends_blank_lines_and_spaces_do_not_matter(table):
    plain = read_table(table("n,correct,condition\n5,3,S\n", "a.csv"))
    padded = read_table(table(b"\xef\xbb\xbfn, correct ,condition\r\n\r\n5,3,S\r\n,,\r\n", "b.csv"))
    assert padded.columns == plain.columns
    assert [padded.values(name) for name in plain.columns] == [["5"], ["3"], ["S"]]


def test_an_empty_cell_is_unstated(table):
    answers = read_table(table("n,correct,experience\n5,3,\n"))
    assert answers.values("experience") == ["unstated"]


def test_a_header_alone_is_no_answers(table):
    assert len(read_table(table(MINIMAL))) == 0


BAD = {
    "": "the file is empty",
    "\n\n": "the file is empty",
    "listener;item;condition;correct\nada;1;S;1\n": "semicolons; add --delimiter ';'",
    "listener\titem\tcondition\tcorrect\nada\t1\tS\t1\n": "tabs; add --delimiter tab",
    "who,item,condition,correct\nada,1,S,1\n": "no column 'listener'",
    "n,right\n5,3\n": "no column 'listener', 'item', 'correct'; a table of answers",
    "n,correct,n\n5,3,5\n": "column 'n' appears twice",
    MINIMAL + "ada,1,S,2\n": "line 2: correct is '2'; use 0 or 1",
    MINIMAL + "ada,1,S,1\nben,1,S,maybe\n": "line 3: correct is 'maybe'",
    MINIMAL + "ada,1,S,\n": "line 2: correct is empty",
    MINIMAL + ",1,S,1\n": "line 2: listener is empty",
    MINIMAL + "ada,1,S\n": "line 2: 3 cells, but the header has 4",
    MINIMAL + "ada,1,S,1\nben,1,S,1\nada,1,S,0\n": (
        "line 4: listener 'ada' answered item '1' already on line 2"
    ),
    "n,correct\n5,6\n": "line 2: 6 correct of n=5",
    "n,correct\n5,-1\n": "line 2: correct is '-1'; use a whole number",
    "n,correct\n5.5,1\n": "line 2: n is '5.5'; use a whole number",
    'n,correct\n5,"3\n': "not valid CSV",
    b"n,correct,name\n5,3,caf\xe9\n": "line 2: not UTF-8 at '5,3,café'",
    "n,correct\n5,3\n".encode("utf-16"): "add --encoding utf-16",
    "n,rate\n5,0.5\n9,1.2\n": "line 3: rate is '1.2'; use a number from 0 to 1",
    "n,correct,rate\n5,3,60\n": "line 2: rate is '60'",
    MINIMAL.replace("\n", ",side,chosen\n") + "ada,1,S,1,left,right\n": (
        "line 2: correct is 1, but Bach was left and right was chosen"
    ),
}


@pytest.mark.parametrize(("text", "message"), BAD.items(), ids=list(BAD.values()))
def test_bad_tables_are_named_with_file_line_and_value(table, text, message):
    path = table(text)
    with pytest.raises(TableError) as caught:
        read_table(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(TableError, match=r"nowhere\.csv: No such file"):
        read_table(tmp_path / "nowhere.csv")
    with pytest.raises(TableError, match="directory"):
        read_table(tmp_path)


def test_flagged_answers_are_excluded_only_on_request(table):
    answers = read_table(
        table(MINIMAL.replace("\n", ",flag_knew\n") + "ada,1,S,1,1\nada,2,S,0,0\nben,1,S,0,\n")
    )
    assert answers.flags == ("knew",)
    assert len(answers) == 3
    assert answers.without(["knew"]).correct.tolist() == [0, 0]
    with pytest.raises(TableError, match="no flag 'late'; its flags: knew"):
        answers.without(["late"])


HEADER = ("listener", "item", "condition", "experience", "side", "chosen", "correct")
OTHER = {"left": "right", "right": "left"}
sides = st.sampled_from(["left", "right"])
rows = st.dictionaries(
    st.tuples(st.integers(0, 5), st.integers(0, 9)),
    st.tuples(
        st.sampled_from(["S", "AT", "SATB", "TB"]), st.sampled_from(["novice", ""]), sides, sides
    ),
    max_size=40,
)


def report_of(folder, answers):
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADER)
    for (listener, item), (condition, experience, side, chosen) in answers:
        writer.writerow((listener, item, condition, experience, side, chosen, int(side == chosen)))
    path = folder / "answers.csv"
    path.write_text(text.getvalue())
    return make_report(AnswerSource(read_table(path), (), ()), by=[("condition", "experience")])


@given(answers=rows)
def test_swapping_the_sides_changes_nothing(tmp_path_factory, answers):
    folder = tmp_path_factory.mktemp("swap")
    swapped = [
        (key, (condition, experience, OTHER[side], OTHER[chosen]))
        for key, (condition, experience, side, chosen) in answers.items()
    ]
    assert report_of(folder, swapped) == report_of(folder, answers.items())


@given(answers=rows, names=st.permutations(range(6)), random=st.randoms(use_true_random=False))
def test_renaming_listeners_and_shuffling_lines_changes_nothing(
    tmp_path_factory, answers, names, random
):
    folder = tmp_path_factory.mktemp("rename")
    renamed = [((f"x{names[listener]}", item), row) for (listener, item), row in answers.items()]
    random.shuffle(renamed)
    assert report_of(folder, renamed) == report_of(folder, answers.items())
