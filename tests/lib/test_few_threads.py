"""Slow clients hold threads of the server, and none of those that run Django."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from django.conf import settings

from bachtest.lib.serving.few_threads import MAX_BODY
from bachtest.lib.serving.patient_worker import DJANGO_THREADS
from benchmarks.slow_clients import Crowd, body_drips, half_a_head, reads_nothing, reads_slowly
from generator.management.site_processes import gunicorn_options, unused_port

# Without threads of their own they would wait until the first slow clients are cut off.
PATIENCE = 10.0
START_SECONDS = 60.0


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    port = unused_port()
    _, *options = gunicorn_options("127.0.0.1", port)
    command = [sys.executable, "-m", "gunicorn", "tests.lib.tiny_application", *options]
    with subprocess.Popen(command, cwd=settings.BASE_DIR) as server:
        try:
            wait_for(port)
            yield port
        finally:
            server.kill()


def wait_for(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            assert time.monotonic() < deadline, "it did not start"
            time.sleep(0.05)


def ask(port: int, method: str = "GET", path: str = "/thread", body: bytes = b"") -> bytes:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as line:
        line.request(method, path, body)
        return line.getresponse().read()


@pytest.mark.parametrize("way", [half_a_head, body_drips, reads_slowly, reads_nothing])
def test_others_are_served_while_slow_clients_hang(port, way):
    with Crowd(port, [way], 3 * DJANGO_THREADS) as crowd:
        while not crowd.everybody_hangs():
            time.sleep(0.05)
        assert [ask(port)[:6] for _ in range(3)] == [b"django"] * 3


def test_a_few_threads_answer_everybody(port):
    with ThreadPoolExecutor(3 * DJANGO_THREADS) as clients:
        names = set(clients.map(lambda _: ask(port), range(100)))
    assert 1 <= len(names) <= DJANGO_THREADS


@pytest.mark.parametrize("size", [1, MAX_BODY, 3 * MAX_BODY])
def test_a_body_comes_as_it_was_sent(port, size):
    body = bytes(range(256)) * (size // 256) + b"a" * (size % 256)
    assert ask(port, "POST", "/", body) == body


def test_a_request_that_ends_before_its_body_is_not_passed_on(port):
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as line:
        line.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
        line.shutdown(socket.SHUT_WR)
        assert line.recv(12) == b"HTTP/1.1 408"
