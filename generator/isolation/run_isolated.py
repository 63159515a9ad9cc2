"""The one door to a child that runs what came from outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from generator.isolation.child_process import Limits, Locks, run_child
from generator.isolation.isolation_error import Finished, HostNotIsolated
from generator.isolation.self_test import Isolation, self_test


def run_isolated(
    arguments: Sequence[str],
    box: Path,
    limits: Limits,
    readable: Sequence[Path] = (),
    *,
    least: Isolation = Isolation.FULL,
    environment: Mapping[str, str] | None = None,
) -> Finished:
    """Run a program that may do nothing but compute, and write into its box.

    Parameters
    ----------
    arguments : the program's path and its arguments
    box : the one folder that it may write in
    readable : what it may read besides, which Python's own files need not be among
    least : how well this machine must keep it away
    environment : variables beside the few that every child gets; none are inherited

    Raises
    ------
    HostNotIsolated
        If this machine keeps a child away less well than that; nothing was run.
    ChildNotStarted
        If the program cannot be started.
    ChildStopped
        If it broke a limit or was killed; nothing of it runs any more.
    """
    report = self_test()
    if report.outcome < max(least, Isolation.PARTLY):
        raise HostNotIsolated(
            f"this machine is {report}, so nothing from outside is run on it; "
            "docs/isolation.md says what to do"
        )
    finished, _ = run_child(
        arguments, box, limits, readable, locks=Locks(needed=report.layers), environment=environment
    )
    return finished
