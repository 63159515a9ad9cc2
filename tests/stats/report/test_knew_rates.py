"""Rates of those who knew the piece, without a change of the headline that excludes them."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from bachtest.stats.__main__ import main
from bachtest.stats.rates.order import KNEW_LEVELS

EFFECTS = {"yes": 1.5, "unsure": 0.6, "no": 0.0, "passed": 0.0, "": 0.3}


def answers(listeners=120, items=30, each=8, seed=4):
    rng = np.random.default_rng(seed)
    skill, ease = 0.5 * rng.normal(size=listeners), 0.3 * rng.normal(size=items)
    rows = ["listener,item,condition,knew,flag_knew,flag_late,correct"]
    for listener in range(listeners):
        for item in rng.choice(items, each, replace=False):
            knew = rng.choice(list(EFFECTS), p=[0.2, 0.2, 0.4, 0.1, 0.1])
            logit = 0.1 + EFFECTS[knew] + skill[listener] + ease[item]
            right = rng.random() < 1 / (1 + math.exp(-logit))
            late = int(rng.random() < 0.05)
            condition = "S" if item % 2 else "SATB"
            knew_it = int(knew == "yes")
            rows.append(f"{listener},{item},{condition},{knew},{knew_it},{late},{int(right)}")
    return "\n".join(rows) + "\n"


@pytest.fixture
def export(tmp_path):
    (tmp_path / "answers.csv").write_text(answers())
    (tmp_path / "design.json").write_text(json.dumps({"exclusions": ["knew", "late"]}))
    return tmp_path


def as_json(capsys, *arguments):
    assert main([*map(str, arguments), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_headline_stays_and_one_table_has_those_who_knew(export, capsys):
    plain, by = as_json(capsys, export), as_json(capsys, export, "--by", "knew")
    cells = by["by"].pop("knew")
    assert by["by"] == plain["by"]
    for key in ("overall", "with_everything", "flags", "verdict", "pooled_verdict", "model"):
        assert by[key] == plain[key], key
    assert [cell["labels"]["knew"] for cell in cells] == list(KNEW_LEVELS)
    added = cells[0]["n"]
    assert added > 100
    assert sum(cell["n"] for cell in cells) == by["overall"]["n"] + added
    notes = by["notes"][len(plain["notes"]) :]
    assert notes == [
        "knew: an empty cell is not asked.",
        f"By knew: with {added} answers that the flag knew excludes from the headline and from all"
        " other tables.",
    ]


def test_the_model_gives_the_rates_of_new_listeners_by_level(export, capsys):
    knew = as_json(capsys, export, "--by", "knew")["results"]["knew"]
    assert knew["formula"] == "correct ~ condition + knew + (1|listener) + (1|item)"
    [table] = knew["rates"]
    rates = {cell["labels"][0]: cell for cell in table["cells"]}
    assert list(rates) == list(KNEW_LEVELS)
    for level in ("yes", "unsure", "no"):
        truth = 1 / (1 + math.exp(-(0.1 + EFFECTS[level]) / math.sqrt(1 + 0.346 * 0.34)))
        assert rates[level]["low"] < truth < rates[level]["high"]
    assert knew["test"]["p"] < 0.001
    assert knew["test"]["df"] == 4


def test_text_and_page_say_whose_answers_the_table_has(export, tmp_path, capsys):
    assert main([str(export), "--by", "knew,condition"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "that the flag knew excludes from the headline; a model of its own" in text
    assert "Rates by knew " in text
    assert "Rates by condition x knew " not in text  # they do not interact
    assert "By knew x condition: with" in text
    assert main([str(export), "--by", "condition*knew"]) == 0
    assert "Rates by condition x knew " in " ".join(capsys.readouterr().out.split())
    page = tmp_path / "page.html"
    assert main([str(export), "--by", "knew", "--html", str(page)]) == 0
    assert "<h2>Rates by knew</h2>" in page.read_text()
    assert main([str(export), "--by", "knew", "--pooled"]) == 0
    assert "By knew: with" in capsys.readouterr().out


def test_where_nothing_is_excluded_knew_is_a_column_like_any_other(tmp_path, capsys):
    path = tmp_path / "own.csv"
    words = {"yes": "Ja", "unsure": "not sure", "no": "nein", "passed": "passed", "": ""}
    lines = [line.split(",") for line in answers().splitlines()]
    rows = [[*row[:3], words.get(row[3], row[3]), row[6]] for row in lines]
    path.write_text("\n".join(map(",".join, rows)) + "\n")
    report = as_json(capsys, path, "--by", "knew")
    assert [cell["labels"]["knew"] for cell in report["by"]["knew"]] == list(KNEW_LEVELS)
    assert report["results"]["knew"] is None
    assert report["model"]["formula"].startswith("correct ~ knew +")
    assert report["notes"][0].startswith("knew: ")
    assert "'Ja' is yes" in report["notes"][0]


def test_the_option_without_excludes_as_the_design_does(tmp_path, capsys):
    path = tmp_path / "own.csv"
    path.write_text(answers())
    report = as_json(capsys, path, "--by", "knew", "--without", "knew", "--pooled")
    yes = report["by"]["knew"][0]
    assert yes["labels"] == {"knew": "yes"}
    assert report["with_everything"]["n"] - report["overall"]["n"] == yes["n"]
