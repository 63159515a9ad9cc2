from __future__ import annotations

from typing import NamedTuple

from generator.errors import GeneratorError


class Finished(NamedTuple):
    """A child that has ended, and what it took."""

    returncode: int
    """Below 0: the signal that killed it."""
    stdout: bytes
    stderr: bytes
    seconds: float
    peak_memory_bytes: int


class IsolationError(GeneratorError):
    """A child that was not run, or was stopped."""


class HostNotIsolated(IsolationError):
    """This machine cannot keep a child away from the site, so none is run."""


class ChildNotStarted(IsolationError):
    """The child could not be started: something is missing that it needs."""


class ChildStopped(IsolationError):
    """The child broke one of its limits; `finished` has what it took until then."""

    def __init__(self, reason: str, finished: Finished) -> None:
        super().__init__(reason)
        self.finished = finished


class TimedOut(ChildStopped):
    """It ran for longer than it was allowed."""


class TooMuchMemory(ChildStopped):
    """It asked for more memory than it was allowed."""


class TooMuchOutput(ChildStopped):
    """It printed more than it was allowed."""


class BoxTooFull(ChildStopped):
    """It wrote more into its box than it was allowed."""


class TooManyThreads(ChildStopped):
    """It started more threads than it was allowed."""


class KilledBySignal(ChildStopped):
    """It crashed, or ended itself by a signal."""
