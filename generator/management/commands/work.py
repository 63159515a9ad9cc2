from __future__ import annotations

import logging
import os
import sys
import time
from argparse import ArgumentParser
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils.crypto import get_random_string
from django_tasks import task_backends
from django_tasks_db import DatabaseBackend
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult

from generator.checks import installation_problems
from generator.tasks import enqueue_forgotten, recover_pieces

logger = logging.getLogger(__name__)

# Pages come first where worker and web server share a machine.
NICENESS = 5
PRUNE_SECONDS = 24 * 3600


class PieceWorker(Worker):
    """django-tasks-db's worker; between tasks it also looks after the pieces of dead ones."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.next_round = 0.0
        self.next_prune = 0.0

    def shutdown(self, signum: int, frame: FrameType | None) -> None:
        # Ctrl-C reaches the worker twice, from the terminal and from `serve`: both are polite.
        self.running = False
        if not self.running_task:
            sys.exit(0)

    def look_after(self) -> None:
        if time.monotonic() < self.next_round:
            return
        self.next_round = time.monotonic() + settings.LEASE_SECONDS / 4
        if recovered := recover_pieces():
            logger.warning("%d pieces of dead workers queued again", recovered)
        if not DBTaskResult.objects.ready().exists():
            enqueue_forgotten()
        self.prune()

    def prune(self) -> None:
        """Once a day: tasks that ended two weeks ago. What came of them stands in the piece."""
        if time.monotonic() < self.next_prune:
            return
        self.next_prune = time.monotonic() + PRUNE_SECONDS
        call_command("prune_db_task_results", queue_name="*", verbosity=0)

    def run_task(self, db_task_result: DBTaskResult[Any, Any]) -> None:
        super().run_task(db_task_result)
        self.look_after()


class Command(BaseCommand):
    help = "Make the pieces in the queue until stopped; SIGTERM lets the current one finish."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--batch", action="store_true", help="stop when the queue is empty")
        parser.add_argument("--interval", type=float, default=1.0, help="seconds between looks")

    def handle(self, **options: Any) -> None:
        if not isinstance(task_backends["default"], DatabaseBackend):
            raise CommandError(
                f"the queue is {settings.TASKS['default']['BACKEND']}, which has its own worker; "
                "unset TASKS_BACKEND to use the database"
            )
        if problems := installation_problems():
            raise CommandError(problems[0])
        worker = PieceWorker(
            queue_names=["*"],
            interval=options["interval"],
            batch=True,
            backend_name="default",
            startup_delay=False,
            max_tasks=None,
            worker_id=get_random_string(32),
            excluded_queue_names=[],
        )
        worker.configure_signals()
        os.nice(NICENESS)
        logger.info("worker started")
        while worker.running:
            worker.look_after()
            worker.run()
            if options["batch"]:
                return
            if worker.running:
                time.sleep(worker.interval)
