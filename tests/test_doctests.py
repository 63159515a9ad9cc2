"""The examples in the docstrings of all packages hold."""

from __future__ import annotations

import doctest
from importlib import import_module

import pytest
from django.conf import settings

ROOT = settings.BASE_DIR


def modules_with_examples() -> list[str]:
    files = [
        path for top in ("bachtest", "generator") for path in sorted((ROOT / top).rglob("*.py"))
    ]
    names = [
        path.relative_to(ROOT).with_suffix("").parts for path in files if ">>> " in path.read_text()
    ]
    return [".".join(parts) for parts in names]


@pytest.mark.parametrize("name", modules_with_examples())
def test_the_examples_in_the_docstrings_hold(name):
    results = doctest.testmod(import_module(name))
    assert results.attempted > 0
    assert results.failed == 0
