"""The shape of the code: what imports what, how long files are, what happens on import."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest
from django.conf import settings

from generator.registry import OURS as OURS_REGISTERED
from generator.registry import Registry
from tests import package_arrows

ROOT = settings.BASE_DIR
OURS = [path for top in ("bachtest", "generator", "tests") for path in (ROOT / top).rglob("*.py")]
CODE = [path for path in OURS if "migrations" not in path.parts]

PURE = [
    "bachtest.stats",
    "bachtest.game.rounds",
    "bachtest.game.scoring",
    "generator.isolation",
    "generator.music",
    "generator.rendering",
    "generator.smoke_run",
]
# Of the picture on the architecture page: in each, a file name exists once.
PACKAGES = [f"bachtest/{name}" for name in ("stats", "studies", "game", "results", "lib")]
PACKAGES += [f"generator/{name}" for name in ("services", "music", "training", "evaluation")]
PACKAGES += ["generator/rendering", "generator/management", "benchmarks"]
PACKAGES += ["generator/isolation", "generator/smoke_run"]
FAMILIES = ROOT / "generator/families"
PACKAGES += [f"generator/families/{path.parent.name}" for path in FAMILIES.glob("*/__init__.py")]
NUMERICAL = ("generator/music", "generator/rendering", "generator/families", "bachtest/stats")
NUMERICAL += ("generator/training", "generator/evaluation")


def limit(path: Path) -> int:
    """Lines that a file may have."""
    name = path.relative_to(ROOT).as_posix()
    if name.startswith("tests/"):
        return 300
    if "management/commands" in name:
        return 120
    if name.startswith(NUMERICAL):
        return 450
    return 300 if name == "bachtest/settings.py" else 350


def modules_of(package: str) -> list[str]:
    """A package and all modules in it, or the module itself."""
    path = ROOT / package.replace(".", "/")
    if not path.is_dir():
        return [package]
    names = [file.relative_to(ROOT).with_suffix("") for file in sorted(path.rglob("*.py"))]
    dotted = [".".join(name.parts).removesuffix(".__init__") for name in names]
    return [name for name in dotted if not name.endswith("__main__") and ".soundfont." not in name]


def loaded_by(code: str) -> set[str]:
    """Top-level packages in a fresh interpreter after it ran the code."""
    end = "\nimport sys; print(' '.join({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run(
        [sys.executable, "-c", code + end], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("package", PURE)
def test_pure_code_loads_neither_django_nor_torch(package):
    imports = "\n".join(f"import {module}" for module in modules_of(package))
    assert not loaded_by(imports) & {"django", "rest_framework", "django_tasks", "torch"}


def test_families_load_no_django():
    imports = "\n".join(f"import {module}" for module in modules_of("generator.families"))
    assert not loaded_by(imports) & {"django", "rest_framework", "django_tasks"}


def test_the_architecture_page_draws_the_packages_as_they_are():
    pictures = package_arrows.drawn(package_arrows.PAGE.read_text())
    assert {"bachtest", "generator", "bachtest.stats", "bachtest.results"} <= set(pictures)
    arrows = {
        package: package_arrows.without_shortcuts(package_arrows.imports_of(package))
        for package in pictures
    }
    assert pictures == arrows, "draw them again with: python -m tests.package_arrows"


def of_family(path: Path) -> str | None:
    """The registered family whose file or package a path lies in."""
    part = (
        path.relative_to(FAMILIES).parts[0].removesuffix(".py") if FAMILIES in path.parents else ""
    )
    return part if part in OURS_REGISTERED else None


@pytest.mark.parametrize("family", OURS_REGISTERED)
def test_a_family_is_known_by_its_one_entry_in_the_registry(family):
    """A newcomer touches one file or package, one entry, one config and one card."""
    knowing = [
        path.relative_to(ROOT).as_posix()
        for path in [*CODE, *(ROOT / "benchmarks").glob("*.py")]
        if "tests" not in path.relative_to(ROOT).parts and of_family(path) != family
        if f"generator.families.{family}" in path.read_text()
    ]
    assert knowing == ["generator/registry.py"]


def test_nothing_else_names_the_composer_that_plays_most():
    name = next(iter(Registry(OURS_REGISTERED).starters))
    places = [ROOT / "Makefile", ROOT / "manage.py", ROOT / "pyproject.toml", ROOT / ".env.example"]
    for top in ("bachtest", "generator", "benchmarks", "templates", "static"):
        places += (ROOT / top).rglob("*")
    naming = {
        path.relative_to(ROOT).as_posix()
        for path in places
        if path.suffix in {"", ".py", ".toml", ".html", ".js", ".css", ".example"}
        if path.is_file() and of_family(path) != name and not path.name.startswith(name)
        if re.search(name, path.read_text(), re.IGNORECASE)
    }
    assert naming == {"generator/registry.py"}


def test_every_init_is_empty():
    assert [path for path in OURS if path.name == "__init__.py" and path.read_text()] == []


def test_a_class_name_exists_once():
    places = defaultdict(list)
    for top in ("bachtest", "generator", "benchmarks"):
        for path in (ROOT / top).rglob("*.py"):
            if "migrations" not in path.parts:
                classes = [
                    n for n in ast.parse(path.read_text()).body if isinstance(n, ast.ClassDef)
                ]
                for node in classes:
                    places[node.name].append(path.relative_to(ROOT).as_posix())
    assert {name: paths for name, paths in places.items() if len(paths) > 1} == {
        "Command": places["Command"]
    }


@pytest.mark.parametrize("package", PACKAGES)
def test_a_file_name_exists_once_in_a_package(package):
    paths = [path for path in (ROOT / package).rglob("*.py") if "migrations" not in path.parts]
    names = [path.name for path in paths if not path.name.startswith("__")]
    assert names
    assert sorted(set(names)) == sorted(names)


def test_folders_stay_small():
    folders = {path.parent for path in CODE if "tests" not in path.relative_to(ROOT).parts}
    files = {
        folder: [p for p in folder.glob("*.py") if p.name != "__init__.py"] for folder in folders
    }
    assert {str(folder): len(each) for folder, each in files.items() if len(each) > 16} == {}


def test_one_place_sets_the_number_of_threads():
    ours = [*CODE, ROOT / "manage.py", *(ROOT / "benchmarks").glob("*.py")]
    naming = [
        path.relative_to(ROOT).as_posix() for path in ours if "NUM_THREADS" in path.read_text()
    ]
    assert sorted(naming) == ["bachtest/lib/threads.py", "tests/test_architecture.py"]


@pytest.mark.parametrize("path", CODE, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_files_stay_small(path):
    assert len(path.read_text().splitlines()) <= limit(path)


def front_end(pattern: str) -> list[Path]:
    return [path for top in ("static", "templates") for path in (ROOT / top).rglob(pattern)]


@pytest.mark.parametrize(("pattern", "lines"), [("*.html", 150), ("*.js", 200), ("*.css", 250)])
def test_pages_scripts_and_styles_stay_small(pattern, lines):
    files = front_end(pattern)
    assert files
    assert {p.name: n for p in files if (n := len(p.read_text().splitlines())) > lines} == {}


@pytest.mark.django_db
def test_models_and_migrations_agree():
    from django.core.management import call_command

    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
