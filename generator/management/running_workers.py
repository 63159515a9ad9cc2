"""Workers on this machine that share our VAR_DIR, found by their command line, and stopped."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError

from generator.management.site_processes import POLL_SECONDS, STOP_SECONDS

# Linux has it. Elsewhere no worker is found, and an admin stops them.
PROCESSES = Path("/proc")


def stop_workers() -> list[int]:
    """Let each finish its piece; the ids of the processes that were stopped.

    Raises
    ------
    CommandError
        If one goes on.
    """
    found = list(running_workers())
    for pid in found:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while left := set(found) & set(running_workers()):
        if time.monotonic() > deadline:
            raise CommandError(
                f"worker {min(left)} did not stop within {STOP_SECONDS} s; "
                f"stop it (kill -9 {min(left)}), then run this again; its piece will be recovered"
            )
        time.sleep(POLL_SECONDS)
    return found


def running_workers() -> Iterator[int]:
    """Workers of earlier code too: nothing is asked of them but their command line."""
    for process in PROCESSES.glob("[0-9]*"):
        # A process may end at any moment, or belong to another user.
        with suppress(OSError):
            if _var_dir_of_worker(process) == settings.VAR_DIR.resolve():
                yield int(process.name)


def _var_dir_of_worker(process: Path) -> Path | None:
    arguments = _strings(process / "cmdline")
    places = [
        place
        for place, word in enumerate(arguments)
        if Path(word).name == "manage.py" and arguments[place + 1 : place + 2] == ["work"]
    ]
    if not places:
        return None
    folder = (process / "cwd").readlink()
    environment = dict(line.partition("=")[::2] for line in _strings(process / "environ"))
    default = folder / Path(arguments[places[0]]).parent / "var"
    return (folder / (environment.get("VAR_DIR") or default)).resolve()


def _strings(path: Path) -> list[str]:
    return path.read_bytes().decode(errors="surrogateescape").rstrip("\0").split("\0")
