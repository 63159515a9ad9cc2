"""What the code offers is in the docs, and what the docs name is in the code."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands

from bachtest.stats.planning.options import add_arguments
from generator.registry import OURS as FAMILIES

ROOT = settings.BASE_DIR
SETTINGS_PAGE = (ROOT / "docs/settings.md").read_text()
ENV_CALL = re.compile(r"env_(str|bool|choice|float|int|list|secret)\(\s*\"([A-Z_]+)\"")
DOCS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def in_code() -> set[str]:
    return {name for _, name in ENV_CALL.findall((ROOT / "bachtest/settings.py").read_text())}


def in_env_example() -> set[str]:
    lines = (ROOT / ".env.example").read_text()
    return set(re.findall(r"^#?([A-Z_]+)=", lines, flags=re.MULTILINE))


def in_settings_page() -> set[str]:
    return set(re.findall(r"^\| `([A-Z_]+)` \|", SETTINGS_PAGE, flags=re.MULTILINE))


def test_every_setting_is_documented_and_none_is_invented():
    assert in_code() == in_settings_page() == in_env_example()


def test_every_command_is_documented_and_none_is_invented():
    ours = {
        name
        for name, app in get_commands().items()
        if isinstance(app, str) and app.startswith(("generator", "bachtest"))
    }
    section = SETTINGS_PAGE.partition("## manage.py")[2]
    assert set(re.findall(r"^\| `([a-z_]+)` \|", section, flags=re.MULTILINE)) == ours


def test_every_make_target_is_documented():
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    documented = set(re.findall(r"`make ([a-z-]+)`", SETTINGS_PAGE))
    assert set(phony[1].split()) - {"tools"} == documented


def test_every_option_of_a_plan_is_documented():
    parser = argparse.ArgumentParser(add_help=False)
    add_arguments(parser)
    page = (ROOT / "docs/statistics.md").read_text()
    section = page.partition("## Planning a study")[2].partition("\n## ")[0]
    assert set(parser._option_string_actions) - set(re.findall(r"--[a-z-]+", section)) == {"--json"}


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_has_a_card(family):
    assert (ROOT / "docs/families" / f"{family}.md").is_file()


@pytest.mark.parametrize("page", DOCS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_to_files_that_are_there(page: Path):
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text())
    inside = [link for link in links if "://" not in link and not link.startswith("mailto:")]
    assert [link for link in inside if not (page.parent / link).exists()] == []


# The changelog and the histories tell of files that were.
PRESENT = [page for page in DOCS if not re.search(r"CHANGELOG|-history", page.name)]
NAMED = re.compile(r"`((?:bachtest|benchmarks|docs|generator|static|templates|tests)/[\w./-]*)`")


@pytest.mark.parametrize("page", PRESENT, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_files_and_folders_that_are_named_are_there(page: Path):
    names = NAMED.findall(page.read_text())
    assert [name for name in names if not (ROOT / name).exists()] == []
