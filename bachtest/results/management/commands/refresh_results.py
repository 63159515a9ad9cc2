from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from bachtest.results.counts import tallies
from bachtest.results.fit.refit import analyse
from bachtest.studies.models import Study


class Command(BaseCommand):
    help = "Brings a study's results up to date now: counts merged, the mixed model fitted."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", nargs="?", default="quiz", help="the study; quiz, by default")
        parser.add_argument(
            "--rebuild", action="store_true", help="count every answer anew; new ones wait"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        slug = options["slug"]
        study = Study.objects.filter(slug=slug).first()
        if study is None:
            known = ", ".join(Study.objects.order_by("slug").values_list("slug", flat=True))
            raise CommandError(f"no study {slug!r}; there is {known or 'none yet'}")
        if options["rebuild"]:
            self.stdout.write(f"{tallies.rebuild(study)} cells counted anew")
        else:
            tallies.ensure_counted(study)
            self.stdout.write(f"{tallies.merge(study)} changes merged")
        made = analyse(study)
        said = made.findings.get("refused") or made.findings["method"]
        self.stdout.write(f"{made.answers} answers, {made.seconds:.1f} s: {said}")
