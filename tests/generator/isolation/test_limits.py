"""Limits and the end of a child are its parent's work, with locks and without."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from generator.isolation.box import new_box
from generator.isolation.child_process import Limits, Locks, run_child
from generator.isolation.isolation_error import (
    BoxTooFull,
    ChildNotStarted,
    KilledBySignal,
    TimedOut,
    TooManyThreads,
    TooMuchMemory,
    TooMuchOutput,
)
from tests.generator.isolation.children import SMALL, THREADS, assert_gone, program, unlocked

STUBBORN = """
import os, signal, time
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
print(os.getpid(), flush=True)
while True:
    try:
        time.sleep(60)
    except BaseException:
        pass
"""


def test_what_a_child_prints_and_how_it_ends_comes_back(tmp_path):
    finished = unlocked(
        "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)", tmp_path
    )
    assert finished[:3] == (3, b"out\n", b"err\n")
    assert finished.seconds > 0


def test_peak_memory_is_the_childs_own(tmp_path):
    code = "import time; x = bytearray(100 << 20); x[::4096] = bytes(25600); time.sleep(0.2)"
    ours = bytearray(300 << 20)
    ours[::4096] = bytes(len(ours) // 4096)  # so that all of it is there
    assert 100 << 20 < unlocked(code, tmp_path).peak_memory_bytes < 200 << 20


def test_a_child_that_ignores_everything_is_killed(tmp_path):
    with pytest.raises(TimedOut, match=r"did not end within 0\.5 seconds") as stopped:
        unlocked(STUBBORN, tmp_path, replace(SMALL, seconds=0.5))
    assert_gone(int(stopped.value.finished.stdout))


def test_what_a_child_started_ends_with_it(tmp_path):
    finished = unlocked(
        """
        import os, time
        child = os.fork()
        if child == 0:
            time.sleep(600)
        print(child)
        """,
        tmp_path,
    )
    assert_gone(int(finished.stdout))


def test_more_memory_than_allowed_is_named(tmp_path):
    with pytest.raises(TooMuchMemory, match=r"used more than 0\.5 GB of memory"):
        unlocked("x = bytearray(20 << 30)", tmp_path)


def test_many_small_pieces_of_memory_are_counted_too(tmp_path):
    with pytest.raises(TooMuchMemory):
        unlocked("x = []\nwhile True: x.append(bytearray(1 << 20))", tmp_path)


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_child_that_prints_without_end_is_stopped(tmp_path, stream):
    with pytest.raises(TooMuchOutput, match="printed more than 65,536 bytes") as stopped:
        unlocked(f"import sys\nwhile True: sys.{stream}.write('x' * 9999)", tmp_path)
    assert len(getattr(stopped.value.finished, stream)) == SMALL.output_bytes


FILLERS = {
    "many files": "for i in range(90): open(f'{i}', 'wb').write(bytes(100_000))",
    "more names than anybody needs": "for i in range(9_999): open(f'{i}', 'wb')",
    "files without a name": """
files = []
for i in range(90):
    files.append(open(f'{i}', 'wb+', buffering=0))
    os.unlink(f'{i}')
    files[-1].write(bytes(100_000))
time.sleep(9)
""",
    "folders in folders": "for i in range(3_000): os.mkdir('x'); os.chdir('x')",
}


@pytest.mark.parametrize("code", FILLERS.values(), ids=FILLERS)
def test_a_child_that_fills_its_box_is_stopped(tmp_path, code):
    # Nobody else could delete thousands of folders in each other.
    with (
        new_box(tmp_path) as box,
        pytest.raises(BoxTooFull, match=r"(wrote more than 1,048,576 bytes into|filled) its fold"),
    ):
        unlocked(f"import os, time\n{code}", box)


def test_no_file_grows_beyond_the_box(tmp_path):
    finished = unlocked("open('x', 'wb').write(bytes(1 << 22))", tmp_path)
    assert b"File too large" in finished.stderr
    assert (tmp_path / "x").stat().st_size <= SMALL.box_bytes


def test_a_crash_is_named_by_its_signal(tmp_path):
    with pytest.raises(KilledBySignal, match="crashed with signal SIGSEGV"):
        unlocked("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", tmp_path)


def test_thousands_of_threads_are_too_many(tmp_path):
    with pytest.raises(TooManyThreads, match="started more than 256 threads"):
        unlocked(THREADS, tmp_path)


def test_a_program_that_is_not_there_is_no_fault_of_the_child(tmp_path):
    with pytest.raises(ChildNotStarted, match=r"did not start: No such file.*no-program"):
        run_child(["/no-program"], tmp_path, SMALL, locks=Locks((), ()))


def test_a_child_is_not_started_without_a_lock_that_it_needs(tmp_path):
    with pytest.raises(ChildNotStarted, match="did not start: calls left out"):
        run_child(program("print(1)"), tmp_path, SMALL, locks=Locks(layers=(), needed=["calls"]))


def test_a_child_knows_nothing_of_its_surroundings(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "for this site only")
    opened = os.open(tmp_path, os.O_RDONLY)
    os.set_inheritable(opened, True)
    code = """
import os, sys
open_files = []
for number in range(3, 100):
    try:
        os.fstat(number)
        open_files.append(number)
    except OSError:
        pass
print([sorted(os.environ), open_files, sys.stdin.read(), os.getcwd()])
"""
    try:
        finished = unlocked(code, tmp_path)
    finally:
        os.close(opened)
    known = ["HOME", "LANG", "LOGNAME", "PATH", "TMPDIR"]
    assert finished.stdout.decode().strip() == str([known, [], "", str(tmp_path)])


def test_no_limit_is_raised_by_asking_for_more(tmp_path):
    with_more = Limits(memory_bytes=1 << 62, output_bytes=99, box_bytes=99, seconds=9)
    assert unlocked("print(1)", tmp_path, with_more).stdout == b"1\n"
