from __future__ import annotations

import signal
import subprocess
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from generator.checks import installation_problems
from generator.errors import GeneratorError
from generator.management.progress import order_each, wait_for_first_game
from generator.management.site_processes import (
    check_port,
    gunicorn_options,
    start,
    stop,
    wait_until_one_stops,
    wait_until_reachable,
)
from generator.services.pool import missing_for_game, missing_for_starter
from generator.services.site_registry import site_registry

LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Command(BaseCommand):
    help = "Run a worker and the web server together, as soon as there are pairs for a game."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, **options: Any) -> None:
        host, port = options["host"], options["port"]
        if settings.IS_KEY_KNOWN and host not in LOOPBACK:
            raise CommandError(
                f"--host {host}: other machines can reach the site there, and SECRET_KEY is not "
                "set, so that anybody could forge cookies; set SECRET_KEY (docs/settings.md)"
            )
        if problems := installation_problems():
            raise CommandError(problems[0])
        check_port(host, port)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        running: list[subprocess.Popen[bytes]] = []
        starters = list(site_registry().starters)
        try:
            for slug in starters[:1]:
                order_each(slug, missing_for_game(slug, count_pending=True))
            running.append(start("manage.py", "work"))
            for slug in starters[:1]:
                if missing_for_game(slug, count_pending=False):
                    wait_for_first_game(slug, running[0])
            running.append(start("-m", "gunicorn", *gunicorn_options(host, port)))
            wait_until_reachable(running[1], host, port)
            self.stdout.write(f"Bach or bot? is at http://{host}:{port} (Ctrl-C stops it)")
            self.stdout.flush()
            for slug in starters:
                self._order(slug)
            wait_until_one_stops(running)
        except KeyboardInterrupt:
            self.stdout.write("stopping")
        except GeneratorError as error:
            raise CommandError(str(error)) from error
        finally:
            stop(running)

    def _order(self, slug: str) -> None:
        """Order a composer's pairs; one of another package may not be able to write."""
        try:
            order_each(slug, missing_for_starter(slug))
        except GeneratorError as error:
            self.stderr.write(f"warning: no pieces by {slug}: {error}")
