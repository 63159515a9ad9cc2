"""The table of docs/security.md: `python -m tests.composers.adversary_table`.

Each attack goes through the door in a process of its own, which says how long it took and how much
memory was added to what a worker has anyway; an isolated child counts whole.
"""

from __future__ import annotations

import json
import os
import platform
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bachtest.settings")

import django

django.setup()

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import override_settings
from django.test.utils import setup_test_environment

from generator.isolation.isolation_error import ChildStopped, Finished
from generator.isolation.run_isolated import run_isolated
from generator.isolation.self_test import self_test
from generator.music.corpus.works import load_corpus
from generator.smoke_run import smoke_run
from tests.composers.adversary.attack import Attack
from tests.composers.adversary.conftest import HELD_OUT
from tests.composers.adversary.hostile_checkpoints import CHECKPOINTS, sound
from tests.composers.adversary.hostile_families import REFUSED
from tests.composers.adversary.hostile_music import MIDI, XML
from tests.composers.adversary.hostile_registry import in_place_of_markov
from tests.composers.adversary.hostile_zips import ZIPS, zipped
from tests.composers.adversary.the_door import person, send, work
from tests.conftest import DUMMY
from tests.generator.collecting.material import rows_for

MOST = 100
"""Characters of a reason in the table."""
peaks = [0]
"""Of isolated children, in the process of an attack."""


def memory(what: str) -> int:
    """VmHWM or VmRSS of this process, in bytes."""
    text = Path("/proc/self/status").read_text()
    return 1024 * int(re.search(rf"{what}:\s+(\d+)", text)[1])


def watched(*arguments: Any, **named: Any) -> Finished:
    """A run in an isolated child, whose memory is written down."""
    try:
        finished = run_isolated(*arguments, **named)
    except ChildStopped as error:
        peaks.append(error.finished.peak_memory_bytes)
        raise
    peaks.append(finished.peak_memory_bytes)
    return finished


def measured(attack: Callable[[], str]) -> dict[str, Any]:
    """Outcome, seconds and bytes of an attack in a process of its own."""
    reader, writer = os.pipe()
    if (pid := os.fork()) == 0:
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins here
        had, began = memory("VmRSS"), time.perf_counter()
        with patch.object(smoke_run, "run_isolated", watched):
            outcome = attack()
        seconds, own = time.perf_counter() - began, memory("VmHWM") - had
        said = {"outcome": outcome, "seconds": seconds, "bytes": max(own, *peaks)}
        os.write(writer, json.dumps(said).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        said = pipe.read()
    os.waitpid(pid, 0)
    return json.loads(said)


def refusal(data: bytes, kind: str) -> str:
    upload = send(User.objects.get(), data, kind)
    if upload.status == "quarantined":
        upload = work(upload)
    assert upload.status == "refused", upload.report
    assert not upload.failure
    return upload.reason.removeprefix("no file was accepted:\n")


def of_file(attack: Attack, kind: str) -> Callable[[], str]:
    data = attack.make()
    return lambda: refusal(data, kind)


def of_music(attack: Attack, name: str) -> Callable[[], str]:
    data = zipped(lambda archive: archive.writestr(name, attack.make()), method=0)
    return lambda: refusal(data, "collection").partition("refused: ")[2]


def of_family(name: str) -> Callable[[], str]:
    def attack() -> str:
        with in_place_of_markov(name, Path(tempfile.mkdtemp())):
            return refusal(sound(), "checkpoint")

    return attack


def attacks() -> Iterator[tuple[str, str, Callable[[], str]]]:
    for name, attack in CHECKPOINTS.items():
        yield "checkpoint", name, of_file(attack, "checkpoint")
    for name in REFUSED:
        words = re.sub(r"(?<!^)(?=[A-Z])", " ", name).lower()
        yield "family", f"one that {words}", of_family(name)
    for name, attack in ZIPS.items():
        yield "ZIP", name, of_file(attack, "collection")
    for kind, ending, each in (("MIDI", "mid", MIDI), ("MusicXML", "xml", XML)):
        for name, attack in each.items():
            yield kind, name, of_music(attack, f"a.{ending}")


@contextmanager
def site() -> Iterator[None]:
    """Rows and folders of a site that is used for nothing else."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        storages = {**settings.STORAGES}
        storages["checkpoints"] = storages["checkpoints"] | {"OPTIONS": {"location": folder / "c"}}
        changed = override_settings(
            QUARANTINE_DIR=folder / "quarantine", BOXES_DIR=folder / "boxes",
            MEDIA_ROOT=folder / "media", STORAGES=storages,
            TASKS=DUMMY, ISOLATION="partly", UPLOAD_KEEP_FREE_BYTES=0,
        )  # fmt: skip
        stack.enter_context(changed)
        setup_test_environment()
        connection.creation.create_test_db(verbosity=0)
        person("author", "upload_version")
        rows_for(load_corpus(settings.CORPUS_FILE), *HELD_OUT)
        yield


def row_of(kind: str, name: str, said: dict[str, Any]) -> str:
    words = " ".join(said["outcome"].replace("|", "\\|").replace("<", "&lt;").split())
    words = words if len(words) <= MOST else f"{words[: MOST - 1]}…"
    return f"| {kind} | {name} | {words} | {said['seconds']:.2f} | {said['bytes'] / 1e6:.0f} |"


def main() -> None:
    with site():
        print(f"On {platform.machine()} with {os.cpu_count()} processors, Python", end=" ")
        print(f"{platform.python_version()}; a child is {self_test()} there.\n")
        print("| kind | attack | refused with | seconds | MB |")
        print("| --- | --- | --- | --- | --- |")
        for kind, name, attack in attacks():
            print(row_of(kind, name, measured(attack)), flush=True)


main()
