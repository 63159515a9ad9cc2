"""What each hostile composer is refused with. `python -m tests.generator.smoke_run.hostile_cases`
prints the table of the security page: outcome, seconds and peak memory.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from generator.isolation.box import new_box
from generator.isolation.child_process import Limits
from generator.smoke_run.smoke_run import Excerpt, SmokeRunRefused, smoke_run
from tests.generator.families.material import a_chorale, provenance_of

CODE = Path(__file__).parent / "hostile_code"
SMALL = Limits(seconds=120, memory_bytes=1 << 30, output_bytes=1 << 16, box_bytes=2 << 20)
QUICK = replace(SMALL, seconds=2)


class Case(NamedTuple):
    does: str
    """What it tries."""
    reason: str
    """A pattern of the refusal."""
    limits: Limits = SMALL


DENIED = "failed: family 'hostile' failed \\(PermissionError: .*"
CASES = {
    "Hanging": Case("never ends, and ignores signals", "did not end within 2 seconds", QUICK),
    "Hungry": Case("asks for 20 GB", "used more than 1 GB of memory"),
    "Hoarder": Case("takes more and more memory", "used more than 1 GB of memory"),
    "Crowded": Case(
        "starts threads without end",
        "started more than 256 threads|used more than 1 GB of memory",  # whichever comes first
    ),
    "GivenCells": Case("writes over given cells", "failed: family 'hostile' changed given cells"),
    "UnlockedGivenCells": Case(
        "writes over given cells, and takes the check away", "'UnlockedGivenCells' changed given"
    ),
    "OtherLength": Case("returns twice as many steps", "returned 64 steps for 32"),
    "UnlockedOtherLength": Case(
        "returns twice as many steps, and takes the check away",
        "'UnlockedOtherLength' returned 64 steps for 32",
    ),
    "Fickle": Case("writes another piece each time", "the composer wrote two pieces for seed 0"),
    "Silent": Case("writes nothing, and takes the check away", "'Silent' wrote nothing in"),
    "DatabaseReader": Case("reads the database", DENIED + "db.sqlite3"),
    "DatabaseLocker": Case("locks the site out of its database", DENIED + "db.sqlite3"),
    "TcpCaller": Case("connects over TCP", DENIED),
    "UdpCaller": Case("sends over UDP", DENIED),
    "Parent": Case("starts a process that outlives it", DENIED),
    "DiskFiller": Case("fills the disk with files", "wrote more than 2,097,152 bytes|filled"),
    "FolderDigger": Case("makes folders in folders without end", "filled its folder with"),
    "Talker": Case("prints 1 GB", "printed more than 65,536 bytes"),
    "Leaver": Case("says that all is well, without a result", "result is unusable: there is none"),
    "HugeResult": Case("leaves a result of 1 GB", "File too large|wrote more than 2,097,152"),
    "LongResult": Case("leaves a result of 300 kB", "result is unusable: it has 300,000 bytes"),
    "DeepResult": Case("leaves JSON in 50,000 levels", "result is unusable: it is nested too deep"),
    "OtherResult": Case("leaves infinity and NaN", "result is unusable: it holds 1e999"),
    "LinkedResult": Case("leaves a link to the database", DENIED),
    "FolderResult": Case("leaves a folder", "result is unusable: it is no plain file"),
    "ForgedResult": Case(
        "leaves pitches of 1000", "result is unusable: pitch of S has 1000 at step 0"
    ),
    "SlowClaim": Case("lies about its time", "says that it took longer than it did"),
    "Crasher": Case("crashes", "crashed with signal SIGSEGV"),
    "ParentKiller": Case("kills the worker", DENIED),
    "EnvironmentReader": Case("reads the worker's secrets", DENIED + "environ"),
    "CheckpointWriter": Case("writes over its checkpoint", DENIED + "checkpoint"),
    "CodeWriter": Case("writes into the site's code", DENIED + "'generator/families/base.py"),
    "Shouter": Case("shouts control characters", r"ValueError:  \[2J <script>a b"),
    "Quitter": Case("ends with a message", "failed: all is well"),
}


@dataclass(frozen=True)
class Site:
    """What a composer might be after, and the checkpoint that names it."""

    database: Path
    checkpoint: Path
    listeners: tuple[socket.socket, socket.socket]

    def was_called(self) -> bool:
        """Whether anything came over TCP or UDP."""
        for listener in self.listeners:
            listener.setblocking(False)
            try:
                listener.recv(1) if listener.type == socket.SOCK_DGRAM else listener.accept()
            except BlockingIOError:
                continue
            return True
        return False


@contextmanager
def a_site(folder: Path, name: str) -> Iterator[Site]:
    """A database, a TCP and a UDP port, and a checkpoint of a hostile family."""
    sys.path.append(str(CODE))
    try:
        import hostile_composers
    finally:
        sys.path.remove(str(CODE))
    with ExitStack() as stack:
        kinds = (socket.SOCK_STREAM, socket.SOCK_DGRAM)
        tcp, udp = (stack.enter_context(socket.socket(socket.AF_INET, kind)) for kind in kinds)
        tcp.bind(("127.0.0.1", 0))
        tcp.listen()
        udp.bind(("127.0.0.1", 0))
        database = folder / "db.sqlite3"
        database.write_text("who answered what")
        port = (udp if name == "UdpCaller" else tcp).getsockname()[1]
        config = hostile_composers.HostileConfig(str(database), port)
        checkpoint = folder / "hostile.safetensors"
        hostile_composers.Harmless(config).save(checkpoint, provenance_of([]))
        yield Site(database, checkpoint, (tcp, udp))


def excerpts(count: int = 5) -> list[Excerpt]:
    """Works with some cells given."""
    chorales = [a_chorale(seed=seed) for seed in range(1, count + 1)]
    masks = np.random.default_rng(0).random((count, 4, chorales[0].steps)) < 0.5
    return list(zip(chorales, masks, strict=True))


def refusal(site: Site, name: str, folder: Path, tasks: Sequence[Excerpt]) -> SmokeRunRefused:
    """How the smoke run of a hostile composer ends; its boxes are made in the folder."""
    try:
        smoke_run(
            f"hostile_composers.{name}", site.checkpoint, tasks,
            limits=CASES[name].limits, code=[CODE], folder=folder,
        )  # fmt: skip
    except SmokeRunRefused as refused:
        return refused
    raise AssertionError(f"{name} was not refused")


def table() -> Iterator[str]:
    """The rows of the security page, by running all of them."""
    yield "| a composer that | is refused with | seconds | peak memory |"
    yield "| --- | --- | --- | --- |"
    for name, case in CASES.items():
        with new_box() as folder, a_site(folder, name) as site:
            refused = refusal(site, name, folder, excerpts())
            took = refused.finished
            reason = str(refused).replace(str(folder), "...").replace("|", "\\|")[:120]
            memory = f"{took.peak_memory_bytes / (1 << 20):.0f} MB"
            yield f"| {case.does} | {reason} | {took.seconds:.1f} | {memory} |"


if __name__ == "__main__":
    os.umask(0o022)
    for row in table():
        sys.stdout.write(f"{row}\n")
