from __future__ import annotations

import json
import re
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest

from bachtest.stats.__main__ import main
from tests.stats.reference import DATA, REFERENCE

ROOT = Path(__file__).parents[2]
ANSWERS = (
    "listener,item,condition,composer,experience,correct,flag_knew\n"
    + "".join(f"l{i},{i % 4},SATB,bot,novice,{int(i % 3 > 0)},{int(i < 2)}\n" for i in range(12))
    + "l0,9,S,bot,,1,0\n"
)


@pytest.fixture
def answers(tmp_path):
    path = tmp_path / "answers.csv"
    path.write_text(ANSWERS)
    return path


def as_json(capsys, *arguments):
    assert main([*map(str, arguments), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_counts_give_the_reference_numbers(tmp_path, capsys):
    levels = REFERENCE["jsf_six_levels"]
    path = tmp_path / "jsf.csv"
    lines = [f"{row['skill']},{row['n']},{row['correct']}" for row in levels]
    path.write_text("\n".join(["skill,n,correct", *lines]))
    report = as_json(capsys, path, "--by", "skill")
    [expected] = [row for row in REFERENCE["proportion_ci_95"] if row["x"] == 2321]
    overall = report["overall"]
    assert (overall["correct"], overall["n"]) == (2321, 4048)
    assert [overall["low"], overall["high"]] == pytest.approx(expected["wilson"], abs=1e-8)
    assert overall["p"] == pytest.approx(expected["p_two_sided_exact_vs_half"], rel=1e-7)
    holm = [cell["p_holm"] for cell in report["by"]["skill"]]
    assert holm == pytest.approx(REFERENCE["multiplicity_jsf_six_levels"]["holm"], rel=1e-7)
    assert report["verdict"]["finding"] == "can tell"


def test_the_json_keeps_its_keys(answers, capsys):
    report = as_json(capsys, answers, "--by", "condition,experience")
    assert list(report) == [
        "format", "source", "notes", "kind", "listeners", "items", "few", "overall",
        "with_everything", "flags", "by", "alike", "verdict", "pooled_verdict", "protocol", "alpha",
        "margin", "model", "no_model", "results",
    ]  # fmt: skip
    assert list(report["by"]) == ["condition", "composer", "experience", "condition,experience"]
    assert list(report["overall"]) == [
        "n", "correct", "rate", "low", "high", "level", "method", "p",
        "d_prime", "d_prime_low", "d_prime_high", "d_prime_method",
    ]  # fmt: skip
    cell = report["by"]["condition,experience"][0]
    assert cell["labels"] == {"condition": "S", "experience": "unstated"}
    assert (cell["n"], cell["few"], cell["d_prime"]) == (1, True, None)
    assert (report["listeners"], report["items"]) == (12, 5)


def test_cells_with_few_answers_are_marked_or_hidden(answers, capsys):
    assert main([str(answers)]) == 0
    text = capsys.readouterr().out
    assert re.search(r"^S \* +1 +1 +1\.000", text, re.MULTILINE)
    assert "* fewer than 10 answers" in text
    hidden = as_json(capsys, answers, "--public")["by"]["condition"]
    assert hidden[0] == {"labels": {"condition": "S"}, "few": True}
    assert hidden[1] == as_json(capsys, answers, "--pooled")["by"]["condition"][1]


def test_with_few_answers_in_all_the_public_gets_none(tmp_path, capsys):
    path = tmp_path / "few.csv"
    path.write_text("n,correct\n9,8\n")
    report = as_json(capsys, path, "--public")
    assert report["overall"] is report["verdict"] is None
    main([str(path), "--public"])
    assert capsys.readouterr().out == f"{path}: fewer than 10 answers so far\n"


def test_the_public_page_hides_what_the_terminal_hides(tmp_path, capsys):
    path, page = tmp_path / "answers.csv", tmp_path / "page.html"
    path.write_text(ANSWERS)
    assert main([str(path), "--public", "--html", str(page)]) == 0
    assert main([str(path), "--public"]) == 0
    shown = capsys.readouterr().out
    written = unescape(page.read_text())
    assert shown in written
    without_table = re.sub(r"<(title|style|pre)\b.*?</\1>", "", written, flags=re.DOTALL)
    words = [word.strip() for word in re.split(r"<[^>]*>", without_table) if word.strip()]
    assert words == [f"Analysis of {path}", "Counts, pooled", "As a table"]


def test_flagged_answers_are_counted_and_excluded_only_on_request(answers, capsys):
    report = as_json(capsys, answers)
    assert report["flags"] == [{"flag": "knew", "answers": 2, "left_out": False}]
    assert report["overall"]["n"] == report["with_everything"]["n"] == 13
    without = as_json(capsys, answers, "--without", "knew")
    assert without["overall"]["n"] == 11
    assert without["with_everything"]["n"] == 13


def test_no_answers_yet_is_a_result(tmp_path, capsys):
    path = tmp_path / "none.csv"
    path.write_text("listener,item,condition,correct\n")
    report = as_json(capsys, path)
    assert report["overall"]["rate"] is None
    assert report["verdict"]["sentence"] == "There are no answers yet."
    assert main([str(path)]) == 0


def run(*arguments, python=("-m", "bachtest.stats")):
    return subprocess.run(
        [sys.executable, *python, *map(str, arguments)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_bad_input_is_one_line_and_a_bad_status(tmp_path, capsys):
    bad = tmp_path / "bad.csv"
    bad.write_text("listener,item,condition,correct\nada,1,S,maybe\n")
    for arguments, message in (
        ([bad], "line 2: correct is 'maybe'"),
        ([tmp_path / "nowhere.csv"], "No such file"),
        ([tmp_path], "no answers.csv in this folder"),
        ([DATA / "bachbot_2016_condition.csv"], "no column 'listener'"),
    ):
        assert main([*map(str, arguments)]) == 2
        written = capsys.readouterr()
        assert written.out == ""
        assert message in written.err
        assert len(written.err.splitlines()) == 1
    done = run(bad)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert "line 2: correct is 'maybe'" in done.stderr


def test_an_unknown_column_or_flag_is_named(answers, capsys):
    assert main([str(answers), "--by", "skill"]) == 2
    assert "no column 'skill'" in capsys.readouterr().err
    assert main([str(answers), "--by", "condition,skill"]) == 2
    assert "no column 'skill'" in capsys.readouterr().err
    assert main([str(answers), "--without", "late"]) == 2
    assert "no flag 'late'" in capsys.readouterr().err


def test_slopes_are_fitted_on_request(answers, capsys):
    assert main([str(answers), "--slopes", "condition"]) == 0
    text = capsys.readouterr().out
    assert "of listener and condition: standard deviation" in text
    assert "listener:conditions," not in text.split("Pooled")[0]  # the verdict counts people
    assert main([str(answers), "--slopes", "mood"]) == 2
    assert "no column 'mood'" in capsys.readouterr().err


def test_counts_by_item_are_not_understood_without_the_protocol(capsys):
    path = DATA / "js_fakes_by_item.csv"
    assert main([str(path)]) == 2
    error = capsys.readouterr().err
    assert "counts by item do not say how listeners were asked" in error
    assert "--protocol single-fakes" in error
    assert main([str(path), "--protocol", "single-fakes", "--pooled"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "machine-made more often than half the time (2,321 of 4,048 answers, p < .001)" in text


def test_the_page_is_complete(answers, tmp_path, capsys):
    out = tmp_path / "page.html"
    assert main([str(answers), "--html", str(out), "--pooled", "--margin", "0.1"]) == 0
    assert capsys.readouterr().out == ""
    page = out.read_text()
    assert page.startswith("<!doctype html>")
    assert page.rstrip().endswith("</html>")
    assert main([str(answers), "--pooled", "--html", str(tmp_path / "no" / "page.html")]) == 2
    assert "No such file" in capsys.readouterr().err


def test_other_delimiters_and_encodings_are_read_when_named(tmp_path, capsys):
    path = tmp_path / "other.csv"
    path.write_bytes("condition;n;correct\nSopran für sich;40;30\n".encode("latin-1"))
    assert main([str(path), "--delimiter", ";"]) == 2
    assert "line 2: not UTF-8 at 'Sopran f" in capsys.readouterr().err
    report = as_json(capsys, path, "--delimiter", ";", "--encoding", "latin-1", "--pooled")
    assert report["by"]["condition"][0]["labels"] == {"condition": "Sopran für sich"}
    path.write_text("n\tcorrect\n40\t30\n", encoding="utf-16")
    assert as_json(capsys, path, "--delimiter", "tab", "--encoding", "utf-16")["overall"]["n"] == 40
    assert main([str(path), "--encoding", "klingon"]) == 2
    assert "encoding 'klingon' is unknown" in capsys.readouterr().err


@pytest.mark.parametrize("protocol", ["yes-no", "single-fakes"])
def test_a_margin_that_a_protocol_does_not_use_is_refused(protocol, tmp_path, capsys):
    path = tmp_path / "counts.csv"
    path.write_text("bach,n,correct\n1,25,8\n0,25,24\n")
    assert main([str(path), "--protocol", protocol, "--margin", ".1"]) == 2
    assert f"protocol {protocol} has no rate at which listeners guess" in capsys.readouterr().err
    assert main([str(path), "--protocol", protocol]) == 0


@pytest.mark.parametrize("option", [("--margin", "0.7"), ("--alpha", "0"), ("--alpha", "2")])
def test_a_margin_or_a_size_that_cannot_be_is_named(answers, capsys, option):
    assert main([str(answers), "--pooled", *option]) == 2
    error = capsys.readouterr().err
    assert option[0].strip("-") in error
    assert len(error.splitlines()) == 1


def test_quotes_are_read_as_the_csv_module_does(tmp_path, capsys):
    path = tmp_path / "quoted.csv"
    path.write_text('n,correct,condition\n10,5,plain\n20,12,"with, comma"\n\n30,20,"a\nb"\n')
    report = as_json(capsys, path, "--pooled")
    assert [cell["n"] for cell in report["by"]["condition"]] == [30, 10, 20]
    path.write_text('n,correct,condition\n10,5,"with, comma"\n\n30,31,"b"\n')
    assert main([str(path)]) == 2
    assert "line 4: 31 correct of n=30" in capsys.readouterr().err


def test_it_runs_where_there_is_no_django(answers):
    program = (
        "import sys, runpy\n"
        "sys.modules['django'] = None\n"  # any import of it now fails
        "sys.argv = ['stats', sys.argv[1]]\n"
        "try:\n    runpy.run_module('bachtest.stats', run_name='__main__')\n"
        "finally:\n    assert not [name for name in sys.modules if name.startswith('django.')]\n"
    )
    done = run(answers, python=("-c", program))
    assert done.returncode == 0, done.stderr
    assert "13 answers, 12 listeners, 5 items" in done.stdout
