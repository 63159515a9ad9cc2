"""On a machine that does not isolate wholly, no composer from outside is run."""

from __future__ import annotations

import pytest

from generator.isolation.isolation_error import HostNotIsolated
from generator.registry import CHECKPOINTS, OURS
from generator.smoke_run.smoke_run import smoke_run
from tests.generator.smoke_run.hostile_cases import excerpts


def test_no_composer_is_run_and_nothing_is_left(tmp_path):
    with pytest.raises(HostNotIsolated, match="nothing from outside is run"):
        smoke_run(
            OURS["markov"].family, CHECKPOINTS / "markov.safetensors", excerpts(), folder=tmp_path
        )
    assert list(tmp_path.iterdir()) == []
