"""Small Python programs as children."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from textwrap import dedent

from generator.isolation.child_process import Limits, Locks, run_child
from generator.isolation.isolation_error import Finished
from generator.isolation.run_isolated import run_isolated

PATIENCE = 30  # of a machine that has other things to do
SMALL = Limits(seconds=120, memory_bytes=512 << 20, output_bytes=1 << 16, box_bytes=1 << 20)

THREADS = """
import contextlib, threading, time
threading.stack_size(1 << 16)
while True:
    with contextlib.suppress(RuntimeError):  # where memory ends first
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
"""


def program(code: str) -> list[str]:
    return [sys.executable, "-I", "-B", "-c", dedent(code)]


def isolated(code: str, box: Path, limits: Limits = SMALL, readable: tuple[Path, ...] = ()):
    return run_isolated(program(code), box, limits, readable)


def unlocked(code: str, box: Path, limits: Limits = SMALL) -> Finished:
    """On any machine: limits and end are the parent's."""
    return run_child(program(code), box, limits, locks=Locks(layers=(), needed=()))[0]


def assert_gone(process: int) -> None:
    """It was killed: no such process soon, or only what is left until its new parent looks."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return
        if state in "ZX":
            return
        assert time.monotonic() < deadline, f"process {process} is in state {state}"
        time.sleep(0.01)
