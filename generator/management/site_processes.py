"""The two processes of `make run`, worker and web server: started, watched and stopped together."""

from __future__ import annotations

import socket
import subprocess
import sys
import time

from django.conf import settings
from django.core.management.base import CommandError

POLL_SECONDS = 0.5
# The worker finishes its piece; if it takes longer than this, it hangs.
STOP_SECONDS = 60


def check_port(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            raise CommandError(
                f"cannot serve on {host}:{port} ({error}); choose another port, such as: "
                f"make run PORT={8001 if port == 8000 else 8000}"
            ) from error


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, *arguments], cwd=settings.BASE_DIR)


def gunicorn_options(host: str, port: int) -> list[str]:
    # Gunicorn's warnings name the address of anyone who sends nonsense; no address is logged.
    # A thread for each connection that sends or reads; those that run Django are few.
    bind = ["--bind", f"{host}:{port}", "--threads", "400"]
    bind += ["--worker-class", "bachtest.lib.serving.patient_worker.PatientWorker"]
    # Nor is a socket for its control opened, which several sites of one user would share.
    return ["bachtest.wsgi", *bind, "--log-level", "error", "--no-control-socket"]


def wait_until_reachable(server: subprocess.Popen[bytes], host: str, port: int) -> None:
    while server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex((host, port)) == 0:
                return
        time.sleep(POLL_SECONDS)
    raise CommandError("the web server did not start; its last lines are above")


def wait_until_one_stops(running: list[subprocess.Popen[bytes]]) -> None:
    while all(process.poll() is None for process in running):
        time.sleep(POLL_SECONDS)
    raise CommandError("the worker or the web server stopped; its last lines are above")


def stop(running: list[subprocess.Popen[bytes]]) -> None:
    for process in running:
        process.terminate()
    for process in running:
        try:
            process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
