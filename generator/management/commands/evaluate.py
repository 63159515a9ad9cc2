from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandError

from generator.errors import GeneratorError
from generator.evaluation.report import EvaluationSettings
from generator.evaluation.scores import MissingScore, ObjectiveScore
from generator.management.evaluated_composer import evaluated
from generator.management.fill_command import FillCommand, fill_budget, fill_settings
from generator.management.progress import stage_progress
from generator.music.grid.conditions import QUIZ_CONDITIONS, checked_condition


class Command(FillCommand):
    help = "Print a composer's objective scores on held-out works, with Bach's own beside them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--composer", required=True, help="slug, such as markov")
        parser.add_argument(
            "--split",
            default="tunes",
            choices=("tunes", "jsb", "folds"),
            help="folds: all works, each by the member of the composer that never saw it",
        )
        parser.add_argument("--part", default="test", choices=("train", "valid", "test"))
        parser.add_argument(
            "--conditions",
            default=",".join(QUIZ_CONDITIONS),
            help="any, such as NEXT,GAP; default: %(default)s; of a collection all that it has",
        )
        parser.add_argument(
            "--seed", type=int, default=1, help="seed of the first fill; each further fill adds 1"
        )
        parser.add_argument(
            "--no-fills", action="store_true", help="only likelihoods and one-shot accuracy"
        )
        parser.add_argument(
            "--features",
            type=int,
            default=5,
            metavar="N",
            help="how many of the features that give the composer away to list for each condition",
        )
        parser.add_argument("--json", action="store_true", help="one JSON object, no progress bar")

    def handle(self, **options: Any) -> None:
        settings = _evaluation_settings(options)
        try:
            progress = stage_progress(shown=not options["json"] and sys.stderr.isatty())
            found = evaluated(
                options["composer"], options["split"], options["part"], settings, progress
            )
            scores: list[ObjectiveScore] = []
            missing: list[MissingScore] = []
            for score in found.scores:
                if isinstance(score, MissingScore):
                    missing.append(score)
                else:
                    scores.append(score)
                if not options["json"]:
                    self.stdout.write(str(score))
        except (GeneratorError, ValueError) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            report = {
                "composer": options["composer"],
                "sha256": found.sha256,
                "split": options["split"],
                "part": options["part"],
                "works": found.works,
                "seed": settings.seed,
                "sampling": found.sampling,
                "budget_steps": options["budget_steps"],
                "scores": [score.as_json() for score in scores],
                "missing": [score.as_json() for score in missing],
            }
            self.stdout.write(json.dumps(report, indent=1))


def _evaluation_settings(options: Mapping[str, Any]) -> EvaluationSettings:
    try:
        conditions = tuple(checked_condition(name) for name in options["conditions"].split(","))
    except ValueError as error:
        raise CommandError(str(error)) from error
    if options["features"] < 0:
        raise CommandError(f"--features {options['features']}; use 0 or more")
    return EvaluationSettings(
        conditions=conditions,
        seed=options["seed"],
        fill_settings=fill_settings(options),
        budget=fill_budget(options),
        with_fills=not options["no_fills"],
        features=options["features"],
    )
