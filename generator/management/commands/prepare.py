from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Database, corpus and composers, each only where it is not up to date."

    def handle(self, **options: Any) -> None:
        call_command("migrate", verbosity=0)
        # What is in the corpus is told once, when it is built.
        is_built = settings.CORPUS_FILE.is_file()
        call_command("import_corpus", verbosity=0 if is_built else 1)
        call_command("install_composers")
