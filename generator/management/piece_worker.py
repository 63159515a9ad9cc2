from __future__ import annotations

import logging
import os
import sys
import time
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.utils.crypto import get_random_string
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult

from generator.tasks import enqueue_forgotten, recover_pieces

logger = logging.getLogger(__name__)

# Pages come first where worker and web server share a machine.
NICENESS = 5
PRUNE_SECONDS = 24 * 3600


class PieceWorker(Worker):
    """django-tasks-db's worker.

    Between tasks it also recovers the pieces of dead workers, and deletes old tasks.
    """

    def __init__(self, *, interval: float) -> None:
        super().__init__(
            queue_names=["*"],
            interval=interval,
            batch=True,
            backend_name="default",
            startup_delay=False,
            max_tasks=None,
            worker_id=get_random_string(32),
            excluded_queue_names=[],
        )
        self.next_recovery = 0.0
        self.next_prune = 0.0

    def work(self, *, until_empty: bool) -> None:
        """Make pieces until stopped, or until the queue is empty."""
        self.configure_signals()
        os.nice(NICENESS)
        logger.info("worker started")
        while self.running:
            self.recover_and_prune()
            self.run()
            if until_empty:
                return
            if self.running:
                time.sleep(self.interval)

    def shutdown(self, signum: int, frame: FrameType | None) -> None:
        # Ctrl-C reaches the worker twice, from the terminal and from `serve`: both let it finish.
        self.running = False
        if not self.running_task:
            sys.exit(0)

    def recover_and_prune(self) -> None:
        if time.monotonic() < self.next_recovery:
            return
        self.next_recovery = time.monotonic() + settings.LEASE_SECONDS / 4
        if recovered := recover_pieces():
            logger.warning("%d pieces of dead workers queued again", recovered)
        if not DBTaskResult.objects.ready().exists():
            enqueue_forgotten()
        self.prune()

    def prune(self) -> None:
        """Once a day, delete tasks that ended two weeks ago; the pieces hold their results."""
        if time.monotonic() < self.next_prune:
            return
        self.next_prune = time.monotonic() + PRUNE_SECONDS
        call_command("prune_db_task_results", queue_name="*", verbosity=0)

    def run_task(self, db_task_result: DBTaskResult[Any, Any]) -> None:
        super().run_task(db_task_result)
        self.recover_and_prune()
