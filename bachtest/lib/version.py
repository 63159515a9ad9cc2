"""Which version of the software, and which state of some of its code, is running."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

_HEADING = re.compile(r"^## (\d+\.\d+\.\d+)\b", flags=re.MULTILINE)


def newest_version(changelog: Path) -> str:
    """The version of the first heading.

    Raises
    ------
    ValueError
        If no heading names one.
    """
    heading = _HEADING.search(changelog.read_text(encoding="utf-8"))
    if heading is None:
        raise ValueError(f"{changelog} has no heading such as: ## 1.2.3 (2026-11-28)")
    return heading[1]


def code_digest(*folders: Path) -> str:
    """Twelve hex digits that change with any Python file of the folders."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            name = path.relative_to(folder.parent).as_posix()
            digest.update(name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]
