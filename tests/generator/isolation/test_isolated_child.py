"""What an isolated child tries in vain, and what it may do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from generator.isolation.isolation_error import TooManyThreads
from tests.generator.isolation.children import THREADS, assert_gone, isolated

IN_VAIN = {
    "read a file": "open({secret!r})",
    "empty a file": "os.open({secret!r}, os.O_RDONLY | os.O_TRUNC)",
    "write over a file": "open({secret!r}, 'r+')",
    "add to a file": "open({secret!r}, 'a')",
    "cut a file": "os.truncate({secret!r}, 0)",
    "delete a file": "os.unlink({secret!r})",
    "change a file's mode": "os.chmod({secret!r}, 0)",
    "change a file's times": "os.utime({secret!r})",
    "tag a file": "os.setxattr({secret!r}, 'user.x', b'x')",
    "write beside a file": "open({secret!r} + '2', 'w')",
    "rename a file": "os.rename({secret!r}, 'mine')",
    "link a file": "os.link({secret!r}, 'mine')",
    "link to a file": "os.symlink({secret!r}, 'mine')",
    "list the root": "os.listdir('/')",
    "read the users": "open('/etc/passwd')",
    "make a pipe in the box": "os.mkfifo('pipe')",
    "connect over TCP": "socket.create_connection(('127.0.0.1', {port}))",
    "send over UDP": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
    "send over UDP 6": "socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)",
    "connect to a local socket": "socket.socket(socket.AF_UNIX)",
    "ask the kernel over netlink": "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
    "make a pair of sockets": "socket.socketpair()",
    "fork": "os.fork()",
    "start a program": "subprocess.run(['/bin/true'])",
    "leave its group": "os.setsid()",
    "signal its parent": "os.kill(os.getppid(), 0)",
    "signal its group": "os.killpg(0, 15)",
    "slow down its parent": "os.setpriority(os.PRIO_PROCESS, os.getppid(), 19)",
    "limit its parent": "resource.prlimit(os.getppid(), resource.RLIMIT_CPU, (1, 1))",
    "read its parent's environment": "open(f'/proc/{{os.getppid()}}/environ')",
    "see its parent's folder": "os.readlink(f'/proc/{{os.getppid()}}/cwd')",
    "read its parent's memory": "open(f'/proc/{{os.getppid()}}/mem', 'rb')",
    "hide memory in a file": "os.memfd_create('x')",
    "send signals by a file": "fcntl.fcntl(1, fcntl.F_SETOWN, os.getppid())",
    "have more files than allowed": "resource.setrlimit(resource.RLIMIT_NOFILE, (999, 999))",
}


@pytest.fixture
def secret(tmp_path) -> Path:
    """The site's, outside the box."""
    path = tmp_path / "db.sqlite3"
    path.write_text("who answered what")
    return path


@pytest.fixture
def box(tmp_path) -> Path:
    path = tmp_path / "box"
    path.mkdir()
    return path


@pytest.mark.parametrize("attempt", IN_VAIN.values(), ids=IN_VAIN)
def test_a_child_is_refused(attempt, box, secret):
    before = secret.stat()
    code = "import fcntl, os, resource, socket, subprocess\n"
    finished = isolated(code + attempt.format(secret=str(secret), port=1), box)
    assert finished.returncode == 1
    # Not: it was tried, and failed for some other reason.
    refusals = (b"PermissionError", b"OSError: [Errno 18]", b"ValueError: not allowed to raise")
    assert finished.stderr.splitlines()[-1].startswith(refusals), finished.stderr.decode()
    assert secret.read_text() == "who answered what"
    assert (secret.stat().st_mode, secret.stat().st_mtime) == (before.st_mode, before.st_mtime)


def test_a_child_reads_what_it_is_lent_and_cannot_write_there(box, secret):
    code = f"print(open({str(secret)!r}).read()); open({str(secret)!r}, 'r+')"
    finished = isolated(code, box, readable=(secret,))
    assert finished.stdout == b"who answered what\n"
    assert b"PermissionError" in finished.stderr
    assert secret.read_text() == "who answered what"


def test_a_child_computes_and_writes_into_its_box(box):
    code = """
    import os, threading
    import numpy as np
    os.mkdir("a")
    with open("a/b", "w") as file:
        file.write(str(np.ones((300, 300)).dot(np.ones(300)).sum()))
    os.rename("a/b", "a/c")
    thread = threading.Thread(target=os.urandom, args=(8,))
    thread.start()
    thread.join()
    """
    finished = isolated(code, box)
    assert (finished.returncode, finished.stderr) == (0, b"")
    assert (box / "a/c").read_text() == "90000.0"


def test_a_child_may_end_itself_by_a_signal_and_no_other(box):
    finished = isolated("import os; print(os.getpid())", box)
    assert_gone(int(finished.stdout))
    assert int(finished.stdout) != os.getpid()


def test_root_has_no_powers_in_there(box):
    code = "import os; os.setgroups([0])"
    assert b"PermissionError" in isolated(code, box).stderr


def test_threads_are_counted_from_outside(box):
    with pytest.raises(TooManyThreads):
        isolated(THREADS, box)
