"""The server that the tests start leaves nothing behind, however they end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from tests import conftest
from tests.postgres import NAME_VARIABLE, NoServerError, programs

COMMAND = "echo $DATABASE_URL; exec sleep 600"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_server_is_stopped_and_deleted_when_the_tests_are(number):
    beside = subprocess.Popen(
        [sys.executable, "-m", "tests.postgres", "sh", "-c", COMMAND],
        cwd=settings.BASE_DIR,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert "PostgreSQL" in beside.stdout.readline()
        folder = Path(beside.stdout.readline().strip().partition("host=")[2])
        server = int((folder / "data/postmaster.pid").read_text().split()[0])
        # Ctrl-C reaches every process of the terminal's group.
        (os.killpg if number == signal.SIGINT else os.kill)(beside.pid, number)
        assert beside.wait(timeout=60) != 0
    finally:
        beside.kill()
        beside.stdout.close()
    assert not folder.exists()
    assert not Path(f"/proc/{server}").exists()


def test_a_server_that_is_not_there_is_an_error_and_passes_no_test_over():
    with pytest.raises(NoServerError, match=r"POSTGRES='mysql'; use debian or pgserver"):
        programs({"POSTGRES": "mysql"})
    environment = os.environ | {"POSTGRES": "mysql"}
    command = [sys.executable, "-m", "tests.postgres", "true"]
    done = subprocess.run(
        command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr.startswith("the tests cannot run on PostgreSQL: POSTGRES='mysql'")


@pytest.mark.parametrize("name", ["DATABASE_URL", "DATABASE_URL_FILE"])
def test_tests_refuse_a_database_that_is_not_theirs(monkeypatch, name):
    monkeypatch.setenv(name, "postgres:///mine")
    monkeypatch.delenv(NAME_VARIABLE, raising=False)
    with pytest.raises(pytest.exit.Exception, match=f"{name} is set; unset it, or use: "):
        conftest.pytest_configure()
