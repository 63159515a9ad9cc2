"""The options that choose intervals and adjustments; without them nothing changes."""

from __future__ import annotations

import json

import pytest

from bachtest.stats.__main__ import main
from bachtest.stats.rates.proportions import INTERVALS
from tests.stats.reference import DATA, REFERENCE

LEVELS = REFERENCE["jsf_six_levels"]
CROSSED = DATA / "answers_crossed.csv"


@pytest.fixture
def jsf(tmp_path):
    path = tmp_path / "jsf.csv"
    rows = [f"{row['skill']},{row['n']},{row['correct']}" for row in LEVELS]
    path.write_text("\n".join(["skill,n,correct", *rows]))
    return path


def as_json(capsys, *arguments):
    assert main([*map(str, arguments), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("name", INTERVALS)
def test_the_intervals_of_counts_can_be_chosen(jsf, capsys, name):
    report = as_json(capsys, jsf, "--by", "skill", "--interval", name)
    for cell in [report["overall"], *report["by"]["skill"]]:
        expected = INTERVALS[name](cell["correct"], cell["n"])
        assert (cell["low"], cell["high"], cell["method"]) == (expected.low, expected.high, name)
    assert main([str(jsf), "--interval", name]) == 0
    words = {"wilson": "Wilson", "jeffreys": "Jeffreys", "clopper-pearson": "Clopper-Pearson"}
    assert f"Rates have {words[name]} intervals." in capsys.readouterr().out


def test_exploratory_p_values_are_those_of_benjamini_and_hochberg(jsf, capsys):
    cells = as_json(capsys, jsf, "--by", "skill", "--exploratory")["by"]["skill"]
    expected = REFERENCE["multiplicity_jsf_six_levels"]["BH"]
    assert [cell["p_bh"] for cell in cells] == pytest.approx(expected, rel=1e-7)
    assert all("p_holm" not in cell for cell in cells)
    assert main([str(jsf), "--by", "skill", "--exploratory"]) == 0
    text = capsys.readouterr().out
    assert "p (BH)" in text
    assert "p (Holm)" not in text
    assert "Holm's is for what was registered." in " ".join(text.split())


def test_without_the_options_nothing_is_different(jsf, capsys):
    assert main([str(jsf), "--by", "skill"]) == 0
    plain = capsys.readouterr().out
    assert "p (Holm)" in plain
    assert "Rates have Wilson intervals." in plain
    assert "BH" not in plain
    assert as_json(capsys, CROSSED)["model"]["profiles"] == []


def test_profile_intervals_stand_beside_those_of_wald(tmp_path, capsys):
    path = tmp_path / "crossed.csv"
    rows = CROSSED.read_text().splitlines()
    header = rows[0].split(",")
    keep = [header.index(name) for name in ("listener", "item", "correct")]
    path.write_text("\n".join(",".join(row.split(",")[at] for at in keep) for row in rows))
    model = as_json(capsys, path, "--profile")["model"]
    profiles = {row["name"]: (row["low"], row["high"]) for row in model["profiles"]}
    lme4 = REFERENCE["glmm_lme4_converged"]["null"]
    for name, key in (
        ("(intercept)", "profile_intercept"),
        ("sd(listener)", "profile_sd_listener"),
        ("sd(item)", "profile_sd_item"),
    ):
        assert profiles[name] == pytest.approx(lme4[key], rel=2e-3)
    assert main([str(path), "--profile"]) == 0
    assert "Profile-likelihood intervals, by maximum likelihood:" in capsys.readouterr().out


def test_separated_cells_have_no_profile_and_the_model_says_so(tmp_path, capsys):
    path = tmp_path / "separated.csv"
    rows = [f"l{i % 20},{i // 20},{'S' if i // 20 < 3 else 'SATB'}" for i in range(160)]
    right = [int(i // 20 < 3 or i % 3 > 0) for i in range(160)]
    lines = [f"{row},{it}" for row, it in zip(rows, right, strict=True)]
    path.write_text("\n".join(["listener,item,condition,correct", *lines]))
    model = as_json(capsys, path, "--profile")["model"]
    assert model["profiles"] == []
    assert any("no profile-likelihood intervals" in note for note in model["notes"])


def test_profiles_need_the_model(jsf, capsys):
    assert main([str(jsf), "--profile", "--pooled"]) == 2
    assert "--profile is of the mixed model" in capsys.readouterr().err
