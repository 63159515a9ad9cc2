from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from generator.services.install_shipped import install_shipped


class Command(BaseCommand):
    help = "Create rows for Bach and the composers that come with the code; safe to repeat."

    def handle(self, **options: Any) -> None:
        done = install_shipped()
        self.stdout.write("composers: " + ", ".join(composer.slug for composer in done.composers))
        if done.failures:
            raise CommandError("not installed: " + "; ".join(done.failures))
