"""Runs in an isolated child: tries what it must not be able to do, and prints what it could."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any


def _read(place: dict[str, Any]) -> None:
    Path(place["canary"]).read_bytes()


def _write(place: dict[str, Any]) -> None:
    Path(place["folder"], "written").write_bytes(b"x")


def _overwrite(place: dict[str, Any]) -> None:
    os.close(os.open(place["canary"], os.O_WRONLY))


def _delete(place: dict[str, Any]) -> None:
    Path(place["victim"]).unlink()


def _change_mode(place: dict[str, Any]) -> None:
    os.chmod(place["canary"], 0o644)  # noqa: PTH101  the call itself is what is tried


def _cut(place: dict[str, Any]) -> None:
    os.truncate(place["canary"], 1)


def _environment(place: dict[str, Any]) -> None:
    Path(f"/proc/{place['parent']}/environ").read_bytes()


def _tcp(place: dict[str, Any]) -> None:
    with socket.create_connection(("127.0.0.1", place["tcp"]), timeout=1):
        pass


def _udp(place: dict[str, Any]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"x", ("127.0.0.1", place["udp"]))


def _local_socket(place: dict[str, Any]) -> None:
    with socket.socket(socket.AF_UNIX) as caller:
        caller.connect(place["local"])


def _signal(place: dict[str, Any]) -> None:
    os.kill(place["parent"], 0)


def _limits(place: dict[str, Any]) -> None:
    resource.prlimit(place["parent"], resource.RLIMIT_CORE)


def _fork(place: dict[str, Any]) -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def _trace(place: dict[str, Any]) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    seize = 0x4206  # does not stop it, and ends with this process
    if libc.ptrace(seize, place["parent"], None, None) < 0:
        raise OSError(ctypes.get_errno(), "ptrace")


Probe = Callable[[dict[str, Any]], None]
# What follows from reading or writing at will makes every other lock worthless.
OPEN_DOORS: dict[str, Probe] = {
    "read files of the site": _read,
    "write files outside its box": _write,
    "write over files of the site": _overwrite,
    "delete files of the site": _delete,
    "read the environment of other processes": _environment,
}
GAPS: dict[str, Probe] = {
    "connect over TCP": _tcp,
    "send over UDP": _udp,
    "connect to sockets of this machine": _local_socket,
    "signal other processes": _signal,
    "change limits of other processes": _limits,
    "trace other processes": _trace,
    "start processes": _fork,
    "change modes of files": _change_mode,
    "empty files of the site": _cut,
}


def main() -> None:
    place = json.loads(sys.argv[1])
    Path(place["box"], "written").write_bytes(b"x")
    able = []
    for name, probe in {**OPEN_DOORS, **GAPS}.items():
        try:
            probe(place)
        except OSError:
            continue
        able.append(name)
    sys.stdout.write(json.dumps(able))


if __name__ == "__main__":
    main()
