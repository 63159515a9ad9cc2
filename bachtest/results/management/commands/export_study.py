from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from bachtest.lib.errors import AppError
from bachtest.results.export.write_study_folder import export_study
from bachtest.studies.models import Study


class Command(BaseCommand):
    help = "Write a study to a folder of tables that `python -m bachtest.stats` reads."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="the study, such as quiz")
        parser.add_argument("--out", type=Path, required=True, help="a new or empty folder")

    def handle(self, *args: Any, **options: Any) -> None:
        slug, out = options["slug"], options["out"]
        study = Study.objects.filter(slug=slug).first()
        if study is None:
            known = ", ".join(Study.objects.order_by("slug").values_list("slug", flat=True))
            raise CommandError(f"no study {slug!r}; there is {known or 'none yet'}")
        try:
            sheets = export_study(study, out)
        except AppError as error:
            raise CommandError(error.message) from None
        sizes = ", ".join(f"{len(sheet.rows)} {sheet.name}" for sheet in sheets)
        self.stdout.write(f"{out}: {sizes}")
