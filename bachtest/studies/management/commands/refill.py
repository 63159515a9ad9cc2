from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from bachtest.studies.refilling import why_not
from generator.tasks import use_quiet_time


class Command(BaseCommand):
    help = "Order a few pairs that open studies lack, if nothing waits; workers do so unasked."

    def handle(self, **options: Any) -> None:
        reason = why_not()
        counts = use_quiet_time()  # which has more to do than ordering
        if reason:
            self.stdout.write(f"nothing is ordered: {reason}")
            return
        if not counts:
            self.stdout.write("nothing is ordered: pieces or other jobs wait in the queue")
        for what, count in counts.items():
            self.stdout.write(f"{what}: {count}")
