"""The self-test tells the three outcomes apart, on any machine."""

from __future__ import annotations

import subprocess
import sys

import pytest
from django.conf import settings

from generator.isolation import run_isolated as door
from generator.isolation.child_process import Limits
from generator.isolation.isolation_error import HostNotIsolated
from generator.isolation.launcher import LAYERS
from generator.isolation.self_test import LEAST, Isolation, IsolationReport, report_with, self_test


def test_without_any_lock_a_child_can_do_all_that_it_tries():
    report = report_with(())
    assert report.outcome is Isolation.NONE
    assert report.layers == ()
    assert str(report).startswith("not isolated (")
    assert "a child can read files of the site" in report.lacking
    assert "a child can connect over TCP" in report.lacking
    assert "a child can send over UDP" in report.lacking


def test_a_machine_that_leaves_the_files_open_is_not_isolated():
    report = report_with(set(LAYERS) - {"files"})
    assert report.outcome is Isolation.NONE
    assert "files left out" in report.lacking


def test_a_machine_without_a_filter_of_calls_is_partly_isolated_at_best():
    report = report_with({"files", "network"})
    assert report.outcome < Isolation.FULL
    assert "a child can change modes of files" in report.lacking


def test_a_child_that_cannot_start_is_no_isolation(monkeypatch):
    monkeypatch.setattr("generator.isolation.self_test.PROBES", "raise SystemExit('broken {}')")
    report = report_with()
    assert report.outcome is Isolation.NONE
    assert "broken" in report.lacking[0]


def test_the_command_says_in_one_line_what_the_self_test_found():
    done = subprocess.run(
        [sys.executable, "-m", "generator.isolation"],
        cwd=settings.BASE_DIR, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == f"isolation: {self_test()}\n"


def test_continuous_integration_prints_that_line():
    assert "python -m generator.isolation" in (settings.BASE_DIR / ".ci/run").read_text()


@pytest.mark.parametrize(
    ("outcome", "least"),
    [
        (Isolation.NONE, "required"),
        (Isolation.NONE, "partly"),
        (Isolation.PARTLY, "required"),
    ],
)
def test_nothing_is_run_on_less_than_the_site_asks_for(monkeypatch, tmp_path, outcome, least):
    monkeypatch.setattr(door, "self_test", lambda: IsolationReport(outcome, ("the reason",)))
    with pytest.raises(HostNotIsolated, match=f"{outcome.words} \\(the reason\\)"):
        door.run_isolated(["no such program"], tmp_path, Limits(), least=LEAST[least])


def test_no_caller_can_run_on_a_machine_that_is_not_isolated(monkeypatch, tmp_path):
    monkeypatch.setattr(door, "self_test", lambda: IsolationReport(Isolation.NONE))
    with pytest.raises(HostNotIsolated):
        door.run_isolated(["no such program"], tmp_path, Limits(), least=Isolation.NONE)


def test_partly_isolated_machines_run_where_the_site_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(door, "self_test", lambda: IsolationReport(Isolation.PARTLY))
    arguments = [sys.executable, "-I", "-c", "print(1)"]
    finished = door.run_isolated(arguments, tmp_path, Limits(), least=LEAST["partly"])
    assert finished.stdout == b"1\n"


def test_the_setting_has_a_level_for_each_of_its_words():
    assert settings.ISOLATION in LEAST
    assert LEAST["required"] is Isolation.FULL
