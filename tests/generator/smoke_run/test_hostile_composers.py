"""Hostile composers: each is refused in its own words, and leaves nothing behind."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.generator.smoke_run.hostile_cases import CASES, CODE, a_site, excerpts, refusal


def processes() -> set[str]:
    """The command lines of all processes, which name their boxes."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.add(path.read_bytes().decode(errors="replace"))
        except OSError:
            continue
    return found


SLOW = {"FolderDigger"}  # a file system takes its time over folders; test_limits.py has a few


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.slow] if n in SLOW else []) for n in CASES]
)
def test_a_hostile_composer_is_refused(name, tmp_path):
    boxes = tmp_path / "boxes"
    boxes.mkdir()
    with a_site(tmp_path, name) as site:
        before = site.checkpoint.read_bytes()
        refused = refusal(site, name, boxes, excerpts())
        called = site.was_called()
    reason = str(refused)
    assert re.search(CASES[name].reason, reason), reason
    assert reason.isprintable()
    assert len(reason) < 600
    assert str(boxes) not in reason
    assert not called
    assert list(boxes.iterdir()) == []
    assert not [each for each in processes() if str(boxes) in each]
    assert site.checkpoint.read_bytes() == before
    assert site.database.read_text() == "who answered what"
    assert site.database.stat().st_mode & 0o777 == 0o644
    assert refused.finished.peak_memory_bytes <= CASES[name].limits.memory_bytes


def test_every_hostile_composer_is_tried():
    classes = re.findall(r"^class (\w+)\(", (CODE / "hostile_composers.py").read_text(), re.M)
    assert set(classes) - {"Harmless"} == set(CASES)
