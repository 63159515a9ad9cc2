from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django_tasks import task_backends
from django_tasks_db import DatabaseBackend

from generator.checks import installation_problems
from generator.management.database_upgrade import pending_migrations
from generator.management.piece_worker import PieceWorker


class Command(BaseCommand):
    help = "Make the pieces in the queue until stopped; SIGTERM lets the current piece finish."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--batch", action="store_true", help="stop when the queue is empty")
        parser.add_argument(
            "--interval", type=float, default=1.0, help="seconds between checks of the queue"
        )

    def handle(self, **options: Any) -> None:
        if not isinstance(task_backends["default"], DatabaseBackend):
            raise CommandError(
                f"the queue is {settings.TASKS['default']['BACKEND']}, which has its own worker; "
                "unset TASKS_BACKEND to use the database"
            )
        if problems := installation_problems():
            raise CommandError(problems[0])
        # A supervisor may start it again while tables change.
        if pending_migrations():
            raise CommandError("the database is not up to date; run manage.py prepare")
        PieceWorker(interval=options["interval"]).work(until_empty=options["batch"])
