"""What a child cannot do is asked where the machine isolates; elsewhere, that nothing is run."""

from __future__ import annotations

from generator.isolation.self_test import Isolation, self_test

ISOLATED = self_test().outcome is Isolation.FULL
collect_ignore = ["test_open_machine.py"] if ISOLATED else ["test_isolated_child.py"]
