"""Composers run where the machine isolates; elsewhere it is asked that none is run."""

from __future__ import annotations

from generator.isolation.self_test import Isolation, self_test

ISOLATED = self_test().outcome is Isolation.FULL
RUNS = ["test_smoke_run.py", "test_hostile_composers.py"]
collect_ignore = ["test_open_machine.py"] if ISOLATED else RUNS
