"""What the logs contain: every bug, and no address."""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
import time

import pytest
from django.conf import settings

from generator.management.site_processes import gunicorn_options

PATIENCE = 60


@pytest.mark.parametrize("name", ["django.request", "bachtest.game.clips", "generator.tasks"])
def test_what_breaks_is_written_to_standard_error(name):
    logger: logging.Logger | None = logging.getLogger(name)
    reached = []
    while logger:
        reached += [handler.name for handler in logger.handlers]
        logger = logger.parent if logger.propagate else None
    assert "stderr" in reached


def test_the_server_logs_no_address_when_a_client_sends_nonsense(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = os.environ | {"VAR_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "bachtest.settings"}
    command = [sys.executable, "-m", "gunicorn", *gunicorn_options("0.0.0.0", port)]
    with subprocess.Popen(
        command, cwd=settings.BASE_DIR, env=env, stderr=subprocess.PIPE, text=True
    ) as server:
        try:
            assert b"400" in answer_to(port, b"no method and no path\r\n\r\n")
        finally:
            server.terminate()
        _, written = server.communicate(timeout=PATIENCE)
    assert "127.0.0.1" not in written


def answer_to(port: int, request: bytes) -> bytes:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
                connection.sendall(request)
                return connection.recv(4096)
        except ConnectionRefusedError:
            assert time.monotonic() < deadline
            time.sleep(0.1)
