from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Database, corpus and composers, each only where it is not up to date."

    def handle(self, **options: Any) -> None:
        call_command("migrate", verbosity=0)
        call_command("import_corpus")
        call_command("install_composers")
