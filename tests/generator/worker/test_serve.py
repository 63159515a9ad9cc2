"""The two processes of `make run`, really started for a small site."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from generator.management.site_processes import check_port
from tests.databases import new_database

PATIENCE = 180  # of a machine that has other things to do
ROWS = """
import django; django.setup()
from django.core.management import call_command
from django.db import transaction
from generator.models import Composer
from generator.music.corpus.works import load_corpus
from generator.music.corpus.splits import tunes_split
from generator.services.pool import FIRST_GAME
from tests.builders import make_excerpt, make_pair, make_work
from django.conf import settings
call_command("install_composers", verbosity=0)
corpus = load_corpus(settings.CORPUS_FILE)
with transaction.atomic():
    for part, works in tunes_split(corpus).items():
        for bwv in works:
            make_work(bwv, corpus.works[bwv].tune, part)
tunes = {corpus.works[bwv].tune: bwv for bwv in tunes_split(corpus)["test"]}
flagship = Composer.objects.get(slug="flagship")
from generator.models import Work
for condition, bwv in zip(FIRST_GAME, tunes.values()):
    make_pair(condition, flagship, excerpt=make_excerpt(Work.objects.get(bwv=bwv)))
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_taken_port_is_named_with_the_way_out():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CommandError, match=rf"127\.0\.0\.1:{port} .*make run PORT="):
            check_port("127.0.0.1", port)


@pytest.mark.parametrize("port", [70_000, -1])
def test_an_impossible_port_is_named(port):
    with pytest.raises(CommandError, match=f":{port} "):
        check_port("127.0.0.1", port)


@pytest.fixture
def site(tmp_path: Path, corpus: object) -> dict[str, str]:
    (tmp_path / "corpus.npz").symlink_to(settings.CORPUS_FILE)
    environment = {
        **os.environ,
        **new_database(tmp_path),
        "DJANGO_SETTINGS_MODULE": "bachtest.settings",
    }
    environment.pop("TASKS_BACKEND", None)
    command = [sys.executable, "-c", ROWS]
    subprocess.run(command, env=environment, cwd=settings.BASE_DIR, check=True)
    return environment


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.slow
def test_it_serves_at_once_if_there_is_a_game_and_stops_both(site):
    port = free_port()
    command = [sys.executable, "manage.py", "serve", "--port", str(port)]
    with subprocess.Popen(
        command, env=site, cwd=settings.BASE_DIR, stdout=subprocess.PIPE, text=True
    ) as serve:
        try:
            assert serve.stdout
            assert f"http://127.0.0.1:{port}" in serve.stdout.readline()
            with urlopen(f"http://127.0.0.1:{port}/") as page:
                assert page.status == 200
            worker_and_server = children_of(serve.pid)
            assert len(worker_and_server) == 2
            serve.send_signal(signal.SIGTERM)
            assert serve.wait(timeout=PATIENCE) == 0
        finally:
            serve.kill()
    time.sleep(0.1)
    assert not [pid for pid in worker_and_server if Path(f"/proc/{pid}").exists()]


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.7", "::"])
def test_a_site_with_the_known_key_is_not_opened_to_other_machines(host, settings):
    settings.IS_KEY_KNOWN = True
    with pytest.raises(CommandError, match=f"--host {host}: .* set SECRET_KEY"):
        call_command("serve", host=host)
