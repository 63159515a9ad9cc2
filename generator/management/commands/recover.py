from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from generator.tasks import recover


class Command(BaseCommand):
    help = "Take up what dead workers and lost tasks left; workers do so too, between two jobs."

    def handle(self, **options: Any) -> None:
        for what, count in recover().items():
            self.stdout.write(f"{what}: {count}")
