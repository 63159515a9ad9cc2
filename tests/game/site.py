"""The site as it runs: a server on a free port, with a database file of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).parent.parent.parent
POOL = """
import django
django.setup()
from tests.builders import make_composer, make_pair
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


def start_site(folder: Path) -> tuple[Site, subprocess.Popen[bytes]]:
    """A site with a small pool and several threads, where answers need no listening time."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = os.environ | {
        "VAR_DIR": str(folder),
        "LISTEN_SECONDS": "0",
        "DJANGO_SETTINGS_MODULE": "bachtest.settings",
        "PYTHONPATH": str(ROOT),
    }
    site = Site(f"http://127.0.0.1:{port}", env)
    site.manage("migrate", "-v0")
    filled = site.run("-c", POOL)
    assert filled.returncode == 0, filled.stderr
    server = [sys.executable, "-m", "gunicorn", "bachtest.wsgi", "--threads", "8"]
    process = subprocess.Popen([*server, "--bind", f"127.0.0.1:{port}"], cwd=ROOT, env=env)
    try:
        _wait_for(site.url)
    except BaseException:
        process.terminate()
        process.wait()
        raise
    return site, process


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(url):
        assert time.monotonic() < deadline, f"no answer from {url} within {START_SECONDS} s"
        time.sleep(0.1)


def _answers(url: str) -> bool:
    try:
        urlopen(url, timeout=START_SECONDS).close()
    except URLError:
        return False
    return True
