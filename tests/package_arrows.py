"""Arrows between packages: `python -m tests.package_arrows` rewrites the pictures in
docs/architecture.md.
"""

from __future__ import annotations

import re
import sys
from functools import lru_cache
from pathlib import Path

import grimp

PAGE = Path(__file__).parent.parent / "docs/architecture.md"
# Each picture of the page begins with a line `%% PACKAGE`.
PICTURE = re.compile(r"```mermaid\ngraph TD\n%% ([\w.]+)\n(.*?)```", flags=re.DOTALL)
ARROW = re.compile(r"^    (\w+) --> (\w+)$", flags=re.MULTILINE)
# Django's own modules, which every app has, and those at the bottom that everything may use.
SKIPPED = {"migrations", "settings", "wsgi", "apps", "errors", "atomic_write", "played_clips"}
SKIPPED |= {"licences"}

Arrows = set[tuple[str, str]]


@lru_cache(maxsize=1)
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("bachtest", "generator", exclude_type_checking_imports=True)


def imports_of(package: str) -> Arrows:
    """Which child of the package imports which."""
    children = {
        name.removeprefix(f"{package}."): name
        for name in graph().find_children(package)
        if name.rpartition(".")[2] not in SKIPPED
    }
    if package == "bachtest":
        children["generator"] = "generator"
    return {
        (short, other)
        for short, name in children.items()
        for other, imported in children.items()
        if short != other
        and graph().direct_import_exists(importer=name, imported=imported, as_packages=True)
    }


def without_shortcuts(imports: Arrows) -> Arrows:
    """The arrows that no longer way stands for: the transitive reduction."""
    below: dict[str, set[str]] = {}

    def reached(child: str) -> set[str]:
        if child not in below:
            below[child] = set()  # ends a circle, which import-linter forbids
            steps = {other for importer, other in imports if importer == child}
            below[child] = steps.union(*map(reached, steps))
        return below[child]

    return {
        (child, other)
        for child, other in imports
        if not any(other in reached(step) for importer, step in imports if importer == child)
    }


def drawn(text: str) -> dict[str, Arrows]:
    """The arrows of each picture on the page, by package."""
    return {package: set(ARROW.findall(body)) for package, body in PICTURE.findall(text)}


def picture(package: str) -> str:
    arrows = sorted(without_shortcuts(imports_of(package)))
    lines = [f"    {importer} --> {imported}" for importer, imported in arrows]
    return "\n".join(["```mermaid", "graph TD", f"%% {package}", *lines, "```"])


def main() -> None:
    text = PAGE.read_text()
    PAGE.write_text(PICTURE.sub(lambda match: picture(match[1]), text))


if __name__ == "__main__":
    sys.exit(main())
