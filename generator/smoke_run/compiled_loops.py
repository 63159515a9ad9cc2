"""Numba's cache as an isolated child sees it: all of it to read, and a folder of its own to write.

Numba takes no cache that it cannot write to. What a child writes there goes away with its box.
"""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "NUMBA_CACHE_DIR"


def lend_compiled_loops(box: Path) -> tuple[dict[str, str], list[Path]]:
    """Links to the cache in the box: what the child's environment needs, and what it may read."""
    lent = box / "compiled"
    lent.mkdir()
    cache = os.environ.get(VARIABLE)
    if cache is None or not Path(cache).is_dir():
        return {VARIABLE: str(lent)}, []
    source = Path(cache).resolve()
    for path in source.rglob("*"):
        target = lent / path.relative_to(source)
        if path.is_dir():
            target.mkdir(parents=True, exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(path)
    return {VARIABLE: str(lent)}, [source]
