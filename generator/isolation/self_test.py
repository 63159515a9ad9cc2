"""Whether this machine can keep a child away from the site: one that really tries tells."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import Any

from generator.isolation.box import new_box
from generator.isolation.child_process import CODE, Limits, Locks, last_line, run_child
from generator.isolation.isolation_error import IsolationError
from generator.isolation.launcher import LAYERS
from generator.isolation.probes import OPEN_DOORS

LIMITS = Limits(seconds=120, memory_bytes=1 << 30, output_bytes=1 << 16, box_bytes=1 << 20)
PROBES = "import sys; sys.path[:0] = [{!r}]; from probes import main; main()"


class Isolation(IntEnum):
    """How well a child is kept away; more is better."""

    NONE = 0
    PARTLY = 1
    FULL = 2

    @property
    def words(self) -> str:
        return ("not isolated", "partly isolated", "isolated")[self]


LEAST = {"required": Isolation.FULL, "partly": Isolation.PARTLY}
"""How well a machine must isolate, by the words of the setting."""


@dataclass(frozen=True)
class IsolationReport:
    """What a child could do that it must not, and which locks are missing."""

    outcome: Isolation
    lacking: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    """The locks that this machine has."""

    def __str__(self) -> str:
        lacking = f" ({'; '.join(self.lacking)})" if self.lacking else ""
        return f"{self.outcome.words}{lacking}"


@cache
def self_test() -> IsolationReport:
    """The report of this machine, found once in each process; what seems to lack is tried twice."""
    report = report_with()
    return report if report.outcome is Isolation.FULL else report_with()


def report_with(layers: Collection[str] = LAYERS) -> IsolationReport:
    """Start a child with these locks that tries what it must not be able to do.

    A lock that is missing leaves the child isolated if the others refuse all that it tries.
    """
    try:
        with ExitStack() as stack:
            place = stack.enter_context(_temptations())
            box = stack.enter_context(new_box())
            arguments = [sys.executable, "-I", "-B", "-c", PROBES.format(str(_HERE))]
            arguments.append(json.dumps({**place, "box": str(box)}))
            locks = Locks(layers=layers, needed=())
            finished, missing = run_child(arguments, box, LIMITS, [_HERE], locks=locks)
            if finished.returncode != 0:
                line = last_line(finished.stderr).decode(errors="replace")
                return IsolationReport(Isolation.NONE, (f"the child failed: {line}",))
            able: list[str] = json.loads(finished.stdout)
    except (IsolationError, OSError, ValueError) as error:
        return IsolationReport(Isolation.NONE, (f"no child could be started: {error}",))
    lacking = (*(f"a child can {each}" for each in able), *missing.values())
    outcome = Isolation.FULL
    if able:
        outcome = Isolation.NONE if OPEN_DOORS.keys() & set(able) else Isolation.PARTLY
    return IsolationReport(outcome, lacking, tuple(x for x in LAYERS if x not in missing))


_HERE = CODE / "generator/isolation"


@contextmanager
def _temptations() -> Iterator[dict[str, Any]]:
    """Files, sockets and a process that a child could reach if nothing kept it away."""
    with new_box() as folder, ExitStack() as stack:
        for name in ("canary", "victim"):
            (folder / name).write_bytes(b"a secret")
        tcp, udp, local = (
            stack.enter_context(socket.socket(family, kind))
            for family, kind in (
                (socket.AF_INET, socket.SOCK_STREAM),
                (socket.AF_INET, socket.SOCK_DGRAM),
                (socket.AF_UNIX, socket.SOCK_STREAM),
            )
        )
        for listener in (tcp, udp):
            listener.bind(("127.0.0.1", 0))
        local.bind(str(folder / "local"))
        tcp.listen()
        local.listen()
        yield {
            "folder": str(folder),
            "canary": str(folder / "canary"),
            "victim": str(folder / "victim"),
            "parent": os.getpid(),
            "tcp": tcp.getsockname()[1],
            "udp": udp.getsockname()[1],
            "local": str(folder / "local"),
        }
