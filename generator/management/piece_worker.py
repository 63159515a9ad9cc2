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

from generator.services.outages import Backoff, outage_behind, stopping
from generator.services.pieces import making
from generator.tasks import recovery_timer, use_quiet_time

logger = logging.getLogger(__name__)

# Pages come first where worker and web server share a machine.
NICENESS = 5
PRUNE_SECONDS = 24 * 3600


class PieceWorker(Worker):
    """django-tasks-db's worker; it outlives outages; while idle it recovers, prunes and orders."""

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
        self.next_prune = 0.0
        self.next_order = 0.0
        self.backoff = Backoff("looking for work")

    def work(self, *, until_empty: bool) -> None:
        """Make pieces until stopped, or until the queue is empty."""
        self.configure_signals()
        os.nice(NICENESS)
        logger.info("worker started")
        while self.running:
            try:
                recovery_timer.recover_when_due()
                self.prune()
                self.run()
                if not until_empty:
                    self.order_more()
            except Exception as error:
                outage = outage_behind(error)
                if outage is None:
                    raise
                self.backoff.failed(outage)
                recovery_timer.postpone()
                self.backoff.wait()
                continue
            self.backoff.worked()
            if until_empty:
                return
            if self.running:
                time.sleep(self.interval)

    def shutdown(self, signum: int, frame: FrameType | None) -> None:
        # Ctrl-C reaches the worker twice, from the terminal and from `serve`: both let it finish.
        self.running = False
        stopping.set()
        if not self.running_task:
            sys.exit(0)

    def prune(self) -> None:
        """Once a day, delete tasks that ended two weeks ago; the pieces hold their results."""
        if time.monotonic() < self.next_prune:
            return
        self.next_prune = time.monotonic() + PRUNE_SECONDS
        call_command("prune_db_task_results", queue_name="*", verbosity=0)

    def order_more(self) -> None:
        """Use quiet time; where there was nothing to do, look again after a lease."""
        if not self.running or time.monotonic() < self.next_order:
            return
        counts = use_quiet_time()
        for what, count in counts.items():
            if count:
                logger.info("%s: %d", what, count)
        if counts and not any(counts.values()):
            self.next_order = time.monotonic() + settings.LEASE_SECONDS

    def run_task(self, db_task_result: DBTaskResult[Any, Any]) -> None:
        super().run_task(db_task_result)
        making.wait()
