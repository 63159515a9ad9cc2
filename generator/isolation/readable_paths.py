"""What every Python program reads before its own code: the loader's files, Python, its packages."""

from __future__ import annotations

import sys
import sysconfig
from functools import cache
from pathlib import Path

LOADER = (
    "/lib",
    "/lib32",
    "/lib64",
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/usr/local/lib",
    "/etc/ld.so.cache",
    "/dev/urandom",
    "/dev/zero",
    # How many processors and how much memory there is.
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/sys/devices/system/cpu",
)


@cache
def python_paths() -> tuple[str, ...]:
    """Files and folders without which no Python starts here, and none of the site's own."""
    executable = Path(sys.executable)
    places = {executable, executable.resolve(), Path(sys.prefix) / "pyvenv.cfg"}
    places |= {Path(sys.base_prefix) / "lib"}
    found = sysconfig.get_paths()
    places |= {Path(found[name]) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    return (*LOADER, *sorted(str(place) for place in places))
