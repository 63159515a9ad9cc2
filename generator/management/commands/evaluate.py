from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandError

from generator.errors import GeneratorError
from generator.evaluation.bach_reference import BachReference
from generator.evaluation.folds import bach_folds, load_folds
from generator.evaluation.report import EvaluationSettings, Fold, evaluate
from generator.evaluation.test_set import load_test_set
from generator.families.base import checked_temperature
from generator.management.fill_command import FillCommand, fill_settings
from generator.music.grid.conditions import QUIZ_CONDITIONS, checked_condition
from generator.services.composers import BACH, find_source
from generator.training.splits import load_split


class Command(FillCommand):
    help = "Print a composer's objective scores on held-out works, with Bach's own beside them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--composer", required=True, help="slug, such as flagship")
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
            help="any, such as NEXT,GAP; default: %(default)s",
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
            folds = _folds(
                options["composer"], options["split"], options["part"], fill_settings(options)
            )
            scores = []
            for score in evaluate(folds, settings):
                scores.append(score)
                if not options["json"]:
                    self.stdout.write(str(score))
        except (GeneratorError, ValueError) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            report = {
                "composer": options["composer"],
                "split": options["split"],
                "part": options["part"],
                "works": sum(len(fold.test_set.works) for fold in folds),
                "seed": settings.seed,
                "sampling": folds[0].composer.settings,
                "scores": [score.as_json() for score in scores],
            }
            self.stdout.write(json.dumps(report, indent=1))


def _evaluation_settings(options: Mapping[str, Any]) -> EvaluationSettings:
    try:
        conditions = [checked_condition(name) for name in options["conditions"].split(",")]
        checked_temperature(options["temperature"])
    except ValueError as error:
        raise CommandError(str(error)) from error
    if options["features"] < 0:
        raise CommandError(f"--features {options['features']}; use 0 or more")
    return EvaluationSettings(
        conditions=conditions,
        seed=options["seed"],
        temperature=options["temperature"],
        with_fills=not options["no_fills"],
        features=options["features"],
        progress=not options["json"] and sys.stderr.isatty(),
    )


def _folds(slug: str, split: str, part: str, settings: Mapping[str, str]) -> list[Fold]:
    """All members on their folds; or the first member, or Bach, on a part of another split."""
    if split == "folds" and part != "test":
        raise CommandError(f"--part {part}: with --split folds every work is a test work")
    if slug == BACH:
        if settings:
            raise CommandError("composer 'bach' has no settings; leave out --settings")
        if split == "folds":
            return bach_folds()
        trained_on = load_split(split)["train"].names  # what any other composer has learnt from
        return [Fold(BachReference(), load_test_set(split, part, trained_on))]
    source = find_source(slug, settings)
    if split == "folds":
        return load_folds(source.load(), source.members)
    return [Fold(source.member(0), load_test_set(split, part, source.trained_on(0)))]
