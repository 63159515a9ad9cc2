from __future__ import annotations

import pytest

from generator.training import run
from generator.training.splits import SplitPart, load_split


@pytest.fixture
def small_split(monkeypatch) -> dict[str, SplitPart]:
    """Seven chorales, for every split; the two folds differ in what is held out."""
    chorales = load_split("jsb")["train"].chorales[:7]
    train, valid = SplitPart(tuple("abcd"), chorales[:4]), SplitPart(("e",), chorales[4:5])
    tests = SplitPart(("f",), chorales[5:6]), SplitPart(("g",), chorales[6:])
    parts = [{"train": train, "valid": valid, "test": test} for test in tests]
    monkeypatch.setattr(run, "load_split", lambda split, fold: parts[fold])
    monkeypatch.setattr(run, "FOLDS", 2)
    return parts[0]
