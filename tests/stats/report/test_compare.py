"""`compare`: strengths from a table of winners and losers."""

from __future__ import annotations

import io
import json
import sys

import pytest

from bachtest.stats.__main__ import main
from tests.stats.reference import REFERENCE

ROW = REFERENCE["bradley_terry"]


@pytest.fixture
def compared(tmp_path, capsys):
    """What `compare` prints about a table, after its status."""

    def run(text, *options):
        path = tmp_path / "compared.csv"
        path.write_text(text)
        status = main(["compare", str(path), *options])
        written = capsys.readouterr()
        return status, (written.out or written.err).replace(f"{tmp_path}/", "")

    return run


def wins(times=1):
    rows = [f"{pair.replace('>', ',')},{times * count}" for pair, count in ROW["wins"].items()]
    return "\n".join(["winner,loser,n", *rows]) + "\n"


def test_strengths_agree_with_the_reference(compared):
    status, out = compared(wins(), "--json", "--draws", "100")
    report = json.loads(out)
    strengths = {row["name"]: row["estimate"] for row in report["strengths"]}
    assert status == 0
    assert [strengths[name] for name in "012"] == pytest.approx(
        ROW["centred_log_strengths"], abs=1e-5
    )
    assert sum(row["n"] for row in report["wins"]) == report["n"]


def test_the_text_has_a_picture_with_intervals(compared):
    status, out = compared(wins(20), "--draws", "200")
    lines = out.splitlines()
    assert status == 0
    assert lines[0] == "compared.csv: 600 comparisons of 3 competitors"
    assert sum("-o-" in line for line in lines) == 3
    assert "95% interval" in out
    assert "bootstrap over comparisons, 200 draws" in out
    assert max(map(len, lines)) <= 100


def test_one_row_is_one_comparison_where_there_is_no_n(compared):
    status, out = compared("Winner,Loser\na,b\nb,a\na,b\n", "--draws", "100", "--json")
    assert (status, json.loads(out)["n"]) == (0, 3)


def test_names_that_differ_in_case_are_one_and_said(compared):
    _, out = compared("winner,loser\nBach,bot\nbot,bach\nBach,bot\n", "--draws", "100", "--json")
    report = json.loads(out)
    assert [row["name"] for row in report["strengths"]] == ["Bach", "bot"]
    assert report["notes"] == ["'Bach' and 'bach' are one."]


def test_who_never_lost_has_no_strength_and_the_wins_are_shown(compared):
    status, out = compared("winner,loser,n\na,b,5\nb,c,3\nc,b,2\na,c,1\n")
    assert status == 0
    assert "a never lost: no finite strengths." in out
    assert out.splitlines()[-1].split() == ["c", "b", "2"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("winner,loser\na,b\nb,a\nc,d\nd,c\n", "Some never beat any of the others, not even"),
        ("winner,loser\n", "No comparisons: there are no strengths."),
    ],
)
def test_why_there_are_no_strengths_is_a_sentence(compared, text, words):
    status, out = compared(text)
    assert status == 0
    assert f"\n{words}" in out


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        ("winner,loser\na,a\n", (), "line 2: 'a' is winner and loser"),
        ("winner,loser,n\na,b,1.5\n", (), "line 2: n is '1.5'; use a whole number"),
        ("winner,loser\n,b\n", (), "line 2: winner is empty"),
        ("winner,loser\na\n", (), "line 2: 1 cell, but the header has 2"),
        ("better,worse\na,b\n", (), "add --column winner=COLUMN"),
        ("winner;loser\na;b\n", (), "separated by semicolons; add --delimiter ';'"),
        ("winner,winner\na,b\n", (), "column 'winner' appears twice"),
        ("", (), "the file is empty"),
        ("winner,loser\na,b\n", ("--alpha", "2"), "alpha 2.0"),
        *(
            ("winner,loser\na,b\n", ("--draws", draws), f"--draws {draws}; use a number from 100")
            for draws in ("-1", "0", "1", "99")
        ),
        ("winner,loser\na,b\n", ("--column", "best=a"), "use winner=COLUMN"),
        ("winner,loser\na,b\n", ("--delimiter", "::"), "use one character"),
    ],
)
def test_what_is_wrong_is_one_line_and_a_bad_status(compared, text, options, words):
    status, error = compared(text, *options)
    assert status == 2
    assert words in error
    assert len(error.splitlines()) == 1


def test_other_names_delimiters_and_pipes_are_read(compared, monkeypatch, capsys):
    options = ("--column", "winner=better", "--column", "loser=worse", "--delimiter", "tab")
    assert compared("better\tworse\na\tb\nb\ta\n", *options, "--draws", "100")[0] == 0
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"winner,loser\na,b\nb,a\n")))
    assert main(["compare", "-", "--draws", "100"]) == 0
    assert "standard input: 2 comparisons of 2 competitors" in capsys.readouterr().out
