"""A child that locks itself in, and its parent, who watches it and ends it."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from generator.isolation.box import BoxError, used_bytes
from generator.isolation.isolation_error import (
    BoxTooFull,
    ChildNotStarted,
    ChildStopped,
    Finished,
    KilledBySignal,
    TimedOut,
    TooManyThreads,
    TooMuchMemory,
    TooMuchOutput,
)
from generator.isolation.launcher import LAYERS
from generator.isolation.readable_paths import python_paths

TICK = 0.02
CHUNK = 1 << 16
MAX_FILES = 128
MAX_THREADS = 256
START = (
    "import sys; sys.path.insert(0, {!r}); from generator.isolation.launcher import main; main()"
)
CODE = Path(__file__).parents[2]
_WITHOUT_MEMORY = (b"MemoryError", b"bad_alloc", b"an't allocate memory", b"annot allocate memory")


@dataclass(frozen=True)
class Limits:
    """What a child may take."""

    seconds: float = 600.0
    memory_bytes: int = 2 << 30
    """Of its address space: all that it asks for, used or not."""
    output_bytes: int = 1 << 20
    """Of what it prints, on each of the two ways."""
    box_bytes: int = 64 << 20

    def as_resources(self) -> dict[str, int]:
        """Those that the kernel keeps; the parent keeps the others."""
        seconds = 2 * int(self.seconds + 1)  # if nobody were there to stop it
        return {
            "AS": self.memory_bytes,
            "CPU": seconds,
            "FSIZE": self.box_bytes,
            "NOFILE": MAX_FILES,
            "CORE": 0,
            "MEMLOCK": 0,
            "MSGQUEUE": 0,
        }


@dataclass(frozen=True)
class Locks:
    """Which layers a child gets, and those without which it does not start."""

    layers: Collection[str] = LAYERS
    needed: Collection[str] = LAYERS


def run_child(
    arguments: Sequence[str],
    box: Path,
    limits: Limits,
    readable: Sequence[Path] = (),
    *,
    locks: Locks | None = None,
    environment: Mapping[str, str] | None = None,
) -> tuple[Finished, dict[str, str]]:
    """Run a program in a box, and say which layers were missing, by name.

    Raises
    ------
    ChildNotStarted
        If a layer that is needed is missing, or the program cannot be started.
    ChildStopped
        If it broke a limit or was killed; nothing of it runs any more.
    """
    status, status_of_child = os.pipe()
    rules = {
        "arguments": [str(argument) for argument in arguments],
        "environment": {**environment_of(box), **(environment or {})},
        "limits": limits.as_resources(),
        "layers": list((locks or Locks()).layers),
        "needed": list((locks or Locks()).needed),
        "parent": os.getpid(),
        "readable": [*python_paths(), *(str(path.resolve()) for path in readable)],
        "status": status_of_child,
        "writable": [str(box), "/dev/null"],
    }
    try:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-B", "-c", START.format(str(CODE)), json.dumps(rules)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment_of(box),
            cwd=box,
            pass_fds=(status_of_child,),
            start_new_session=True,
        )
    except BaseException:
        os.close(status)
        raise
    finally:
        os.close(status_of_child)
    watch = Watch(process, status, box, limits)
    try:
        watch.until_it_ends()
    finally:
        watch.end()
    return watch.finished(), watch.missing_layers()


def environment_of(box: Path) -> dict[str, str]:
    """All that a child knows of its surroundings, made from nothing."""
    folder = str(box)
    return {
        "HOME": folder,
        "LANG": "C.UTF-8",
        "LOGNAME": "nobody",
        "PATH": "/usr/bin:/bin",
        "TMPDIR": folder,
    }


class Watch:
    """A child under way, seen from its parent."""

    def __init__(
        self, process: subprocess.Popen[bytes], status: int, box: Path, limits: Limits
    ) -> None:
        self.process, self.box, self.limits = process, box, limits
        self.started = time.monotonic()
        self.seconds = 0.0
        self.peak_bytes = 0
        self.broken: tuple[type[ChildStopped], str] | None = None
        assert process.stdout is not None
        assert process.stderr is not None
        self.stdout, self.stderr = process.stdout.fileno(), process.stderr.fileno()
        self.status = status
        self.said = {fd: bytearray() for fd in (self.stdout, self.stderr, status)}
        self.selector = selectors.DefaultSelector()
        for fd in self.said:
            os.set_blocking(fd, False)
            self.selector.register(fd, selectors.EVENT_READ)

    def until_it_ends(self) -> None:
        """Wait until it ends or breaks a limit."""
        checked = 0.0
        while self.broken is None:
            for key, _ in self.selector.select(TICK):
                self._read(key.fd)
            now = time.monotonic()
            if now - checked >= TICK:
                checked = now
                self._check(now - self.started)
            if self._has_ended():
                return

    def end(self) -> None:
        """Kill it with all that it started, and take what it had still said."""
        # It is not yet waited for, so that its number is nobody else's.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.seconds = time.monotonic() - self.started
        for fd in self.said:
            while self.broken is None and self._read(fd):
                pass
        if self.broken is None:
            self._check_box()
        self.selector.close()
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        os.close(self.status)

    def finished(self) -> Finished:
        """How it ended; raises if it was stopped or crashed."""
        said = [bytes(self.said[fd]) for fd in (self.stdout, self.stderr)]
        code = self.process.returncode
        finished = Finished(code, said[0], said[1], self.seconds, self.peak_bytes)
        if self.broken is not None:
            raise self.broken[0](self.broken[1], finished)
        if code != 0 and any(word in last_line(finished.stderr) for word in _WITHOUT_MEMORY):
            reason = f"used more than {_gigabytes(self.limits.memory_bytes)} of memory"
            raise TooMuchMemory(reason, finished)
        if code == -signal.SIGXCPU:
            raise TimedOut("used up its processor time", finished)
        if code == -signal.SIGXFSZ:
            raise BoxTooFull(self._too_full(), finished)
        if code < 0:
            raise KilledBySignal(f"crashed with signal {signal.Signals(-code).name}", finished)
        return finished

    def missing_layers(self) -> dict[str, str]:
        """Layers that it could not give up, and why.

        Raises
        ------
        ChildNotStarted
        """
        # On a failed start a second report follows the first.
        reports = bytes(self.said[self.status]).replace(b"}{", b"}\n{").splitlines()
        if not reports:
            line = last_line(bytes(self.said[self.stderr])).decode(errors="replace")
            raise ChildNotStarted(f"the child ended before it was locked in: {line or 'no reason'}")
        report = json.loads(reports[-1])
        if "error" in report:
            raise ChildNotStarted(f"the child did not start: {report['error']}")
        missing: dict[str, str] = report["missing"]
        return missing

    def _read(self, fd: int) -> bool:
        """Take what was said; False at its end, or if nothing is there."""
        try:
            chunk = os.read(fd, CHUNK)
        except BlockingIOError:
            return False
        if not chunk:
            with suppress(KeyError):  # it may have been told so before
                self.selector.unregister(fd)
            return False
        self.said[fd] += chunk
        # The status is closed when the child's own program starts.
        if fd != self.status and len(self.said[fd]) > self.limits.output_bytes:
            del self.said[fd][self.limits.output_bytes :]
            self.broken = TooMuchOutput, f"printed more than {self.limits.output_bytes:,} bytes"
        return True

    def _check(self, seconds: float) -> None:
        self._check_process()
        if seconds > self.limits.seconds:
            self.broken = TimedOut, f"did not end within {self.limits.seconds:g} seconds"
        elif self.broken is None:
            self._check_box()

    def _check_process(self) -> None:
        try:
            lines = Path(f"/proc/{self.process.pid}/status").read_text(errors="replace").split("\n")
        except OSError:  # it is gone, or this is no Linux
            return
        facts = dict(line.partition(":")[::2] for line in lines)
        if "VmHWM" in facts:
            self.peak_bytes = max(self.peak_bytes, 1024 * int(facts["VmHWM"].split()[0]))
        if int(facts.get("Threads", 0)) > MAX_THREADS:
            self.broken = TooManyThreads, f"started more than {MAX_THREADS} threads"

    def _check_box(self) -> None:
        try:
            if used_bytes(self.box) + self._unlinked_bytes() > self.limits.box_bytes:
                self.broken = BoxTooFull, self._too_full()
        except BoxError as error:
            self.broken = BoxTooFull, f"filled its folder with {error}"

    def _unlinked_bytes(self) -> int:
        """Of files that it has open and that have no name any more."""
        total = 0
        with suppress(OSError), os.scandir(f"/proc/{self.process.pid}/fd") as files:
            for entry in files:
                with suppress(OSError):
                    found = entry.stat()
                    total += 0 if found.st_nlink else 512 * found.st_blocks
        return total

    def _too_full(self) -> str:
        return f"wrote more than {self.limits.box_bytes:,} bytes into its folder"

    def _has_ended(self) -> bool:
        ended = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self.process.pid, ended) is not None


def last_line(said: bytes) -> bytes:
    """The last line that is not empty."""
    return next((line for line in reversed(said.splitlines()) if line.strip()), b"")


def _gigabytes(count: int) -> str:
    return f"{count / (1 << 30):.3g} GB"
