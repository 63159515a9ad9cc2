from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from defusedxml.ElementTree import fromstring

from bachtest.stats.validate.__main__ import QUICK, STUDIES, main
from bachtest.stats.validate.measured import Measured, SimulationStudy
from bachtest.stats.validate.simulate import SimulatedDesign, simulate


def test_a_quick_run_writes_the_report_and_its_pictures(tmp_path, capsys):
    assert main(["--quick", "--out", str(tmp_path)]) == 0
    text = (tmp_path / "statistics-validation.md").read_text()
    assert text.count(f"{QUICK} replicates") == len(STUDIES)
    pictures = sorted(tmp_path.glob("*.svg"))
    assert len(pictures) == len(STUDIES)
    for picture in pictures:
        assert picture.name in text
        fromstring(picture.read_text())


@pytest.mark.parametrize("less", [["--quick"], ["--replicates", "2"]])
def test_less_than_a_whole_run_leaves_the_published_report_alone(less, tmp_path, monkeypatch):
    monkeypatch.setattr("bachtest.stats.validate.__main__.DOCS", tmp_path)
    assert main([*less, "--only", "power"]) == 0
    assert not list(tmp_path.iterdir())


def test_every_study_has_its_picture_on_the_published_page():
    page = (Path(__file__).parents[2] / "docs" / "statistics-validation.md").read_text()
    pictures = [f"statistics-validation-{name}.svg" for name in STUDIES]
    assert [picture for picture in pictures if f"({picture})" not in page] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", STUDIES)
def test_every_promise_of_the_statistics_holds_at_full_size(name, tmp_path, capsys):
    assert main(["--only", name, "--out", str(tmp_path)]) == 0
    text = (tmp_path / "statistics-validation.md").read_text()
    assert text.count("\n## ") == 1
    assert "| met |" in text or "| within two errors |" in text
    assert "MISSED" not in text


def test_seeds_are_fixed(capsys):
    for _ in range(2):
        main(["--replicates", "2", "--only", "many-items"])
    once, again = capsys.readouterr().out.split("## ")[1:]
    assert once.strip() == again.strip()


@pytest.mark.parametrize("arguments", [["--replicates", "0"], ["--out", "/nowhere"]])
def test_options_out_of_range_are_named(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert arguments[1] in capsys.readouterr().err


def test_simulated_answers_have_the_rate_that_was_meant():
    design = SimulatedDesign(listeners=4000, each=5, items=400)
    assert design.rate(design.logit(0.7)) == pytest.approx(0.7)
    table = simulate(np.random.default_rng(1), design, [design.logit(0.7)])
    assert np.mean(table.right) == pytest.approx(0.7, abs=0.03)
    heard = list(zip(table.values("listener"), table.values("item"), strict=True))
    assert len(set(heard)) == len(heard) == 20000


@pytest.mark.parametrize(
    ("shares", "verdict"),
    [([1.0] * 95 + [0.0] * 5, "met"), ([1.0] * 98 + [0.0] * 2, "within two errors"),
     ([1.0] * 80 + [0.0] * 20, "MISSED")],
)  # fmt: skip
def test_a_missed_aim_is_reported(shares, verdict):
    one = Measured("coverage", tuple(shares), 0.93, 0.97)
    assert one.verdict == verdict
    assert verdict in SimulationStudy("x", "title", "about", (one,)).markdown()
