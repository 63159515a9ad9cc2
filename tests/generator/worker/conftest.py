from __future__ import annotations

from pathlib import Path

import pytest

from tests.generator.worker.processes import make_site


@pytest.fixture
def site(tmp_path: Path, corpus: object) -> dict[str, str]:
    """The environment of a separate site, with pieces in its queue."""
    return make_site(tmp_path)
