from __future__ import annotations

import signal
import subprocess
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from generator.checks import installation_problems
from generator.errors import GeneratorError
from generator.management.processes import (
    check_port,
    gunicorn_options,
    start,
    stop,
    wait_for_one,
    wait_for_port,
)
from generator.models import Piece
from generator.services.composers import find_composer
from generator.services.pool import GAME, STARTER, lacking_for_game, lacking_for_starter
from generator.tasks import order_pieces

FIRST = "flagship"
POLL_SECONDS = 0.5
# A pair that is set aside is replaced; more often than this, something is wrong with all of them.
MAX_ORDERS = 5


class Command(BaseCommand):
    help = "A worker and the web server together, as soon as there are pairs for a game."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, **options: Any) -> None:
        host, port = options["host"], options["port"]
        if problems := installation_problems():
            raise CommandError(problems[0])
        check_port(host, port)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        running: list[subprocess.Popen[bytes]] = []
        try:
            order_lacking(FIRST, lacking_for_game(FIRST, coming=True))
            running.append(start("manage.py", "work"))
            if lacking_for_game(FIRST, coming=False):
                wait_for_game(running[0])
            running.append(start("-m", "gunicorn", *gunicorn_options(host, port)))
            wait_for_port(running[1], host, port)
            self.stdout.write(f"Bach or bot? is at http://{host}:{port} (Ctrl-C stops it)")
            self.stdout.flush()
            for slug in STARTER:
                order_lacking(slug, lacking_for_starter(slug))
            wait_for_one(running)
        except KeyboardInterrupt:
            self.stdout.write("stopping")
        except GeneratorError as error:
            raise CommandError(str(error)) from error
        finally:
            stop(running)


def order_lacking(slug: str, conditions: list[str]) -> None:
    composer = find_composer(slug)
    for condition in conditions:
        order_pieces(composer, condition, 1)


def wait_for_game(worker: subprocess.Popen[bytes]) -> None:
    orders = 0
    with tqdm(total=len(GAME), desc="Pairs for a first game", unit=" pairs") as bar:
        while lacking := lacking_for_game(FIRST, coming=False):
            bar.update(len(GAME) - len(lacking) - bar.n)
            if worker.poll() is not None:
                raise CommandError("the worker stopped; its last words are above")
            if again := lacking_for_game(FIRST, coming=True):
                orders += 1
                if orders > MAX_ORDERS:
                    raise CommandError(f"no pairs for a game: {last_error()}")
                order_lacking(FIRST, again)
            time.sleep(POLL_SECONDS)
        bar.update(len(GAME) - bar.n)


def last_error() -> str:
    failed = Piece.objects.filter(status=Piece.Status.FAILED).order_by("-id").first()
    return failed.error if failed else "all were set aside; the admin pages say why"
