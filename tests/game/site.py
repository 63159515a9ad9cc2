"""The site as it runs: a server on a free port, with a database of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPCookieProcessor, Request, build_opener, urlopen

from tests.databases import new_database, rows_in

ROOT = Path(__file__).parent.parent.parent
POOL = """
from django.db import transaction
from tests.builders import make_composer, make_pair
with transaction.atomic():
    for condition, count in {"S": 2, "A": 2, "T": 2, "B": 2, "AT": 4, "ATB": 4, "SATB": 8}.items():
        for _ in range(count):
            make_pair(condition, make_composer("bot"))
"""
START_SECONDS = 60


@dataclass(frozen=True)
class Site:
    url: str
    env: dict[str, str]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *arguments]
        return subprocess.run(command, cwd=ROOT, env=self.env, capture_output=True, text=True)

    def manage(self, *arguments: str) -> str:
        done = self.run("manage.py", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout


def make_site(folder: Path) -> Site:
    """A site with a small pool, where answers need no listening time; it isn't served yet."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = os.environ | {
        **new_database(folder, POOL),
        "LISTEN_SECONDS": "0",
        "DJANGO_SETTINGS_MODULE": "bachtest.settings",
        "PYTHONPATH": str(ROOT),
    }
    return Site(f"http://127.0.0.1:{port}", env)


def serve(site: Site) -> subprocess.Popen[bytes]:
    """Several threads, in a process group of their own, so that all of it can be killed."""
    gunicorn = [sys.executable, "-m", "gunicorn", "bachtest.wsgi", "--no-control-socket"]
    process = subprocess.Popen(
        [*gunicorn, "--threads", "8", "--bind", site.url.removeprefix("http://")],
        cwd=ROOT,
        env=site.env,
        start_new_session=True,
    )
    try:
        _wait_for(site.url)
    except BaseException:
        stop(process)
        raise
    return process


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait()


def kill(process: subprocess.Popen[bytes]) -> None:
    """As a power cut: nobody in the process group gets to finish anything."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def query(site: Site, sql: str) -> list[tuple[Any, ...]]:
    return rows_in(site.env, sql)


class Browser:
    """One listener's cookies, over HTTP."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.opener = build_opener(HTTPCookieProcessor(CookieJar()))

    def post(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        return self._ask(path, json.dumps(body).encode())

    def get(self, path: str) -> tuple[int, dict[str, Any]]:
        return self._ask(path, None)

    def _ask(self, path: str, content: bytes | None) -> tuple[int, dict[str, Any]]:
        request = Request(
            f"{self.site.url}/api/v1/{path}", content, {"Content-Type": "application/json"}
        )
        try:
            with self.opener.open(request, timeout=60) as response:
                return response.status, json.load(response)
        except HTTPError as error:
            with error:
                return error.code, json.load(error)

    def listen(self, round_id: str) -> None:
        for side in ("left", "right"):
            status, body = self.post(f"rounds/{round_id}/plays/", {"side": side, "number": 1})
            assert status == 200, body

    def answer(self, round_id: str, chosen: str = "left") -> tuple[int, dict[str, Any]]:
        body = {"chosen": chosen, "heard": {"left": 9, "right": 9}}
        return self.post(f"rounds/{round_id}/answer/", body)


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(url):
        assert time.monotonic() < deadline, f"no answer from {url} within {START_SECONDS} s"
        time.sleep(0.1)


def _answers(url: str) -> bool:
    try:
        urlopen(url, timeout=5).close()
    except OSError:
        return False
    return True
