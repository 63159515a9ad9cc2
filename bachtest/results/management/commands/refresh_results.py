from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from bachtest.results.counts import tallies
from bachtest.results.fit.refit import refit
from bachtest.results.fit.stored_fit import StoredFit
from bachtest.stats.rates.result import counted
from bachtest.studies.models import Study


class Command(BaseCommand):
    help = "Bring a study's results up to date now: merge the counts and fit the mixed model."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", nargs="?", default="quiz", help="the study; default: quiz")
        parser.add_argument(
            "--rebuild", action="store_true", help="count every answer again; new ones wait"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        slug = options["slug"]
        study = Study.objects.filter(slug=slug).first()
        if study is None:
            known = ", ".join(Study.objects.order_by("slug").values_list("slug", flat=True))
            raise CommandError(f"no study {slug!r}; there is {known or 'none yet'}")
        if options["rebuild"]:
            self.stdout.write(f"{tallies.rebuild(study)} cells counted again")
        else:
            tallies.ensure_counted(study)
            self.stdout.write(f"{tallies.merge(study)} changes merged")
        analysis = refit(study)
        fit = StoredFit.from_json(analysis.fit)
        outcome = fit.model.method if fit.model else fit.refused
        self.stdout.write(
            f"{counted(analysis.answers, 'answer')}, {analysis.seconds:.1f} s: {outcome}"
        )
