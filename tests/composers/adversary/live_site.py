"""A site as it runs, with people who have tokens; and clients that break the rules of HTTP."""

from __future__ import annotations

import http.client
import json
import os
import socket
import struct
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from generator.management.site_processes import gunicorn_options
from tests.databases import new_database, rows_in

PATIENCE = 120.0  # of a machine that has other things to do
PEOPLE = 27
PER_DAY = 30
QUOTA = 20_000_000
MAKE_PEOPLE = f"""
import django, json; django.setup()
from tests.composers.adversary.the_door import person
from tests.composers.adversary.tus_client import token_of
print(json.dumps([token_of(person(f"person{{n}}", "upload_version")) for n in range({PEOPLE})]))
"""
LIST = "/api/v1/uploads/"


@dataclass(frozen=True)
class LiveSite:
    port: int
    env: dict[str, str]
    tokens: list[str]
    """Of people; each test takes others, since what they may upload in a day is limited."""

    def quarantined(self) -> dict[str, int]:
        """The files by name, and their sizes."""
        folder = Path(self.env["VAR_DIR"], "quarantine")
        return {path.name: path.stat().st_size for path in folder.iterdir()}

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return rows_in(self.env, sql)

    def front_page(self) -> int:
        return self.ask("GET", "/")[0]

    def ask(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)) as line:
            said = {name.replace("_", "-"): value for name, value in headers.items()}
            line.request(method, path, body, said)
            reply = line.getresponse()
            return reply.status, {k.lower(): v for k, v in reply.getheaders()}, reply.read()

    def tus(self, token: str, method: str, path: str, body: bytes | None = None, **headers: str):
        known = {"Authorization": f"Bearer {token}", "Tus_Resumable": "1.0.0"}
        return self.ask(method, path, body, **known, **headers)

    def begin(self, token: str, length: int, slug: str = "hostile") -> tuple[int, str]:
        """Status, and the address if it was taken."""
        fields = {"kind": "checkpoint", "slug": slug, "filename": "hostile.safetensors"}
        said = ",".join(f"{k} {b64encode(v.encode()).decode()}" for k, v in fields.items())
        status, headers, _ = self.tus(
            token, "POST", LIST, Upload_Length=str(length), Upload_Metadata=said
        )
        return status, headers.get("location", "")

    def patch(self, token: str, url: str, offset: int, body: bytes) -> tuple[int, dict[str, str]]:
        kind = "application/offset+octet-stream"
        reply = self.tus(token, "PATCH", url, body, Upload_Offset=str(offset), Content_Type=kind)
        return reply[:2]

    def patch_patiently(self, token: str, url: str, offset: int, body: bytes) -> int:
        """As clients do: again after a while where the site is busy; the number of tries."""
        for tries in range(1, 1000):
            status, _ = self.patch(token, url, offset, body)
            if status == 204:
                return tries
            assert status in (423, 503), status
            time.sleep(0.05)
        raise AssertionError("never taken")

    def offset(self, token: str, url: str) -> int:
        return int(self.tus(token, "HEAD", url)[1]["upload-offset"])

    def wait_for_offset(self, token: str, url: str, offset: int) -> None:
        deadline = time.monotonic() + PATIENCE
        while self.offset(token, url) != offset:
            assert time.monotonic() < deadline, self.offset(token, url)
            time.sleep(0.02)

    def raw_patch(self, token: str, url: str, *lines: str, offset: int = 0) -> RawClient:
        """A connection on which the head of a PATCH was sent, with these lines of it."""
        head = [
            f"PATCH {url} HTTP/1.1",
            "Host: 127.0.0.1",
            f"Authorization: Bearer {token}",
            "Tus-Resumable: 1.0.0",
            "Content-Type: application/offset+octet-stream",
            f"Upload-Offset: {offset}",
            *lines,
        ]
        client = RawClient(self.port)
        client.send("\r\n".join([*head, "", ""]).encode())
        return client


class RawClient:
    """A socket that sends what it likes."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def cut(self) -> None:
        """As a cable that is pulled out: without a goodbye."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def end(self) -> None:
        """Say that no more comes, and listen."""
        self.socket.shutdown(socket.SHUT_WR)

    def reply(self) -> bytes:
        """Up to the end of the head."""
        said = b""
        while b"\r\n\r\n" not in said and (part := self.socket.recv(4096)):
            said += part
        return said

    def status(self) -> int:
        return int(self.reply().split(b" ", 2)[1])

    def close(self) -> None:
        self.socket.close()


@contextmanager
def live_site(folder: Path) -> Iterator[LiveSite]:
    """A site of its own with the options of `manage.py serve`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = {
        **os.environ,
        **new_database(folder),
        "DJANGO_SETTINGS_MODULE": "bachtest.settings",
        "UPLOAD_MAX_MB": "6",
        "UPLOAD_QUOTA_MB": str(QUOTA / 1e6),
        "UPLOADS_PER_DAY": str(PER_DAY),
        "UPLOAD_KEEP_FREE_MB": "0",
    }
    made = subprocess.run(
        [sys.executable, "-c", MAKE_PEOPLE],
        cwd=settings.BASE_DIR, env=env, check=True, stdout=subprocess.PIPE,
    )  # fmt: skip
    command = [sys.executable, "-m", "gunicorn", *gunicorn_options("127.0.0.1", port)]
    server = subprocess.Popen(command, cwd=settings.BASE_DIR, env=env)
    try:
        site = LiveSite(port, env, json.loads(made.stdout))
        _wait_for(site)
        yield site
    finally:
        server.terminate()
        server.wait()


def _wait_for(site: LiveSite) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            assert site.front_page() == 200
        except OSError:
            assert time.monotonic() < deadline, "it did not start"
            time.sleep(0.1)
        else:
            return
