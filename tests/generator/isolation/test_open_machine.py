"""On a machine that does not isolate wholly, nothing from outside is run."""

from __future__ import annotations

import sys

import pytest

from generator.isolation.child_process import Limits
from generator.isolation.isolation_error import HostNotIsolated
from generator.isolation.run_isolated import run_isolated
from generator.isolation.self_test import self_test


def test_nothing_is_run_and_the_reason_names_what_is_lacking(tmp_path):
    report = self_test()
    with pytest.raises(HostNotIsolated, match="nothing from outside is run") as refused:
        run_isolated([sys.executable, "-c", "open('ran', 'w')"], tmp_path, Limits())
    assert report.lacking
    assert str(report) in str(refused.value)
    assert not list(tmp_path.iterdir())
