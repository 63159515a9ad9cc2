from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandError

from generator.errors import GeneratorError
from generator.evaluation.report import Score, StageProgress
from generator.management.evaluate_options import (
    add_evaluate_options,
    check_card_options,
    evaluation_settings,
)
from generator.management.evaluated_composer import evaluated
from generator.management.fill_command import FillCommand
from generator.management.progress import stage_progress
from generator.management.score_card import redraw_score_card, write_score_card
from generator.management.score_report import score_report


class Command(FillCommand):
    help = "Print a composer's objective scores on held-out works, with Bach's own beside them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_evaluate_options(parser)

    def handle(self, **options: Any) -> None:
        try:
            progress = stage_progress(shown=not options["json"] and sys.stderr.isatty())
            if options["card"]:
                self._write_card(options, progress)
            else:
                self._evaluate(options, progress)
        except (GeneratorError, ValueError) as error:
            raise CommandError(str(error)) from error

    def _write_card(self, options: Mapping[str, Any], progress: StageProgress) -> None:
        check_card_options(options)
        slug = options["card"]
        redraw = options["redraw"]
        paths = (
            redraw_score_card(slug) if redraw else write_score_card(slug, options["seed"], progress)
        )
        for path in paths:
            self.stdout.write(f"wrote {path}")

    def _evaluate(self, options: Mapping[str, Any], progress: StageProgress) -> None:
        settings = evaluation_settings(options)
        slug, split, part = options["composer"], options["split"], options["part"]
        found = evaluated(slug, split, part, settings, progress)
        scores: list[Score] = []
        for score in found.scores:
            scores.append(score)
            if not options["json"]:
                self.stdout.write(str(score))
        if options["json"]:
            report = score_report(
                slug,
                split,
                part,
                found,
                scores,
                seed=settings.seed,
                budget_steps=options["budget_steps"],
            )
            self.stdout.write(json.dumps(report, indent=1))
