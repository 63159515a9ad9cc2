from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from django.conf import settings

from bachtest.stats.tables.table import read_table
from benchmarks import bench_families, bench_mixed_model, bench_tables
from benchmarks.peer_deepbach import InstalledDeepBach, PeerMissing
from generator.registry import installed


def test_without_the_peer_the_bench_says_so_and_goes_on(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "deepbach_pytorch", None)
    with pytest.raises(PeerMissing, match="pip install -r requirements-bench"):
        InstalledDeepBach()
    bench_families._beside_deepbach({})
    assert "nothing to compare with: no deepbach-pytorch" in capsys.readouterr().out


def test_fills_at_once_are_of_different_music():
    one, two = (bench_families._soprano(64, start) for start in (0, 64))
    assert one.steps == two.steps == 64
    assert one != two
    assert bench_families._soprano(1024).steps == 1024


def test_times_are_taken_of_each_length():
    family = installed().family("markov").debug()
    times = bench_families._times(lambda steps: bench_families._fill(family, steps), (8, 16), 1)
    assert list(times) == [8, 16]
    assert min(times.values()) > 0


@pytest.mark.slow
def test_the_tables_that_are_timed_can_be_read(tmp_path, monkeypatch):
    monkeypatch.setattr(bench_tables, "ANSWERS", 100)
    for names in (bench_tables.NARROW, bench_tables.WIDE):
        path = tmp_path / "answers.csv"
        bench_tables._write(path, names, np.random.default_rng(1))
        assert bench_tables._seconds(path) > 0
        table = read_table(path)
        assert len(table) == 100
        assert 40 < table.correct.sum() < 80


@pytest.mark.slow
def test_the_mixed_model_is_measured_as_a_whole_process(monkeypatch, capsys):
    monkeypatch.setattr(bench_mixed_model, "_r_with_lme4", lambda: None)
    bench_mixed_model.main([bench_mixed_model.ModelTable(400, 70, 5, True, 600, 2000)])
    printed = capsys.readouterr().out
    assert "at most 600 s and 2000 MB: met" in printed
    assert "no R with lme4 to compare with" in printed


def test_a_program_is_stopped_at_its_limit():
    endless = [sys.executable, "-c", "print(7, flush=True)\nwhile True: pass"]
    cost = bench_mixed_model.cost_of(endless, limit=1)
    assert not cost.finished
    assert cost.printed == "7\n"
    assert cost.seconds > 0.9


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "size", "printed"),
    [
        ("results_page", 300, ["300 answers written", "later visits, best of 5"]),
        ("round", 2, ["an answer and its next round"]),
        ("export", 300, ["300 answers written", "the ZIP"]),
    ],
)
def test_a_bench_measures_by_its_documented_call(name, size, printed):
    shell = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO_")}
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.bench_{name}", str(size)],
        cwd=settings.BASE_DIR, env=shell, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert all(each in done.stdout for each in printed)
