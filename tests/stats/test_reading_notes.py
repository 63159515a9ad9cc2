from __future__ import annotations

import json
import os
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest

from bachtest.stats.__main__ import main

NOTE = "listener: '1' and '1.0' are one."


@pytest.fixture
def answers(tmp_path):
    path = tmp_path / "answers.csv"
    rows = "".join(f"{at}{'.0' * (at == 1)},i{at},S,{at % 2}\n" for at in range(12))
    path.write_text("listener,item,condition,correct\n1,other,S,1\n" + rows)
    return path


def test_what_was_decided_stands_above_the_report(answers, capsys):
    assert main([str(answers), "--pooled"]) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"How the table was read\n----------------------\n{NOTE}\n\nVerdict\n")


def test_it_stands_in_the_json_and_on_the_page(answers, tmp_path, capsys):
    page = tmp_path / "page.html"
    assert main([str(answers), "--pooled", "--json", "--html", str(page)]) == 0
    assert json.loads(capsys.readouterr().out)["notes"] == [NOTE]
    written = unescape(page.read_text())
    assert f"<h2>How the table was read</h2><p>{NOTE}</p>" in written
    assert '<section class="verdict"><h2>Verdict</h2>' in written


def test_the_public_report_names_no_listener(answers, tmp_path, capsys):
    page = tmp_path / "page.html"
    assert main([str(answers), "--public", "--json", "--html", str(page)]) == 0
    out, error = capsys.readouterr()
    assert json.loads(out)["notes"] == []
    assert NOTE not in unescape(page.read_text())
    assert error == f"note: {NOTE}\n"


def test_letters_that_a_terminal_lacks_and_a_reader_that_leaves_are_no_faults(tmp_path):
    path = tmp_path / "answers.csv"
    path.write_text("listener,item,condition,correct\np,a,Öl,1\n", encoding="utf-8")
    program = [sys.executable, "-m", "bachtest.stats", str(path), "--pooled"]
    root = Path(__file__).parents[2]
    ascii_only = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run(program, cwd=root, env=ascii_only, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"?l" in done.stdout
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = subprocess.run(program, cwd=root, stdout=write_end, stderr=subprocess.PIPE, check=False)
    os.close(write_end)
    assert (done.returncode, done.stderr) == (0, b"")
