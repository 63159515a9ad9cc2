from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from bachtest.game.exposures import recount
from bachtest.studies.models import Study


class Command(BaseCommand):
    help = "Count again, from the rows, how often each pair of each study was drawn and answered."

    def handle(self, **options: Any) -> None:
        for study in Study.objects.order_by("slug"):
            wrong = recount(study)
            self.stdout.write(f"{study.slug}: {wrong} pair{'' if wrong == 1 else 's'} corrected")
